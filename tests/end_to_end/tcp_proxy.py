# SPDX-License-Identifier: Apache-2.0
"""A network between the program and a server that fails when it is told to."""

import socket
import struct
import threading
import time

WRITE_COMMANDS = (b"\x02update\0", b"\x02delete\0", b"\x02insert\0")


class TcpProxy:
    """Forwards 127.0.0.1:`port` to `target`, message by message, as a context manager.

    cut() ends all connections and refuses new ones, restore() takes them again. hold() lets every message wait, release()
    goes on. set_trap() catches a write command on its way. `writes` counts the write commands that came.
    """

    BEFORE, WITHIN, AFTER = "before", "within", "after"  # it is forwarded: not at all, half of it, whole but not answered

    def __init__(self, target):
        self._target = target
        self._lock = threading.Lock()
        self._open = []  # sockets
        self._going = threading.Event()
        self._going.set()
        self._listener = None
        self._silent = set()  # clients that get no reply any more
        self._trap = None  # (number of the write command, where it is caught)
        self.trapped = threading.Event()
        self.writes = 0
        self.port = None

    def __enter__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.restore()
        return self

    def __exit__(self, *_):
        self.release()
        self.cut()

    def cut(self):
        with self._lock:
            ending, self._open = self._open, []
            if self._listener is not None:
                ending.append(self._listener)
                self._listener = None
        for each in ending:
            _shut(each)

    def restore(self):
        listener = socket.create_server(("127.0.0.1", self.port))
        with self._lock:
            self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def hold(self):
        self._going.clear()

    def release(self):
        self._going.set()

    def set_trap(self, number, where):
        """Of the write commands from now on, counted from 1, the one to be caught: its connection never goes on. `trapped`
        is set then. None takes the trap away."""
        with self._lock:
            self.writes = 0
            self.trapped.clear()
            self._trap = None if number is None else (number, where)

    def wait_for_writes(self, number, seconds=60):
        deadline = time.monotonic() + seconds
        while self.writes < number:
            if time.monotonic() > deadline:
                raise TimeoutError(f"only {self.writes} write commands came, not {number}")
            time.sleep(0.002)

    def wait_for_connection(self, seconds=60):
        deadline = time.monotonic() + seconds
        while not self._open:
            if time.monotonic() > deadline:
                raise TimeoutError("nobody connected")
            time.sleep(0.002)

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target)
            except OSError:
                _shut(client)
                continue
            with self._lock:
                taken = self._listener is listener
                self._open += [client, server] if taken else []
            if not taken:  # cut while it was made
                _shut(client)
                _shut(server)
                return
            for way in ((client, server, self._request), (server, client, self._reply)):
                threading.Thread(target=self._forward, args=way, daemon=True).start()

    def _forward(self, source, target, take):
        caught = []  # the sink of what a trap took
        try:
            while (message := _read_message(source)) is not None:
                self._going.wait()
                take(message, source, target, caught)
        except OSError:
            pass  # cut, or the other side went
        _shut(source)
        _shut(target)

    def _request(self, message, source, target, caught):
        where = self._caught(message) if not caught else self.BEFORE
        if where is None:
            target.sendall(message)
            return
        caught.append(where)
        if where == self.WITHIN:
            target.sendall(message[: len(message) // 2])
        elif where == self.AFTER:
            with self._lock:
                self._silent.add(source)
            target.sendall(message)
        self.trapped.set()

    def _reply(self, message, source, target, caught):
        with self._lock:
            silent = target in self._silent
        if not silent:
            target.sendall(message)

    def _caught(self, message):
        """Where this request is to be caught, if it is."""
        if not any(command in message[:64] for command in WRITE_COMMANDS):
            return None
        with self._lock:
            self.writes += 1
            if self._trap is None or self._trap[0] != self.writes:
                return None
            where, self._trap = self._trap[1], None
            return where


def _read_message(source):
    """A message of MongoDB's wire protocol, which begins with its size; None at the end."""
    header = _receive(source, 4)
    if header is None:
        return None
    rest = _receive(source, struct.unpack("<i", header)[0] - 4)
    return None if rest is None else header + rest


def _receive(source, size):
    data = bytearray()
    while len(data) < size:
        piece = source.recv(min(size - len(data), 1 << 20))
        if not piece:
            return None
        data += piece
    return bytes(data)


def _shut(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is not connected any more
    sock.close()
