# SPDX-License-Identifier: Apache-2.0
"""A network between the program and a server that fails when it is told to."""

import socket
import threading
import time


class TcpProxy:
    """Forwards 127.0.0.1:`port` to `target`, as a context manager.

    cut() ends all connections and refuses new ones, restore() takes them again; hold() lets everything wait, release() goes
    on. `forwarded` counts the bytes that went to the target.
    """

    def __init__(self, target):
        self._target = target
        self._lock = threading.Lock()
        self._open = []  # sockets
        self._going = threading.Event()
        self._going.set()
        self._listener = None
        self.forwarded = 0
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

    def wait_for(self, forwarded, seconds=60):
        """Until so many bytes went to the target."""
        deadline = time.monotonic() + seconds
        while self.forwarded < forwarded:
            if time.monotonic() > deadline:
                raise TimeoutError(f"only {self.forwarded} bytes were sent to the target, not {forwarded}")
            time.sleep(0.005)

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
                if self._listener is not listener:
                    _shut(client)
                    _shut(server)
                    return
                self._open += [client, server]
            threading.Thread(target=self._forward, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._forward, args=(server, client, False), daemon=True).start()

    def _forward(self, source, target, counted):
        try:
            while data := source.recv(65536):
                self._going.wait()
                target.sendall(data)
                if counted:
                    self.forwarded += len(data)
        except OSError:
            pass  # cut, or the other side went
        _shut(source)
        _shut(target)


def _shut(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is not connected any more
    sock.close()
