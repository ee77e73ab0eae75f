#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `dynatlas replay --to mongodb://..` promises: what lands in the database, and what is counted.

Collections stay below a hundred documents: the server of CI looks at all of them for each guarded write.
"""

import json
import os
import shutil
import time
import unittest

import bson
import program
from mongodb_case import MongodbTest
from program import item
from records import BEGIN, kinesis, kinesis_removal, lines, streams

FORMS = program.TESTDATA / "forms"
EXAMPLES = program.TESTDATA.parent.parent / "examples" / "customers"
DAY_MS = 24 * 3600 * 1000


class SameAsDumpTest(MongodbTest):
    """The two targets keep one contract: of one input both hold the same documents, and count alike."""

    def both(self, *arguments, database):
        counted = {}
        for name, to in (("dump", f"dump:{self.folder / 'dump'}"), ("mongodb", self.uri(database))):
            summary = self.folder / f"{name}.json"
            ended = program.run("replay", f"--to={to}", f"--summary={summary}", *arguments)
            counted[name] = (ended.code, self.summary(summary))
        self.assertEqual(counted["mongodb"], counted["dump"])

    def same(self, database):
        folder = self.folder / "dump" / "dynamodb"
        dumped = {path.stem: list(bson.read_documents(path.read_bytes())) for path in folder.glob("*.bson")}
        stored = {name: self.client.documents(database, name) for name in self.collections(database)}
        self.assertEqual(self.shown(stored), self.shown(dumped))

    def shown(self, collections):
        return {name: sorted(map(repr, documents)) for name, documents in collections.items() if documents}

    def test_every_form_of_input(self):
        for form in sorted(path.stem for path in FORMS.glob("*.json")):
            with self.subTest(form):
                database = self.fresh_database()
                shutil.rmtree(self.folder / "dump", ignore_errors=True)
                self.both("--key=customerId,orderNo", "--table=items", FORMS / f"{form}.json", database=database)
                self.same(database)

    def test_the_examples(self):
        arguments = ["--table=customers", "--key=customerId", "--as-of=2026-03-01T00:00:00Z"]
        for name in ("export.ndjson", "lambda-event.json", "kinesis-page.json"):
            self.both(*arguments, EXAMPLES / name, database=self.database)
            self.same(self.database)
        found = {document["_id"]: document for document in self.documents("customers")}
        self.assertNotIn("c-1003", found)  # removed; a late update must not bring it back
        self.assertEqual(found["c-1002"]["visits"], 4)

    def test_values_of_every_kind(self):
        every = {
            "whole": {"N": "9007199254740993"},
            "money": {"N": "0.10"},
            "long": {"N": "12345678901234567890123456789012345.678"},
            "set": {"NS": ["1", "2.5"]},
            "bytes": {"B": "AQI="},
            "nested": {"L": [{"L": [{"M": {"a.b": {"NULL": True}, "$c": {"BOOL": True}}}]}]},
            "": {"S": "no name"},
            "$top": {"S": "dollar"},
            "_id": {"S": "mine"},
            "empty": {"M": {}},
        }
        path = self.folder / "items.ndjson"
        path.write_text(lines(item("1", **every), item("2", text={"S": "\0 quotes \" and 한글"})))
        self.both("--key=pk", path, database=self.database)
        self.same(self.database)


class IdentityTest(MongodbTest):
    COMPOSITE = ("pk", "n")

    def record(self, name, number, t, **others):
        return kinesis(name, t, keys=self.COMPOSITE, n={"N": number}, **others)

    def removal(self, name, number, t):
        removed = self.record(name, number, t)
        del removed["dynamodb"]["NewImage"]
        return {**removed, "eventName": "REMOVE"}

    def test_a_key_of_two_attributes_is_a_document_or_a_string(self):
        expected = {
            "key": [("document", [("pk", "a|b"), ("n", 1)]), ("document", [("pk", "a|b"), ("n", 2)])],
            "string": [("string", "a\\|b|1"), ("string", "a\\|b|2")],
        }
        records = [self.record("a|b", "2", 2), self.record("a|b", "1", 1), self.record("c", "1", 1), self.removal("c", "1", 2)]
        for kind, identities in expected.items():
            with self.subTest(kind):
                self.database = self.fresh_database()
                arguments = ["--key=pk,n", f"--set=tables.*.id={kind}"]
                self.assertEqual(self.counted(*arguments, text=records), {"read": 4, "upserted": 2, "removed": 1, "coalesced": 1})
                self.assertEqual(self.counted(*arguments, text=records), {"read": 4, "stale": 3, "coalesced": 1})
                found = [dict(document.content)["_id"] for document in self.typed_documents()]
                shown = [(value.type, list(bson.plain(value).items()) if kind == "key" else value.content) for value in found]
                self.assertEqual(shown, identities)

    def test_object_ids_are_the_servers_and_stay(self):
        arguments = ["--key=pk,n", "--set=tables.*.id=objectid"]
        records = [self.record("a", "1", 1), self.record("a", "2", 1), self.record("b", "1", 1), self.removal("b", "1", 2)]
        self.assertEqual(self.counted(*arguments, text=records), {"read": 4, "upserted": 2, "removed": 1, "coalesced": 1})
        before = {(document["pk"], document["n"]): document["_id"] for document in self.documents()}
        self.assertEqual(sorted(before), [("a", 1), ("a", 2)])
        self.assertEqual({len(identity) for identity in before.values()}, {12})
        later = [self.record("a", "1", 3, more={"S": "x"}), self.record("a", "2", 0), self.record("b", "1", 1)]
        self.assertEqual(self.counted(*arguments, text=later), {"read": 3, "upserted": 1, "stale": 2})
        after = {(document["pk"], document["n"]): document["_id"] for document in self.documents()}
        self.assertEqual(after, before)
        (index,) = [index for name, index in self.client.indexes(self.database, "t").items() if name != "_id_"]
        self.assertEqual((list(index["key"].items()), index["unique"]), ([("pk", 1), ("n", 1)], True))

    def test_numbers_and_binaries_are_keys(self):
        records = [kinesis("x", 1, keys=("n",), n={"N": number}) for number in ("1", "1.5", "9007199254740993")]
        self.replay(text=records)
        kinds = sorted(dict(document.content)["_id"].type for document in self.typed_documents())
        self.assertEqual(kinds, ["decimal", "int32", "int64"])
        binary = [kinesis("x", 1, table="b", keys=("b",), b={"B": "QVFJPQ=="})]
        self.replay(text=binary)
        self.assertEqual(self.documents("b")[0]["_id"], b"\x01\x02")


class GuardTest(MongodbTest):
    def test_whatever_the_order_the_newest_stays(self):
        changes = [kinesis("1", 1, n={"N": "1"}), kinesis("1", 2, n={"N": "2"}), kinesis_removal("1", 3), kinesis("1", 4, n={"N": "4"})]
        changes += [kinesis("2", 1), kinesis_removal("2", 5)]
        for order in (changes, changes[::-1], changes[::2] + changes[1::2]):
            self.database = self.fresh_database()
            for change in order:  # a batch each
                self.replay(text=[change])
            (document,) = self.documents()
            self.assertEqual((document["_id"], document["n"], document["_dynatlas"]["t"]), ("1", 4, BEGIN + 4))
            self.assertEqual([(stone["_id"], stone["t"]) for stone in self.tombstones()], [("1", BEGIN + 3), ("2", BEGIN + 5)])

    def test_a_second_run_finds_everything_stale(self):
        records = [kinesis(str(n), n) for n in range(40)] + [kinesis_removal(str(n), 100) for n in range(10)]
        self.assertEqual(self.counted(text=records), {"read": 50, "upserted": 30, "removed": 10, "coalesced": 10})
        before = self.contents()
        self.assertEqual(self.counted(text=records), {"read": 50, "stale": 40, "coalesced": 10})
        self.assertEqual(self.contents(), before)

    def test_tombstones_say_what_is_needed_and_expire(self):
        now = time.time() * 1000
        self.replay(text=[kinesis_removal("1", 1)])
        (stone,) = self.tombstones()
        self.assertEqual((stone["_id"], stone["t"], stone["s"]), ("1", BEGIN + 1, f"f{0:08}{0:012}"))
        self.assertLess(abs(stone["settle_at"] - now - 10 * 60 * 1000), 120_000)
        self.assertLess(abs(stone["expire_at"] - now - 30 * DAY_MS), 120_000)
        indexes = self.client.indexes(self.database, "dynatlas.tombstones.t").values()
        self.assertEqual([index["key"] for index in indexes if index.get("expireAfterSeconds") == 0], [{"expire_at": 1}])
        self.assertIn({"settle_at": 1}, [index["key"] for index in indexes])

    def test_two_kinds_of_versions_do_not_mix(self):
        self.replay(text=[kinesis("1", 1)])
        before = self.documents()
        ended = self.replay("--table=t", text=[streams("2", 1)], code=3)
        self.assertIn(f"{self.database}.t", ended.errors)
        self.assertEqual(self.documents(), before)

    def test_another_mapping_is_refused(self):
        self.replay(text=[kinesis("1", 1)])
        before = self.contents()
        for setting in ("tables.*.id=string", "tables.*.numbers=decimal", "tables.*.deletes=soft", "metadata=_m"):
            with self.subTest(setting):
                ended = self.replay(f"--set={setting}", text=[kinesis("1", 2)], code=3)
                self.assertIn(f"{self.database}.t", ended.errors)
                self.assertEqual(self.contents(), before)

    def test_each_collection_stands_in_dynatlas_collections_once(self):
        for _ in range(2):
            self.replay(text=[kinesis("1", 1), kinesis("1", 1, table="u")])
        self.assertEqual(len(self.documents("dynatlas.collections")), 2)

    def test_off_leaves_no_metadata(self):
        off = "--set=tables.*.guard=off"
        self.replay(off, text=[kinesis("1", 9), kinesis("2", 9)])
        records = [kinesis("1", 4, n={"N": "4"}), kinesis_removal("2", 1)]
        self.assertEqual(self.counted(off, text=records), {"read": 2, "upserted": 1, "removed": 1})
        self.assertEqual(self.documents(), [{"_id": "1", "pk": "1", "n": 4}])
        self.assertNotIn("dynatlas.tombstones.t", self.client.collections(self.database))

    def test_soft_deletes_keep_the_document(self):
        soft = "--set=tables.*.deletes=soft"
        self.replay(soft, text=[kinesis("1", 1, n={"N": "1"})])
        records = [kinesis_removal("1", 5), kinesis_removal("2", 5)]
        self.assertEqual(self.counted(soft, text=records), {"read": 2, "removed": 2})
        self.assertEqual(self.counted(soft, text=[kinesis("1", 4), kinesis_removal("2", 4)]), {"read": 2, "stale": 2})
        first, second = self.documents()
        self.assertEqual((first["n"], first["_dynatlas"]["t"], first["_dynatlas"]["deleted"]), (1, BEGIN + 5, True))
        self.assertEqual((second["pk"], second["_dynatlas"]["t"], second["_dynatlas"]["deleted"]), ("2", BEGIN + 5, True))
        self.assertNotIn("dynatlas.tombstones.t", self.client.collections(self.database))
        self.replay(soft, text=[kinesis("1", 6)])
        self.assertNotIn("deleted", self.documents()[0]["_dynatlas"])


class ExistingTest(MongodbTest):
    def test_documents_without_metadata_count_as_oldest(self):
        self.client.insert(self.database, "t", {"_id": "1", "mine": True}, {"_id": "2", "mine": True}, {"_id": "3", "mine": True})
        self.assertEqual(self.counted(text=[kinesis("1", 1), kinesis_removal("2", 1)]), {"read": 2, "upserted": 1, "removed": 1})
        first, third = self.documents()
        self.assertEqual((first["pk"], "mine" in first), ("1", False))
        self.assertEqual(third, {"_id": "3", "mine": True})

    def test_or_stop_the_run(self):
        self.client.insert(self.database, "t", {"_id": "1", "mine": True}, {"_id": "2", "mine": True})
        before = self.documents()
        for record in (kinesis("1", 1), kinesis_removal("2", 1)):
            ended = self.replay("--set=tables.*.existing=refuse", text=[record], code=3)
            self.assertIn("existing", ended.errors)
            self.assertIn(f"{self.database}.t", ended.errors)
            self.assertEqual(self.documents(), before)
        self.replay("--set=tables.*.existing=refuse", text=[kinesis("9", 1)])  # it meets none of them


class ParkedTest(MongodbTest):
    MEMBERS = ["_id", "format", "table", "to", "key", "version", "tombstone", "position", "cause", "form", "record"]
    MEMBERS += ["record_size", "record_sha256", "at", "attempts"]

    def test_what_cannot_be_written_is_parked_with_its_cause(self):
        poison = {"pk": {"S": "1"}, "x": {"Y": "z"}}
        record = kinesis("1", 7)
        record["dynamodb"]["NewImage"] = poison
        self.replay(text=[kinesis_removal("1", 3)])
        self.assertEqual(self.counted(text=[record, kinesis("2", 1)], code=1), {"read": 2, "upserted": 1, "parked": 1})
        (letter,) = self.dead_letters()
        self.assertEqual(list(letter), self.MEMBERS)
        self.assertEqual((letter["key"], letter["version"]["t"], letter["tombstone"]["t"]), ("1", BEGIN + 7, BEGIN + 3))
        self.assertEqual((letter["table"], letter["to"]), ("t", f"{self.database}.t"))
        self.assertEqual(json.loads(letter["record"]), record)
        self.assertIn("x", letter["cause"])

    def test_nothing_is_parked_twice(self):
        for attempts in (1, 2):
            self.replay(text=[item("no key")], code=1)
            (letter,) = self.dead_letters()
            self.assertEqual(letter["attempts"], attempts)

    def test_they_stand_in_the_database_of_the_state(self):
        state = self.fresh_database()
        self.replay(f"--set=state.database={state}", text=[item("no key")], code=1)
        self.assertEqual(len(self.dead_letters(state)), 1)
        self.assertNotIn("dynatlas.dead_letters", self.client.collections(self.database))

    def test_a_hundred_in_a_row_stop_the_run(self):
        records = [item(f"no key {n}") for n in range(20)] + [kinesis("1", 1)]
        ended = self.replay("--set=limits.parked_in_a_row=10", text=records, code=3)
        self.assertIn("parked_in_a_row", ended.errors)
        self.assertEqual(len(self.dead_letters()), 10)


class DestinationTest(MongodbTest):
    def test_tables_go_where_map_says(self):
        other = self.fresh_database()
        records = [kinesis("1", 1, table=table) for table in ("a", "b", "c")]
        self.replay(f"--map=a={self.database}.x.y", f"--map=*={other}.*", text=records)
        self.assertEqual(self.collections(), ["x.y"])  # split at the first dot
        self.assertEqual(self.collections(other), ["b", "c"])
        self.assertIn("dynatlas.collections", self.client.collections(other))  # in the target's own database

    def test_the_others_go_to_the_database_of_the_uri(self):
        self.replay(text=[kinesis("1", 1, table="b")])
        self.assertEqual(self.collections(), ["b"])

    def test_the_uri_may_stand_in_the_configuration(self):
        path = self.folder / "dynatlas.yaml"
        path.write_text('target: {mongodb: {uri: "${DYNATLAS_TEST_URI}"}}\n')
        environment = {**os.environ, "DYNATLAS_TEST_URI": self.uri()}
        ended = program.run("replay", f"-c{path}", text=lines(kinesis("1", 1)), env=environment)
        self.assertEqual(ended.code, 0, ended.errors)
        self.assertEqual(self.collections(), ["t"])

    def test_the_configuration_may_come_through_a_pipe(self):
        """It can be read once; the URI's database is known only behind it."""
        changes = self.folder / "changes.ndjson"
        changes.write_text(lines(kinesis("1", 1)))
        text = f'target: {{mongodb: {{uri: "{self.uri()}"}}}}\ntables: [{{table: t, deletes: soft, id: string}}]\n'
        for _ in range(2):  # another mapping would be refused the second time
            ended = program.run("replay", "-c/dev/stdin", str(changes), text=text)
            self.assertEqual(ended.code, 0, ended.errors)
        self.replay("--set=tables.0={table: t, deletes: soft, id: string}", text=[kinesis("2", 2)])


class DefaultDatabasesTest(MongodbTest):
    own = True  # a foreign server may have databases of these names

    def test_where_the_uri_names_none(self):
        self.addCleanup(self.client.drop_database, "dynamodb")
        self.addCleanup(self.client.drop_database, "dynatlas")
        self.replay(to=self.server.server_uri, text=[kinesis("1", 1), item("no key")], code=1)
        self.assertEqual(self.collections("dynamodb"), ["t"])
        self.assertEqual(len(self.dead_letters("dynatlas")), 1)


class DryRunTest(MongodbTest):
    def test_it_makes_nothing(self):
        ended = self.replay("--dry-run", text=[kinesis("1", 1), item("parked")], code=1)
        self.assertIn("read 2: upserted 1, removed 0, stale 0, coalesced 0, parked 1", ended.errors)
        self.assertEqual(self.client.collections(self.database), {})

    def test_it_counts_by_what_is_there_and_leaves_it(self):
        self.replay(text=[kinesis("1", 5), kinesis_removal("3", 5), item("parked")], code=1)
        before = self.contents()
        records = [kinesis("1", 4), kinesis("2", 4), kinesis("3", 4), kinesis("3", 6), kinesis_removal("1", 6), item("x")]
        ended = self.replay("--dry-run", text=records, code=1)
        self.assertIn("read 6: upserted 2, removed 1, stale 0, coalesced 2, parked 1", ended.errors)
        ended = self.replay("--dry-run", text=[kinesis("1", 4), kinesis("3", 4), kinesis_removal("3", 4)])
        self.assertIn("read 3: upserted 0, removed 0, stale 2, coalesced 1, parked 0", ended.errors)
        self.assertEqual(self.contents(), before)


if __name__ == "__main__":
    unittest.main()
