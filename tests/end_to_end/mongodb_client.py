# SPDX-License-Identifier: Apache-2.0
"""A small client of MongoDB's wire protocol (OP_MSG), which reads back what the program wrote.

It is not the library that the program uses, so that one mistake is not made twice. It knows mongodb:// URIs with TLS and
SCRAM-SHA-256; of several hosts it takes the one that can be written.
"""

import base64
import hashlib
import hmac
import secrets
import socket
import ssl
import struct
import urllib.parse
from typing import NamedTuple

import bson

OP_MSG = 2013
SECONDS_FOR_A_REPLY = 120


class CommandFailed(Exception):
    """The server refused a command: `code` says why, `reply` is all it said."""

    def __init__(self, reply):
        super().__init__(f"error {reply.get('code')} ({reply.get('codeName')}): {reply.get('errmsg')}")
        self.code = reply.get("code")
        self.reply = reply


class Address(NamedTuple):
    """What a mongodb:// URI says."""

    hosts: list  # (name, port)
    user: str | None
    password: str | None
    database: str  # "" where it names none
    options: dict

    @staticmethod
    def of(uri):
        scheme, rest = uri.split("://", 1)
        if scheme != "mongodb":
            raise ValueError(f"these tests read {scheme}:// URIs not; give a mongodb:// URI with the hosts")
        rest, _, query = rest.partition("?")
        authority, _, database = rest.partition("/")
        credentials, _, hosts = authority.rpartition("@")
        user, _, password = credentials.partition(":")
        named = [host.rpartition(":") if ":" in host else (host, ":", "27017") for host in hosts.split(",")]
        return Address(
            [(name, int(port)) for name, _, port in named],
            urllib.parse.unquote(user) or None,
            urllib.parse.unquote(password) or None,
            urllib.parse.unquote(database),
            dict(urllib.parse.parse_qsl(query)),
        )

    def has_tls(self):
        return "true" in (self.options.get("tls"), self.options.get("ssl"))


class MongodbClient:
    """One connection. Documents are given as dict (see bson.write_document) and come back as bson.Value."""

    def __init__(self, uri):
        self._address = Address.of(uri)
        self._requests = 0
        self._socket = None
        self._connect()

    def close(self):
        self._socket.close()

    def reconnect(self):
        """After the server was away."""
        self.close()
        self._connect()

    def command(self, database, command):
        """The reply as a dict of plain values; CommandFailed where it is not ok."""
        return bson.plain(self._checked({**command, "$db": database}))

    def documents(self, database, collection, query=None):
        """All documents that match, as bson.Value, in the server's order."""
        found, reply = [], self._checked({"find": collection, "filter": query or {}, "$db": database})
        while True:
            cursor = dict(dict(reply.content)["cursor"].content)
            found += (cursor["firstBatch"] if "firstBatch" in cursor else cursor["nextBatch"]).content
            number = cursor["id"].content
            if number == 0:
                return found
            reply = self._checked({"getMore": bson.Value("int64", number), "collection": collection, "$db": database})

    def collections(self, database):
        """The names of its collections, sorted, to what listCollections says of each."""
        listed = self.command(database, {"listCollections": 1})["cursor"]["firstBatch"]
        return {entry["name"]: entry for entry in sorted(listed, key=lambda entry: entry["name"])}

    def indexes(self, database, collection):
        """Name to what listIndexes says of it."""
        listed = self.command(database, {"listIndexes": collection})["cursor"]["firstBatch"]
        return {entry["name"]: entry for entry in listed}

    def insert(self, database, collection, *documents):
        self._write(database, {"insert": collection, "documents": list(documents)})

    def delete(self, database, collection, query):
        """All that match."""
        self._write(database, {"delete": collection, "deletes": [{"q": query, "limit": 0}]})

    def drop_database(self, database):
        self.command(database, {"dropDatabase": 1})

    def _write(self, database, command):
        reply = self.command(database, {**command, "writeConcern": {"w": "majority"}})
        for fault in reply.get("writeErrors", []):
            raise CommandFailed(fault)

    def _checked(self, command):
        reply = self._exchange(command)
        values = bson.plain(reply)
        if values.get("ok") != 1:
            raise CommandFailed(values)
        return reply

    def _connect(self):
        faults = []
        for host in self._address.hosts:
            try:
                self._open(host)
                if bson.plain(self._exchange({"hello": 1, "$db": "admin"})).get("isWritablePrimary"):
                    break
                faults.append(f"{host} is no primary")
            except OSError as error:
                faults.append(f"{host}: {error}")
            self._socket = None
        if self._socket is None:
            raise ConnectionError("; ".join(faults))
        if self._address.user is not None:
            self._authenticate()

    def _open(self, host):
        self._socket = socket.create_connection(host, timeout=SECONDS_FOR_A_REPLY)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._address.has_tls():
            context = ssl.create_default_context(cafile=self._address.options.get("tlsCAFile"))
            self._socket = context.wrap_socket(self._socket, server_hostname=host[0])

    def _exchange(self, command):
        self._requests += 1
        body = b"\0\0\0\0\0" + bson.write_document(command)
        self._socket.sendall(struct.pack("<iiii", 16 + len(body), self._requests, 0, OP_MSG) + body)
        size, _, answered, kind = struct.unpack("<iiii", self._receive(16))
        body = self._receive(size - 16)
        if kind != OP_MSG or answered != self._requests or body[4] != 0:
            raise ConnectionError(f"a reply of kind {kind} to request {answered}, where {self._requests} was asked")
        return bson.read_document(body[5:])

    def _receive(self, size):
        data = bytearray()
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                raise ConnectionError("the server closed the connection")
            data += piece
        return bytes(data)

    def _authenticate(self):
        """SCRAM-SHA-256 (RFC 7677)."""
        source = self._address.options.get("authSource") or self._address.database or "admin"
        name = self._address.user.replace("=", "=3D").replace(",", "=2C")
        nonce = base64.b64encode(secrets.token_bytes(24)).decode()
        first = f"n={name},r={nonce}"
        start = {"saslStart": 1, "mechanism": "SCRAM-SHA-256", "payload": f"n,,{first}".encode(), "$db": source}
        reply = bson.plain(self._checked({**start, "options": {"skipEmptyExchange": True}}))
        challenge = reply["payload"].decode()
        said = dict(part.split("=", 1) for part in challenge.split(","))
        if not said["r"].startswith(nonce):
            raise ConnectionError("the server answered with another nonce")
        last = f"c=biws,r={said['r']}"
        salted = hashlib.pbkdf2_hmac("sha256", self._address.password.encode(), base64.b64decode(said["s"]), int(said["i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(key).digest(), f"{first},{challenge},{last}".encode(), "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
        payload = f"{last},p={proof}".encode()
        self._checked({"saslContinue": 1, "conversationId": reply["conversationId"], "payload": payload, "$db": source})
