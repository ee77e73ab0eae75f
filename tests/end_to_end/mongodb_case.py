# SPDX-License-Identifier: Apache-2.0
"""What tests of `dynatlas replay --to mongodb://..` share: a server for the whole script, a fresh database for each test."""

import contextlib
import unittest

from bson import plain
from mongodb_server import MongodbServer, with_database
from replay_case import ReplayCase


class MongodbTest(ReplayCase):
    """Subclasses may set `own` where they do what a foreign server must not suffer."""

    own = False
    _servers = {}
    _databases = 0

    def setUp(self):
        super().setUp()
        self.server = self._server_of(self.own)
        self.client = self.server.client()
        self.addCleanup(self.client.close)
        self.database = self.fresh_database()

    @classmethod
    def _server_of(cls, own):
        if own not in cls._servers:
            server = MongodbServer(own=own)
            unittest.addModuleCleanup(cls._servers.pop, own)
            unittest.addModuleCleanup(server.__exit__)
            cls._servers[own] = server.__enter__()
        return cls._servers[own]

    def fresh_database(self):
        MongodbTest._databases += 1
        database = f"{self.server.database}_{MongodbTest._databases}"
        self.addCleanup(self.client.drop_database, database)
        return database

    def uri(self, database=None):
        return with_database(self.server.server_uri, database or self.database)

    def target(self):
        return self.uri()

    def typed_documents(self, name="t", database=None):
        return sorted(self.client.documents(database or self.database, name), key=lambda document: repr(document.content[0]))

    def documents(self, name="t", database=None):
        """Sorted by _id."""
        return [plain(document) for document in self.typed_documents(name, database)]

    def collections(self, database=None):
        """Those of the user."""
        return [name for name in self.client.collections(database or self.database) if not name.startswith("dynatlas.")]

    def contents(self, *databases):
        """All that is in them, so that any change shows."""
        return {
            (database, name): (sorted(map(repr, self.client.documents(database, name))), self.client.indexes(database, name))
            for database in databases or [self.database]
            for name in self.client.collections(database)
        }

    def dead_letters(self, database=None):
        return self.documents("dynatlas.dead_letters", database)

    def tombstones(self, name="t"):
        return self.documents(f"dynatlas.tombstones.{name}")

    @contextlib.contextmanager
    def client_of(self, uri):
        client = self.server.client(uri)
        try:
            yield client
        finally:
            client.close()
