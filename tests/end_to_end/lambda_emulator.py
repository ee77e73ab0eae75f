# SPDX-License-Identifier: Apache-2.0
"""Lambda's environments: AWS's runtime interface emulator on loopback ports, and the `bootstrap` below it."""

import collections
import http.client
import json
import os
import pathlib
import queue
import signal
import subprocess
import tempfile
import threading
import time

from event_source_mapping import Outcome
from mongodb_server import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
STARTS = 3
SECONDS_TO_START = 30
SECONDS_TO_ANSWER = 10  # behind the function's timeout
PATH = "/2015-03-31/functions/function/invocations"


def emulator():
    given = os.environ.get("DYNATLAS_TEST_LAMBDA_EMULATOR")
    program = pathlib.Path(given) if given else ROOT / "build" / "test-servers" / "rie" / "aws-lambda-rie"
    if not program.exists():
        raise FileNotFoundError(f"{program} is missing: run scripts/install-test-servers")
    return program


class Environment:
    """One of a function's environments, as a context manager: it serves one invocation at a time.

    `timeout` is the function's, in whole seconds: what takes longer is ended by SIGKILL. A process that ended is started
    again at the next invocation. `command` is what the function is started by, where it is not `bootstrap`.
    """

    def __init__(self, timeout=60, command=None, **variables):
        self._timeout = timeout
        self._command = command or [os.environ["DYNATLAS_BOOTSTRAP"]]
        self._variables = variables
        self._child = None
        self._log = None
        self._port = None
        self._lock = threading.Lock()  # of what starts and ends the emulator

    def __enter__(self):
        self._log = tempfile.TemporaryFile()
        with self._lock:
            self._start()
        return self

    def _start(self):
        # Another process may have taken a port that was free.
        if not any(self._launch() for _ in range(STARTS)):
            raise RuntimeError(f"the emulator does not answer; it said:\n{self.log()[-2000:]}")

    def _launch(self):
        """False where it ended, or did not answer in time."""
        self._port, runtime_port = free_port(), free_port()
        known = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MONGODB_", "DYNATLAS_"))}
        fixed = {"AWS_LAMBDA_FUNCTION_NAME": "cdc", "AWS_LAMBDA_FUNCTION_TIMEOUT": str(self._timeout)}
        self._child = subprocess.Popen(
            [
                *(emulator(), "--runtime-api-address", f"127.0.0.1:{runtime_port}"),
                *("--runtime-interface-emulator-address", f"127.0.0.1:{self._port}", *self._command),
            ],
            env={**known, **fixed, **self._variables},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + SECONDS_TO_START
        while self._child.poll() is None and time.monotonic() < deadline:
            if self._answers():
                return True
            time.sleep(0.02)
        self._stop()
        return False

    def __exit__(self, *_):
        self.close()

    def close(self):
        with self._lock:
            self._stop()
            if self._log is not None:
                self._log.close()
                self._log = None

    def _stop(self):
        if self._child is not None:
            self.signal(signal.SIGKILL)
            self._child.kill()
            self._child.wait()
            self._child = None

    def invoke(self, text):
        """The Outcome of this event.

        The emulator itself may not survive what befalls its process, and waits for ever for one that does not start: then the
        outcome is lost, and another one follows it, as Lambda makes another environment.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout + SECONDS_TO_ANSWER)
        try:
            connection.request("POST", PATH, text.encode())
            return _outcome(connection.getresponse().read())
        except (OSError, http.client.HTTPException):
            self._start_again()
            return Outcome("lost")
        finally:
            connection.close()

    def _start_again(self):
        with self._lock:
            if self._log is not None:  # else it is closed, and nobody would end it
                self._stop()
                self._start()

    def signal(self, number):
        """Sends the function's processes a signal. False where there is none."""
        return any([send_signal(pid, number) for pid in self.processes()])

    def processes(self):
        """Of the function, not of the emulator."""
        child = self._child
        if child is None:
            return []
        tasks = pathlib.Path(f"/proc/{child.pid}/task")
        return [int(pid) for task in _names(tasks) for pid in _read(tasks / task / "children").split()]

    def log(self):
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def _answers(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
            connection.connect()
            connection.close()
            return True
        except OSError:
            return False


class Environments:
    """Several of one function, as a context manager; an invocation takes one that is free."""

    def __init__(self, count, **options):
        self.all = [Environment(**options) for _ in range(count)]
        self._free = queue.Queue()
        self._given_up = []  # threads whose invocations nobody waits for
        self._lock = threading.Lock()
        self.ended = collections.Counter()  # kinds of outcomes, and `partial` for responses with failures

    def __enter__(self):
        try:
            for environment in self.all:
                self._free.put(environment.__enter__())
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for environment in self.all:
            environment.close()

    def invoke(self, text):
        environment = self._free.get()
        try:
            outcome = environment.invoke(text)
        finally:
            self._free.put(environment)
        is_partial = outcome.kind == "response" and bool((outcome.body or {}).get("batchItemFailures"))
        with self._lock:
            self.ended["partial" if is_partial else outcome.kind] += 1
        return outcome

    def invoke_without_patience(self, text, seconds):
        """As a poller that lost its connection: after these seconds it counts as failed, and goes on all the same."""
        outcomes = queue.Queue()
        thread = threading.Thread(target=lambda: outcomes.put(self.invoke(text)), daemon=True)
        thread.start()
        try:
            return outcomes.get(timeout=seconds)
        except queue.Empty:
            self._given_up.append(thread)
            return Outcome("timeout")

    def wait(self, seconds):
        """Until what was given up has ended, too."""
        deadline = time.monotonic() + seconds
        for thread in self._given_up:
            thread.join(max(0, deadline - time.monotonic()))
            if thread.is_alive():
                raise TimeoutError(f"an invocation runs for more than {seconds} s")
        return len(self._given_up)


def _outcome(body):
    try:
        read = json.loads(body)
    except ValueError:
        return Outcome("timeout" if b"timed out" in body else "error", body.decode(errors="replace"))
    if isinstance(read, dict) and "errorType" in read:
        return Outcome("error", read)
    return Outcome("response", read)


def send_signal(pid, number):
    """False where the process has ended."""
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


def _names(folder):
    try:
        return os.listdir(folder)
    except OSError:  # the process has ended, and so below
        return []


def _read(path):
    try:
        return path.read_text()
    except OSError:
        return ""
