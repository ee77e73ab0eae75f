# SPDX-License-Identifier: Apache-2.0
"""A stand-in for Lambda: its runtime API on a loopback port, and the `bootstrap` that asks it."""

import base64
import http.server
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time

from program import compact

STREAM = "arn:aws:kinesis:eu-west-1:111122223333:stream/cdc"
SHARD = "shardId-000000000000"
SLOWER = 10 if os.environ.get("DYNATLAS_TEST_PERCENT") else 1  # under sanitizers
PREFIX = "/2018-06-01/runtime/"


def element(number, record):
    """A bare Kinesis record, or any text, as an element of an event."""
    payload = record if isinstance(record, str) else compact(record)
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "p",
            "sequenceNumber": str(number),
            "data": base64.b64encode(payload.encode()).decode(),
            "approximateArrivalTimestamp": 1772442001.4,
        },
        "eventSource": "aws:kinesis",
        "eventID": f"{SHARD}:{number}",
        "eventName": "aws:kinesis:record",
        "eventSourceARN": STREAM,
    }


def event(*elements, **others):
    return {"Records": list(elements), **others}


class Answered:
    """How an invocation, or the start of the process, ended: `kind` is response or error."""

    def __init__(self, kind, headers, body):
        self.kind = kind
        self.type = headers.get("Lambda-Runtime-Function-Error-Type")
        self.body = json.loads(body)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        assert self.path == PREFIX + "invocation/next", self.path
        number, text, seconds = self.server.runtime.invocations.get()
        if number is None:
            self.close_connection = True
            return
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Lambda-Runtime-Aws-Request-Id", f"request-{number}")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + seconds) * 1000)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        found = re.fullmatch(PREFIX + r"(?:invocation/(request-\d+)|init)/(response|error)", self.path)
        assert found, self.path
        self.server.runtime.answers.put((found[1], Answered(found[2], self.headers, body)))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # the process was killed
            super().handle_error(request, client_address)


class LambdaRuntime:
    """Runs `bootstrap` with these variables, as a context manager."""

    def __init__(self, **variables):
        self.invocations = queue.Queue()
        self.answers = queue.Queue()
        self._variables = variables
        self._count = 0
        self._output = []

    def __enter__(self):
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.runtime = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        known = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MONGODB_", "DYNATLAS_"))}
        address = f"127.0.0.1:{self._server.server_address[1]}"
        self._child = subprocess.Popen(
            [os.environ["DYNATLAS_BOOTSTRAP"]],
            env={**known, "AWS_LAMBDA_RUNTIME_API": address, "AWS_LAMBDA_FUNCTION_NAME": "cdc", **self._variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=lambda: self._output.extend(self._child.stdout), daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_):
        self._child.kill()
        self._child.wait()
        self._reader.join()
        self._child.stdout.close()
        self.invocations.put((None, None, None))
        self._server.shutdown()
        self._server.server_close()

    def begin(self, given, seconds=30):
        """An invocation whose answer is not waited for."""
        self._count += 1
        self.invocations.put((self._count, given if isinstance(given, str) else compact(given), seconds))

    def invoke(self, given, seconds=30):
        """The answer to this event, which must come before the deadline, so many seconds from now."""
        self.begin(given, seconds)
        request, answered = self.answers.get(timeout=seconds)
        assert request == f"request-{self._count}", request
        return answered

    def start_error(self):
        """Why the process could not start, after it ended, and its exit code."""
        request, answered = self.answers.get(timeout=60)
        assert request is None, request
        return answered, self._child.wait(timeout=60)

    def terminate(self):
        """Ends it as Lambda does where the function has an extension: the exit code, which must come within half a second."""
        self._child.send_signal(signal.SIGTERM)
        return self._child.wait(timeout=0.5 * SLOWER)

    def exit_code(self):
        """Once it ended by itself."""
        return self._child.wait(timeout=60)

    def kill(self):
        self._child.kill()
        self._child.wait()

    def log(self):
        """What was printed, once the process ended: one JSON object a line."""
        self._reader.join()
        return [json.loads(line) for line in self._output]
