# SPDX-License-Identifier: Apache-2.0
"""Those parts of AWS that credentials and secrets come from, on one loopback port: STS, Secrets Manager, SSM, the credentials
of a container, and the metadata of an EC2 instance."""

import collections
import contextlib
import datetime
import http.server
import json
import re
import threading
import time
import urllib.parse
import xml.sax.saxutils
from typing import NamedTuple

CONTAINER_TOKEN = "HUSHcontainerToken"
INSTANCE_TOKEN = "HUSHinstanceToken"
ROLE = "worker"


class Keys(NamedTuple):
    id: str
    secret: str
    token: str


class FakeAws:
    """A context manager. `known` are all pairs that were handed out, by their ids; `asked` says what was asked for, in order.

    `secrets` and `parameters` are what is kept, by name: a text, or None where it is refused.
    """

    def __init__(self):
        self.known = {}
        self.asked = []
        self.secrets = {}
        self.parameters = {}
        self.refused_roles = set()
        self.life = 3600  # of credentials, in seconds
        self.has_imds_v2 = True
        self.talks = threading.Event()  # cleared: it takes what is asked, and says nothing until it is set again
        self.talks.set()
        self._lock = threading.Lock()
        self._handed_out = collections.Counter()

    def __enter__(self):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.aws = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.talks.set()
        self._server.shutdown()
        self._server.server_close()

    def user(self, name="USER"):
        """Keys of a user, which have no token."""
        return self._keep(Keys(f"AK{name}", f"HUSH/+key={name}", ""))

    def count(self, what):
        return sum(asked.startswith(what) for asked in self.asked)

    def hand_out(self, source):
        """Keys of a role: the first of a source are AK<source>1."""
        with self._lock:
            self._handed_out[source] += 1
            name = f"{source}{self._handed_out[source]}"
        return self._keep(Keys(f"AK{name}", f"HUSH/+key={name}", f"HUSH%&=,:token<{name}>"))

    def expiration(self):
        ends = datetime.datetime.fromtimestamp(time.time() + self.life, datetime.timezone.utc)
        return ends.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ends.microsecond // 1000:03}Z"

    def _keep(self, keys):
        self.known[keys.id] = keys
        return keys


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def parse_request(self):
        parsed = super().parse_request()
        self.server.aws.talks.wait()
        return parsed

    def do_PUT(self):
        allowed = self.server.aws.has_imds_v2 and self.headers["X-aws-ec2-metadata-token-ttl-seconds"] == "21600"
        self._answer(200 if allowed else 403, INSTANCE_TOKEN if allowed else "")

    def do_GET(self):
        aws = self.server.aws
        if self.path == "/container":
            aws.asked.append("container")
            known = self.headers["Authorization"] == CONTAINER_TOKEN
            return self._credentials("CONTAINER") if known else self._answer(401, "")
        if self.headers["X-aws-ec2-metadata-token"] != (INSTANCE_TOKEN if aws.has_imds_v2 else None):
            return self._answer(401, "")
        aws.asked.append(f"instance {self.path}")
        below = self.path.removeprefix("/latest/meta-data/")
        if below == f"iam/security-credentials/{ROLE}":
            return self._credentials("INSTANCE")
        texts = {"iam/security-credentials/": ROLE, "placement/region": "eu-north-1"}
        return self._answer(200 if below in texts else 404, texts.get(below, ""))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        target = self.headers["X-Amz-Target"]
        if target is None:
            return self._sts(dict(urllib.parse.parse_qsl(body)))
        aws = self.server.aws
        name, kept = {
            "secretsmanager.GetSecretValue": ("SecretId", aws.secrets),
            "AmazonSSM.GetParameter": ("Name", aws.parameters),
        }[target]
        given = json.loads(body)[name]
        aws.asked.append(f"{target} {given} by {self._signer()}")
        text = kept.get(given)
        if text is None:
            return self._refuse_as_json(f"no {given} for {self.headers['X-Amz-Security-Token']}")
        found = {"SecretString": text} if name == "SecretId" else {"Parameter": {"Name": given, "Value": text}}
        return self._answer(200, json.dumps(found))

    def _refuse_as_json(self, why):
        """A service may repeat what it was sent."""
        return self._answer(400, json.dumps({"__type": "AccessDeniedException", "Message": why}))

    def _sts(self, form):
        aws = self.server.aws
        operation = form["Action"]
        if form["RoleArn"] in aws.refused_roles:
            why = f"<Code>AccessDenied</Code><Message>not for {self.headers['X-Amz-Security-Token']}</Message>"
            return self._answer(403, f"<ErrorResponse><Error>{why}</Error></ErrorResponse>")
        by = form["WebIdentityToken"] if operation == "AssumeRoleWithWebIdentity" else self._signer()
        aws.asked.append(f"{operation} {form['RoleArn']} {form.get('ExternalId', '-')} {form['RoleSessionName']} by {by}")
        keys = aws.hand_out("WEB" if operation == "AssumeRoleWithWebIdentity" else "ROLE")
        names = {"AccessKeyId": keys.id, "SecretAccessKey": keys.secret, "SessionToken": keys.token, "Expiration": aws.expiration()}
        inner = "".join(f"<{name}>{xml.sax.saxutils.escape(value)}</{name}>" for name, value in names.items())
        return self._answer(200, f"<{operation}Response><Credentials>{inner}</Credentials></{operation}Response>")

    def _signer(self):
        """The id of the keys that the request was signed with, and the region."""
        found = re.search(r"Credential=(\w+)/\d+/([\w-]+)/", self.headers.get("Authorization", ""))
        return f"{found[1]} in {found[2]}" if found else "nobody"

    def _credentials(self, source):
        aws = self.server.aws
        keys = aws.hand_out(source)
        expires = aws.expiration()
        document = {"Code": "Success", "AccessKeyId": keys.id, "SecretAccessKey": keys.secret, "Token": keys.token, "Expiration": expires}
        return self._answer(200, json.dumps(document))

    def _answer(self, status, text):
        with contextlib.suppress(ConnectionError):  # whoever asked may have gone
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())
