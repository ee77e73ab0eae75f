# SPDX-License-Identifier: Apache-2.0
"""A name server on 127.0.0.53, port 53, where one listens that a machine runs itself: for a network namespace of a test's own.

Source of the format: RFC 1035, section 4; RFC 2782 for SRV.
"""

import socket
import struct
import threading

ADDRESS = "127.0.0.53"
TYPES = {"A": 1, "TXT": 16, "SRV": 33}
CLASS_IN = 1
ANSWERED, NO_SUCH_NAME = 0x8580, 0x8583  # a reply with authority, to a recursive question


def _packed(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def host(address):
    return ("A", socket.inet_aton(address))


def service(port, name):
    """An SRV record: priority and weight 0."""
    return ("SRV", struct.pack(">HHH", 0, 0, port) + _packed(name))


def text(value):
    return ("TXT", bytes([len(value)]) + value.encode())


class NameServer:
    """A context manager that answers with these records: {name: [what host(), service() or text() made]}."""

    def __init__(self, records):
        self._records = records
        self.asked = []  # (name, number of the type)

    def __enter__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((ADDRESS, 53))
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _serve(self):
        while True:
            try:
                question, asker = self._socket.recvfrom(4096)
            except OSError:  # it was closed
                return
            self._socket.sendto(self._answer(question), asker)

    def _answer(self, question):
        labels, place = [], 12  # behind the header
        while question[place]:
            labels.append(question[place + 1 : place + 1 + question[place]].decode())
            place += 1 + question[place]
        end = place + 5  # the root's label, type, class
        name, kind = ".".join(labels), struct.unpack_from(">H", question, place + 1)[0]
        self.asked.append((name, kind))
        known = self._records.get(name)
        found = [content for of_type, content in known or [] if TYPES[of_type] == kind]
        header = question[:2] + struct.pack(">HHHHH", NO_SUCH_NAME if known is None else ANSWERED, 1, len(found), 0, 0)
        pointer = struct.pack(">H", 0xC00C)  # to the question's name
        answers = [pointer + struct.pack(">HHIH", kind, CLASS_IN, 60, len(content)) + content for content in found]
        return header + question[12:end] + b"".join(answers)
