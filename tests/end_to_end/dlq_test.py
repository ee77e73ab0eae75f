#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`dynatlas dlq` on a dump folder."""

import contextlib
import json
import pathlib
import shutil
import sqlite3
import tempfile
import unittest

import bson
import program
from bson import plain
from dlq_suite import DlqSuite, two_keys


class DumpDlqTest(DlqSuite, unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.dump = self.folder / "dump"

    @property
    def to(self):
        return f"dump:{self.dump}"

    def start_again(self):
        shutil.rmtree(self.dump, ignore_errors=True)

    def other_database(self):
        return "shop"

    def stored(self, collection, database="dynamodb"):
        path = self.dump / database / f"{collection}.bson"
        return [plain(document) for document in bson.read_documents(path.read_bytes())] if path.exists() else []

    def everything(self):
        return {path.name: path.read_bytes() for path in self.dump.rglob("*.bson") if path.read_bytes()}

    def contents(self):
        return {str(path): path.read_bytes() for path in self.folder.rglob("*") if path.is_file() and path.suffix != ".sqlite-shm"}

    @contextlib.contextmanager
    def state(self):
        connection = sqlite3.connect(self.dump / ".dynatlas" / "state.sqlite")
        with connection:
            yield connection
        connection.close()

    def letters(self):
        if not (self.dump / ".dynatlas").exists():
            return []
        with self.state() as state:
            rows = state.execute("SELECT document FROM dead_letters ORDER BY id").fetchall()
        return [bson.read_document(document) for (document,) in rows]

    def put_letter(self, letter):
        self.put_bytes(plain(letter["_id"]) if isinstance(letter["_id"], bson.Value) else letter["_id"], bson.write_document(letter))

    def put_bytes(self, identity, document):
        with self.state() as state:
            state.execute("INSERT INTO dead_letters (id, document) VALUES (?, ?)", (identity, document))

    def forget_letter(self, identity):
        with self.state() as state:
            state.execute("DELETE FROM dead_letters WHERE id = ?", (identity,))

    def forget_tombstones(self, _collection):
        with self.state() as state:
            state.execute("DELETE FROM tombstones")

    def exported_lines(self):
        path = self.dump / ".dynatlas" / "dead_letters.ndjson"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def exported(self):
        return [line["_id"] for line in self.exported_lines()]

    def test_the_exported_letters_follow(self):
        letters = self.park(*(two_keys(str(number), number) for number in range(3)))
        self.dlq("drop", letters[0]["_id"])
        self.assertEqual(self.exported(), self.ids())
        self.replayed(self.KEY, letters[1]["_id"])
        self.assertEqual(self.exported(), [letters[2]["_id"]])
        self.replayed(letters[2]["_id"], code=1)
        path = self.dump / ".dynatlas" / "dead_letters.ndjson"
        self.assertEqual(json.loads(path.read_text())["attempts"], {"$numberInt": "2"})
        self.replayed(self.KEY, letters[2]["_id"])
        self.assertEqual(self.exported(), [])

    def test_letters_that_are_no_bson(self):
        (letter,) = self.park(two_keys("1", 1))
        damaged = {"a": b"", "b": b"\x05", "c": b"\xff" * 100, "d": bson.write_document({"_id": "other"}), "e": b"\x05\0\0\0\0"}
        for identity, document in damaged.items():
            self.put_bytes(identity, document)
        ended = self.dlq("list", code=1)
        self.assertEqual([json.loads(line)["id"] for line in ended.lines()], [letter["_id"]])
        self.assertEqual(self.replayed("--all", self.KEY, code=1), {"applied": 1, "refused": 5})
        self.assertEqual(len(self.exported_lines()), 5)  # each is told, and keeps no other from being exported
        self.dlq("drop", *damaged)
        self.assertEqual(self.exported(), [])

    def test_a_damaged_letter_is_written_anew_when_its_record_is_parked_again(self):
        (letter,) = self.park(two_keys("1", 1))
        self.forget_letter(letter["_id"])
        self.put_bytes(letter["_id"], b"\xff" * 100)
        self.park(two_keys("1", 1))
        self.assertEqual(self.replayed("--all", self.KEY), {"applied": 1})

    def test_a_folder_that_is_none_is_not_made(self):
        for verb in (["list"], ["show", "a"], ["drop", "a"], ["replay", "--all"]):
            ended = self.dlq(*verb, code=2)
            self.assertIn("state.sqlite", ended.errors)
            self.assertFalse(self.dump.exists())

    def test_the_target_may_stand_in_the_configuration(self):
        self.park(two_keys("1", 1))
        (self.folder / "dynatlas.yaml").write_text(f"target: {{dump: {{folder: {self.dump}}}}}\n")
        listed = self.dlq("list").out
        for arguments, environment in (
            ([f"--config={self.folder}/dynatlas.yaml"], {}),
            ([f"--set=target.dump.folder={self.dump}"], {}),
            ([], {"DYNATLAS_CONFIG": f"{self.folder}/dynatlas.yaml"}),
        ):
            ended = program.run("dlq", "list", *arguments, env=environment, cwd="/")
            self.assertEqual((ended.code, ended.out), (0, listed), ended.errors)
        self.assertEqual(program.run("dlq", "list", env={}, cwd=self.folder).out, listed)

    def test_records_that_were_cut_in_parking(self):
        large = two_keys("1", 1, large={"S": "x" * (13 * 1024 * 1024)})
        (letter,) = self.park(large)
        self.assertLess(len(letter["record"]), letter["record_size"])
        self.assertIn("12 MiB", self.dlq("replay", "--all", self.KEY, code=1).errors)
        self.assertEqual(self.stored("t"), [])

    def test_help_has_examples(self):
        for verb in ([], ["list"], ["show"], ["replay"], ["drop"]):
            ended = program.run("dlq", *verb, "--help")
            self.assertEqual(ended.code, 0)
            self.assertIn(b"Example: dynatlas dlq", ended.out)


if __name__ == "__main__":
    unittest.main()
