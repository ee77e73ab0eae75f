# SPDX-License-Identifier: Apache-2.0
"""AWS IAM authentication (MONGODB-AWS) in front of a server that has none, as Atlas has it.

The signature is checked by a SigV4 of this file's own: neither the program's nor libmongoc's.
"""

import base64
import hashlib
import hmac
import re
import secrets
import struct

import bson
from tcp_proxy import TcpProxy

HOST = "sts.us-west-2.amazonaws.com"
BODY = b"Action=GetCallerIdentity&Version=2011-06-15"
OP_MSG = 2013
GREETINGS = (b"isMaster\0", b"ismaster\0", b"hello\0")


class IamProxy(TcpProxy):
    """Lets those through whose keys are in `known`, a dict of fake_aws.Keys by id. `logins` has the ids that came, in order;
    of those that were refused with a `!` in front."""

    def __init__(self, target, known):
        super().__init__(target)
        self._known = known
        self._nonces = {}  # of conversations, by their sockets
        self._users = set()  # sockets
        self.logins = []

    @property
    def uri(self):
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true&authMechanism=MONGODB-AWS&authSource=%24external"

    def _request(self, message, source, target, caught):
        if source in self._users or any(name in message[:64] for name in GREETINGS):
            return super()._request(message, source, target, caught)
        command = bson.plain(bson.read_document(message[21:]))
        if "saslStart" in command:
            return self._answer(message, source, self._begin(command, source))
        if "saslContinue" in command:
            return self._answer(message, source, self._judge(command, source))
        return self._answer(message, source, {"ok": 0, "code": 13, "errmsg": "command requires authentication"})

    def _begin(self, command, source):
        assert (command["mechanism"], command["$db"]) == ("MONGODB-AWS", "$external"), command
        said = bson.plain(bson.read_document(command["payload"]))
        assert len(said["r"]) == 32 and said["p"] == ord("n"), said
        self._nonces[source] = said["r"] + secrets.token_bytes(32)
        payload = bson.write_document({"s": self._nonces[source], "h": HOST})
        return {"conversationId": 1, "done": False, "payload": payload, "ok": 1}

    def _judge(self, command, source):
        said = bson.plain(bson.read_document(command["payload"]))
        id = re.search("Credential=([^/]+)/", said["a"])[1]
        keys = self._known.get(id)
        right = keys is not None and said.get("t", "") == keys.token and said["a"] == self._signed(keys, said["d"], source)
        self.logins.append(id if right else "!" + id)
        if not right:
            return {"ok": 0, "code": 8000, "codeName": "AtlasError", "errmsg": "bad auth : aws sts call has response 403"}
        self._users.add(source)
        return {"conversationId": 1, "done": True, "payload": b"", "ok": 1}

    def _signed(self, keys, date, source):
        """The Authorization header of the request that Atlas sends to STS."""
        headers = {
            "content-length": str(len(BODY)),
            "content-type": "application/x-www-form-urlencoded",
            "host": HOST,
            "x-amz-date": date,
            **({"x-amz-security-token": keys.token} if keys.token else {}),
            "x-mongodb-gs2-cb-flag": "n",
            "x-mongodb-server-nonce": base64.b64encode(self._nonces[source]).decode(),
        }
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(BODY).hexdigest()}"
        scope = f"{date[:8]}/us-west-2/sts/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        key = b"AWS4" + keys.secret.encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        return f"AWS4-HMAC-SHA256 Credential={keys.id}/{scope}, SignedHeaders={names}, Signature={signature}"

    @staticmethod
    def _answer(message, source, document):
        (request,) = struct.unpack("<i", message[4:8])
        body = b"\0\0\0\0\0" + bson.write_document(document)
        source.sendall(struct.pack("<iiii", 16 + len(body), 1, request, OP_MSG) + body)
