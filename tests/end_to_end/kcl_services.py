# SPDX-License-Identifier: Apache-2.0
"""What Amazon's MultiLangDaemon needs around it, by scripts/install-test-servers --kcl: Kinesis, DynamoDB, and itself."""

import base64
import hashlib
import http.client
import json
import os
import pathlib
import signal
import subprocess
import time

from long_run import Failed
from mongodb_server import SERVERS, ServerMissing, free_port

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
REGION = "us-east-1"
SECONDS_TO_START = 60
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}

# kinesis-local listens on all addresses of the machine, unless it is told to by this, loaded before it.
LOOPBACK = """const net = require('net'); const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (first, ...rest) {
  if (first !== null && typeof first === 'object') return listen.call(this, {...first, host: '127.0.0.1'}, ...rest);
  return listen.call(this, first, '127.0.0.1', ...rest.filter((each) => typeof each !== 'string'));
};
"""


class AwsFailed(Failed):
    """A service refused a call; `kind` is the name of its error."""

    def __init__(self, operation, status, body):
        super().__init__(f"{operation}: HTTP {status}: {body[:500]!r}")
        self.kind = json.loads(body or b"{}").get("__type", "") if body.startswith(b"{") else ""


class Service:
    """A server of AWS's JSON protocol that runs here, as a context manager. Nobody looks at signatures."""

    def __init__(self, name, target, version, folder):
        self.name = name
        self._target, self._version = target, version
        self._log = pathlib.Path(folder) / f"{name}.log"
        self.port = free_port()
        self._child = None

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, command, **variables):
        if not pathlib.Path(command[-1] if self.name == "kinesis" else command[0]).exists():
            raise ServerMissing(f"{self.name} is missing: run scripts/install-test-servers --kcl")
        with open(self._log, "wb") as log:
            self._child = subprocess.Popen(
                command, env={**os.environ, **variables}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            if self._child.poll() is not None or time.monotonic() > deadline:
                raise ServerMissing(f"{self.name} does not answer; it said:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.2)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._child.kill()
        self._child.wait()

    def call(self, operation, **parameters):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        credential = f"Credential=test/20260101/{REGION}/{self.name}/aws4_request"
        headers = {
            "Content-Type": f"application/x-amz-json-{self._version}",
            "X-Amz-Target": f"{self._target}.{operation}",
            "X-Amz-Date": "20260101T000000Z",
            "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host;x-amz-date, Signature=00",
        }
        connection.request("POST", "/", json.dumps(parameters), headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise AwsFailed(operation, answer.status, body)
        return json.loads(body or b"{}")

    def _answers(self):
        try:
            self.call("ListStreams" if self.name == "kinesis" else "ListTables")
            return True
        except (OSError, http.client.HTTPException):
            return False


def start_kinesis(folder):
    service = Service("kinesis", "Kinesis_20131202", "1.1", folder)
    loopback = pathlib.Path(folder) / "loopback.js"
    loopback.write_text(LOOPBACK)
    package = SERVERS / "npm" / "node_modules" / "kinesis-local"
    return service.start(
        ["node", "--require", str(loopback), str(package / "main.js")],
        KINESIS_MOCK_CERT_PATH=str(package / "server.json"),
        KINESIS_MOCK_PLAIN_PORT=str(service.port),
        KINESIS_MOCK_TLS_PORT=str(free_port()),
        KINESIS_MOCK_LOG_LEVEL="WARN",
    )


def start_dynamodb(folder):
    service = Service("dynamodb", "DynamoDB_20120810", "1.0", folder)
    return service.start([str(SERVERS / "moto" / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(service.port)])


class Daemon:
    """A MultiLangDaemon with the shipped files; `settings` come behind those of deploy/kcl/kcl.properties, and win."""

    def __init__(self, name, folder, settings, **variables):
        self.name = name
        self._log = pathlib.Path(folder) / f"daemon-{name}.log"
        self._properties = pathlib.Path(folder) / f"{name}.properties"
        shipped = (REPOSITORY / "deploy" / "kcl" / "kcl.properties").read_text()
        given = "".join(f"{key} = {value}\n" for key, value in settings.items())
        self._properties.write_text(f"{shipped}\nworkerId = {name}\n{given}")
        self._home = pathlib.Path(folder) / "dynatlas-kcl"
        if not self._home.exists():
            self._home.mkdir()
            (self._home / "lib").symlink_to(SERVERS / "kcl-daemon")
            (self._home / "logback.xml").symlink_to(REPOSITORY / "deploy" / "kcl" / "logback.xml")
        self._variables = variables
        self._child = None
        self.starts = 0

    def start(self):
        if not (SERVERS / "kcl-daemon").exists():
            raise ServerMissing("the MultiLangDaemon is missing: run scripts/install-test-servers --kcl")
        java = "-Xmx512m -Daws.cborEnabled=false"  # kinesis-local does not speak CBOR
        variables = {**CREDENTIALS, "DYNATLAS_KCL": str(self._home), "JAVA_OPTS": java, **self._variables}
        with open(self._log, "ab") as log:
            self._child = subprocess.Popen(
                [REPOSITORY / "deploy" / "kcl" / "multilang-daemon", self._properties],
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.starts += 1

    def runs(self):
        return self._child is not None and self._child.poll() is None

    def processes(self):
        """The process ids of its `dynatlas kcl`."""
        if not self.runs():
            return []
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                name, rest = stat.read_text().rsplit(")", 1)
            except (FileNotFoundError, ProcessLookupError):
                continue
            state, parent = rest.split()[:2]
            if int(parent) == self._child.pid and "(dynatlas" in name and state != "Z":
                found.append(int(stat.parent.name))
        return found

    def kill(self):
        """SIGKILL, which it cannot prepare for."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def stop(self, seconds=60):
        """SIGTERM, and its exit code."""
        self._child.send_signal(signal.SIGTERM)
        return self._child.wait(timeout=seconds)

    def log(self):
        return self._log.read_text(errors="replace")


# ---- Records as the Kinesis Producer Library packs them ----


def aggregate(key, payloads):
    """Source: amazon-kinesis-producer, aggregation-format.md."""
    records = b"".join(_field(3, b"\x08\x00" + _field(3, payload)) for payload in payloads)
    message = _field(1, key.encode()) + records
    return b"\xf3\x89\x9a\xc2" + message + hashlib.md5(message).digest()


def _field(number, data):
    """A protocol buffer's field of bytes."""
    size, prefix = len(data), bytearray([number << 3 | 2])
    while size > 0x7F:
        prefix.append(size & 0x7F | 0x80)
        size >>= 7
    prefix.append(size)
    return bytes(prefix) + data


def entry(key, data):
    """One of PutRecords."""
    return {"PartitionKey": key, "Data": base64.b64encode(data).decode()}
