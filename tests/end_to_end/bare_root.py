# SPDX-License-Identifier: Apache-2.0
"""A machine with nothing on it: a root folder, a network of its own, and Lambda's emulator, which runs the package there."""

import fcntl
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile

from mongodb_server import SERVERS, free_port

EMULATOR = SERVERS / "rie" / "aws-lambda-rie"
INSIDE = "DYNATLAS_TEST_INSIDE"
SECONDS_TO_START = 30
SECONDS_FOR_AN_ANSWER = 60
_IFF_UP, _GET_FLAGS, _SET_FLAGS = 1, 0x8913, 0x8914  # netdevice(7)


def _loopback_up():
    with socket.socket() as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack_from("h", fcntl.ioctl(any_socket, _GET_FLAGS, request), 16)[0]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def go_inside():
    """Runs the script again in namespaces of its own: mounts and ports of the machine are not seen, nor in the way.

    A root of the machine may do that; who is not needs user namespaces, as Debian allows them.
    """
    if os.environ.get(INSIDE):
        _loopback_up()
        return
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", *as_root, "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
    os.execvpe(command[0], [*command, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})


class BareRoot:
    """A root folder with the package, the emulator and /dev/null. `files`: {path: content}, further ones."""

    def __init__(self, folder, package, files, place="var/task"):
        if not EMULATOR.exists():
            raise FileNotFoundError(f"{EMULATOR} is missing: run scripts/install-test-servers")
        self.folder = pathlib.Path(folder)
        self.place = f"/{place}"
        self.task = self.folder / place
        self._unpack(package)
        for path, content in files.items():
            target = self.folder / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content)
        shutil.copy(EMULATOR, self.folder / "aws-lambda-rie")
        (self.folder / "dev").mkdir()
        (self.folder / "dev" / "null").touch()  # the emulator gives it to the function as its input

    def command(self, *program):
        """Runs the program in the root, with what ends with it: its processes, and what is mounted."""
        namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        mount = 'mount --bind /dev/null "$0/dev/null"'
        return [*namespaces, "sh", "-c", f'{mount} && exec unshare --root "$0" --wd / "$@"', self.folder, *program]

    def _unpack(self, package):
        with zipfile.ZipFile(package) as archive:
            archive.extractall(self.task)
            for entry in archive.infolist():  # extractall() forgets the modes
                (self.task / entry.filename).chmod(entry.external_attr >> 16 & 0o777)


class Emulated:
    """The function below Lambda's emulator in a bare root; a context manager."""

    def __init__(self, root, **variables):
        self._root = root
        self._variables = variables

    def __enter__(self):
        interface, self._port = free_port(), free_port()
        addresses = ["--runtime-api-address", f"127.0.0.1:{interface}"]
        addresses += ["--runtime-interface-emulator-address", f"127.0.0.1:{self._port}"]
        command = self._root.command("/aws-lambda-rie", *addresses, f"{self._root.place}/bootstrap")
        variables = {
            "AWS_LAMBDA_FUNCTION_NAME": "cdc",
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "40",
            "AWS_REGION": "eu-west-1",
            "LD_LIBRARY_PATH": "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",  # as Lambda has it
        }
        self._output = tempfile.TemporaryFile()
        self._child = subprocess.Popen(
            command, env={**variables, **self._variables}, stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output
        )
        self._wait()
        return self

    def __exit__(self, *_):
        self._child.kill()
        self._child.wait()
        self._output.close()

    def log(self):
        """What the emulator and the function printed so far."""
        return os.pread(self._output.fileno(), 1 << 20, 0).decode()

    def _wait(self):
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self._port)).close()
            except OSError:
                if self._child.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the emulator does not start:\n{self.log()}") from None
                time.sleep(0.02)

    def invoke(self, event):
        """The function's answer, or what the emulator says of its failure."""
        url = f"http://127.0.0.1:{self._port}/2015-03-31/functions/function/invocations"
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(url, json.dumps(event).encode(), SECONDS_FOR_AN_ANSWER) as answered:
                return json.load(answered)
        except urllib.error.HTTPError as error:  # the process did not start
            return json.loads(error.read())
