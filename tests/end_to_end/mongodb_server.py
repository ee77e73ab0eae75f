# SPDX-License-Identifier: Apache-2.0
"""The MongoDB server that a test writes into: one of its own, or the one that DYNATLAS_TEST_MONGODB_URI names.

Servers of our own are those of scripts/install-test-servers, listen on a free loopback port, keep their data in a
temporary folder, and end with the test. A test whose server is missing fails.
"""

import os
import pathlib
import secrets
import socket
import subprocess
import tempfile
import time
import urllib.parse

from mongodb_client import MongodbClient

SERVERS = pathlib.Path(__file__).resolve().parent.parent.parent / "build" / "test-servers"
SECONDS_TO_START = 60
FOREIGN = os.environ.get("DYNATLAS_TEST_MONGODB_URI")


class ServerMissing(Exception):
    """The server cannot be started here; the message says what to do."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def with_database(uri, database):
    """The URI with this database in its path."""
    parts = urllib.parse.urlsplit(uri)
    return urllib.parse.urlunsplit(parts._replace(path=f"/{database}"))


class MongodbServer:
    """Starts as a context manager. `database` is a fresh name; what is in it is dropped at the end.

    `large`: secantusd-rs, for more than some 100 documents in a collection. `own`: never the foreign server, for tests that
    stop it, change its users, or let it fail. `options` are for the server's command line.
    """

    def __init__(self, *options, large=False, own=False):
        self.database = f"dynatlas_test_{secrets.token_hex(4)}"
        self.foreign = FOREIGN if FOREIGN and not own else None
        self._options = options
        self._large = large
        self._child = None
        self._folder = None
        self._port = None

    @property
    def address(self):
        """(name, port) of a server of our own."""
        return ("127.0.0.1", self._port)

    @property
    def server_uri(self):
        """Without a database."""
        return self.foreign or f"mongodb://127.0.0.1:{self._port}/?directConnection=true"

    @property
    def uri(self):
        return with_database(self.server_uri, self.database)

    def __enter__(self):
        if self.foreign is None:
            self._folder = tempfile.TemporaryDirectory(prefix="dynatlas-mongodb-")
            self._port = free_port()
            try:
                self.start()
            except BaseException:
                self._folder.cleanup()
                raise
        return self

    def __exit__(self, *_):
        if self.foreign is None:
            self.kill()  # quicker, and nobody needs its data
            self._folder.cleanup()
            return
        client = self.client()
        client.drop_database(self.database)
        client.close()

    def client(self, uri=None):
        return MongodbClient(uri or self.server_uri)

    def start(self, *more_options):
        """Again with the same data and port, after stop()."""
        with open(self._log_path(), "ab") as log:
            self._child = subprocess.Popen(
                [*self._command(), *self._options, *more_options], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            if self._child.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerMissing(f"the test server does not answer; it said:\n{self.log()[-2000:]}")
            time.sleep(0.05)

    def stop(self):
        """Lets it close its files, so that it can start again on them; secantusd-py takes five seconds to."""
        self._child.terminate()
        self._child.wait(timeout=SECONDS_TO_START)
        self._child = None

    def kill(self):
        """What it acknowledged stays where it was started with --sync-on-commit; secantusd-py may not start again on it."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def log(self):
        return self._log_path().read_text(errors="replace")

    def _answers(self):
        try:
            self.client().close()
            return True
        except OSError:
            return False

    def _log_path(self):
        return pathlib.Path(self._folder.name) / "log.txt"

    def _command(self):
        program = self._program()
        if not program.exists():
            raise ServerMissing(f"{program} is missing: run scripts/install-test-servers{' --large' if self._large else ''}")
        host, port = self.address
        command = [program, "--host", host, "--port", str(port), "--storage-path", f"{self._folder.name}/data"]
        # Without it secantusd-rs forgets at a SIGKILL what it has acknowledged.
        return [*command, "--enable-test-commands", *(["--sync-on-commit"] if self._large else [])]

    def _program(self):
        given = os.environ.get("DYNATLAS_TEST_LARGE_SERVER" if self._large else "DYNATLAS_TEST_SERVER")
        return pathlib.Path(given) if given else SERVERS / ("rust/bin/secantusd-rs" if self._large else "python/bin/secantusd-py")
