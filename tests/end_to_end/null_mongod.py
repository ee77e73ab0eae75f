# SPDX-License-Identifier: Apache-2.0
"""Runs bench/null_mongod.cc: a MongoDB server that keeps nothing, for what is measured."""

import subprocess

from mongodb_client import MongodbClient


class NullMongod:
    """A context manager; `uri` is where it listens."""

    def __init__(self, program, *options):
        self._command = [str(program), *options]
        self._child = None
        self._client = None
        self.uri = None

    def __enter__(self):
        self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.uri = f"mongodb://127.0.0.1:{int(self._child.stdout.readline())}/?directConnection=true"
        self._client = MongodbClient(self.uri)
        return self

    def __exit__(self, *_):
        self._client.close()
        self._child.stdin.close()  # it ends with its input
        self._child.stdout.close()
        self._child.wait()

    def counts(self):
        """How many statements came so far: updates, deletes, tombstones; documentBytes."""
        counted = self._client.command("admin", {"nullCounts": 1})
        return {name: count for name, count in counted.items() if name != "ok"}

    def stall(self, seconds):
        """From now on, for so long, nothing is answered."""
        self._client.command("admin", {"nullStall": seconds})
