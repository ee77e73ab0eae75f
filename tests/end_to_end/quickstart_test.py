#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/quickstart shows what it promises, into a dump folder and into a MongoDB server, also when it is run again."""

import os
import pathlib
import subprocess
import unittest

import program
from bson import plain
from mongodb_server import MongodbServer

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXPECTED = {"c-1001": "김민준", "c-1002": "Maria Rossi", "c-1004": "Lena Vogel", "c-1005": "Seo-yeon Lee", "c-1006": "Ana Souza"}


class QuickstartTest(unittest.TestCase):
    def quickstart(self, **environment):
        """What it prints. It takes the program that was built, and builds none."""
        inherited = {name: value for name, value in os.environ.items() if name != "MONGODB_URI"}
        child = subprocess.run(
            [ROOT / "scripts" / "quickstart"],
            env={**inherited, "DYNATLAS": program.path(), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        self.assertEqual(child.returncode, 0, child.stderr.decode())
        return child.stdout.decode()

    def test_into_a_dump_folder(self):
        for _ in range(2):
            said = self.quickstart()
            self.assertIn("read 4: upserted 1, removed 0, stale 3", said)
            for key, name in EXPECTED.items():
                self.assertIn(f'{{"_id":"{key}","customerId":"{key}","name":"{name}"', said)
            self.assertNotIn('"c-1003"', said)
            self.assertIn("mongorestore --db=shop build/quickstart/shop", said)

    def test_into_a_server(self):
        with MongodbServer(own=True) as server:
            client = server.client()
            self.addCleanup(client.close)
            for summary in ("read 4: upserted 1, removed 0, stale 3", "read 4: upserted 0, removed 0, stale 4"):
                said = self.quickstart(MONGODB_URI=server.uri)
                self.assertIn(summary, said)
                self.assertIn("db.getSiblingDB('dynatlas_quickstart').customers.find()", said)
                self.assertNotIn(server.uri, said)  # it may hold a password
                found = [plain(document) for document in client.documents("dynatlas_quickstart", "customers")]
                self.assertEqual({document["_id"]: document["name"] for document in found}, EXPECTED)


if __name__ == "__main__":
    unittest.main()
