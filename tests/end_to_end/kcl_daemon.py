# SPDX-License-Identifier: Apache-2.0
"""A stand-in for Amazon's MultiLangDaemon: starts `dynatlas kcl`, and takes nothing that the real one would not.

Source: awslabs/amazon-kinesis-client, amazon-kinesis-client-multilang, MultiLangProtocol and the package `messages`.
"""

import base64
import json
import os
import queue
import subprocess
import tempfile
import threading

from program import compact, path

SHARD = "shardId-000000000000"
CHECKPOINT = {"action", "sequenceNumber", "subSequenceNumber"}


def record(number, payload, sub_number=0):
    """A bare Kinesis record, or any text, as a record of a message."""
    text = payload if isinstance(payload, str) else compact(payload)
    return {
        "action": "record",
        "data": base64.b64encode(text.encode()).decode(),
        "partitionKey": "p",
        "sequenceNumber": str(number),
        "subSequenceNumber": sub_number,
        "approximateArrivalTimestamp": 1772442001400,
    }


def records(*elements):
    return {"action": "processRecords", "records": list(elements), "millisBehindLatest": 0}


class Closed(Exception):
    """The process ended instead of answering."""


class ShardProcess:
    """One process for one shard, as a context manager; `config` is YAML."""

    def __init__(self, config, shard=SHARD, **variables):
        self._config = config
        self._shard = shard
        self._variables = variables
        self._lines = queue.Queue()
        self._reader = None
        self.delivered = None  # (sequence number, sub-sequence number) of the last record

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="dynatlas-kcl-")
        file = f"{self._folder.name}/dynatlas.yaml"
        with open(file, "w", encoding="utf-8") as config:
            config.write(self._config)
        self._log = f"{self._folder.name}/stderr.txt"
        known = {name: value for name, value in os.environ.items() if not name.startswith(("MONGODB_", "DYNATLAS_"))}
        with open(self._log, "wb") as log:
            self._child = subprocess.Popen(
                [path(), "kcl", "-c", file],
                env={**known, **self._variables},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_):
        self.kill()
        self._folder.cleanup()

    @property
    def process_id(self):
        return self._child.pid

    def _read(self):
        for line in self._child.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def initialize(self):
        place = {"sequenceNumber": "TRIM_HORIZON", "subSequenceNumber": 0}
        return self.call({"action": "initialize", "shardId": self._shard, **place})

    def send(self, message):
        for element in message.get("records", []):
            self.delivered = (int(element["sequenceNumber"]), element["subSequenceNumber"])
        # Between two messages the daemon may leave what is none.
        self._write("\n" + compact(message) + "\n")

    def _write(self, text):
        try:
            self._child.stdin.write(text.encode())
            self._child.stdin.flush()
        except BrokenPipeError:
            pass  # who waits for the answer learns of it

    def next(self, seconds=30):
        """What the process says next; Closed where it ended, queue.Empty where it says nothing."""
        line = self._lines.get(timeout=seconds)
        if line is None:
            raise Closed(f"it ended with {self._child.wait()} and said:\n{self.log()}")
        return json.loads(line)

    def reply(self, asked, error=None):
        """To a checkpoint. `error` is the name of Java's exception."""
        assert asked.keys() == CHECKPOINT, asked
        self._write(compact({**asked, "error": error}) + "\n")

    def call(self, message, errors=(), seconds=30):
        """The checkpoints up to the answer, which are granted but for the first ones: those fail with `errors`."""
        self.send(message)
        return self.answered(message["action"], errors, seconds)

    def answered(self, action, errors=(), seconds=30):
        errors, places = list(errors), []
        while True:
            said = self.next(seconds)
            if said["action"] == "status":
                assert said == {"action": "status", "responseFor": action}, said
                return places
            places.append(self._place(action, said))
            self.reply(said, errors.pop(0) if errors else None)

    def _place(self, action, said):
        """None: all that was delivered."""
        assert said["action"] == "checkpoint" and said.keys() == CHECKPOINT, said
        assert action in ("processRecords", "shardEnded", "shutdownRequested", "shutdown"), f"a checkpoint in {action}"
        place = (said["sequenceNumber"], said["subSequenceNumber"])
        if place == (None, None):
            return None
        place = (int(place[0]), place[1])
        assert place <= self.delivered, f"a checkpoint of {place}, while only {self.delivered} was delivered"
        return place

    def close(self, seconds=10):
        """Closes its standard input, as the daemon's end does; the exit code."""
        self._child.stdin.close()
        return self._child.wait(timeout=seconds)

    def wait(self, seconds=30):
        return self._child.wait(timeout=seconds)

    def kill(self):
        self._child.kill()
        self._child.wait()
        if self._reader is not None:
            self._reader.join()
            self._reader = None
        for stream in (self._child.stdin, self._child.stdout):
            try:
                stream.close()
            except BrokenPipeError:
                pass

    def log(self):
        with open(self._log, encoding="utf-8") as log:
            return log.read()
