#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`dynatlas dlq` on a MongoDB server."""

import unittest

import program
from bson import Value, plain
from dlq_suite import SECRET, DlqSuite, two_keys
from mongodb_case import MongodbTest

LETTERS = "dynatlas.dead_letters"


class MongodbDlqTest(DlqSuite, MongodbTest):
    @property
    def to(self):
        return self.uri()

    def start_again(self):
        self.database = self.fresh_database()

    def other_database(self):
        return self.fresh_database()

    def stored(self, collection, database=None):
        return self.documents(collection, database)

    def everything(self):
        return {name: found for name in self.collections() if (found := list(map(repr, self.typed_documents(name))))}

    def letters(self):
        return sorted(self.client.documents(self.database, LETTERS), key=lambda letter: plain(letter)["_id"].encode())

    def put_letter(self, letter):
        self.client.insert(self.database, LETTERS, letter)

    def forget_letter(self, identity):
        self.client.command(self.database, {"delete": LETTERS, "deletes": [{"q": {"_id": identity}, "limit": 1}]})

    def forget_tombstones(self, collection):
        self.client.command(self.database, {"delete": f"dynatlas.tombstones.{collection}", "deletes": [{"q": {}, "limit": 0}]})

    def test_letters_stand_in_the_state_database(self):
        state = f"--set=state.database={self.fresh_database()}"
        self.run_replay(state, text=[two_keys("1", 1)], code=1)
        self.assertEqual(self.dlq("list").out, b"")
        (line,) = self.dlq("list", state).lines()
        self.assertIn('"table":"t"', line)
        self.assertEqual(self.replayed("--all", self.KEY, state), {"applied": 1})
        self.assertEqual(self.dlq("list", state).out, b"")

    def test_what_is_none_of_ours_stays(self):
        self.park(two_keys("1", 1))
        self.client.insert(self.database, LETTERS, {"_id": 7, "mine": True}, {"_id": Value("objectid", b"x" * 12)})
        self.assertEqual(len(self.dlq("list").lines()), 1)
        self.assertEqual(self.replayed("--all", self.KEY), {"applied": 1})
        self.assertEqual(len(self.client.documents(self.database, LETTERS)), 2)

    def test_what_a_unique_index_refuses_stays_until_its_value_is_free(self):
        self.run_replay(self.KEY, text=[two_keys("1", 1, mail={"S": SECRET})])
        index = {"name": "mail", "key": {"mail": 1}, "unique": True, "sparse": True}
        self.client.command(self.database, {"createIndexes": "t", "indexes": [index]})
        self.park(two_keys("2", 2, mail={"S": SECRET}))
        self.assertIn("unique index", self.dlq("replay", "--all", self.KEY, code=1).errors)
        self.assertEqual(plain(self.letters()[0])["attempts"], 2)
        self.run_replay(self.KEY, text=[two_keys("1", 3)])
        self.assertEqual(self.replayed("--all", self.KEY), {"applied": 1})
        self.assertEqual(len(self.stored("t")), 2)

    def test_a_server_that_is_not_there(self):
        ended = program.run("dlq", "list", "--to=mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=500")
        self.assertEqual((ended.code, ended.out), (3, b""), ended.errors)


if __name__ == "__main__":
    unittest.main()
