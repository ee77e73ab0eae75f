#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `dynatlas replay --to dump:FOLDER` promises: its options, its exit codes, what it leaves when it is stopped."""

import gzip
import hashlib
import json
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

import bson
import program
from bson import plain
from program import compact, item
from records import BEGIN, kinesis, kinesis_removal, lines, streams
from replay_case import ReplayCase

SECRET = "SECRETcontent"


class ReplayTest(ReplayCase):
    def setUp(self):
        super().setUp()
        self.dump = self.folder / "dump"

    def target(self):
        return f"dump:{self.dump}"

    def documents(self, name="dynamodb/t"):
        path = self.dump / f"{name}.bson"
        return [plain(document) for document in bson.read_documents(path.read_bytes())]

    def collections(self):
        return sorted(str(path.relative_to(self.dump))[:-5] for path in self.dump.rglob("*.bson"))

    def dead_letters(self):
        path = self.dump / ".dynatlas" / "dead_letters.ndjson"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def contents(self, folder=None):
        """Every file with its bytes and every folder, so that any change shows."""
        folder = folder or self.folder
        return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


class TargetTest(ReplayTest):
    def test_a_file_that_is_gone_comes_back(self):
        records = [kinesis("1", 1)]
        self.replay(text=records)
        before = self.contents(self.dump / "dynamodb")
        (self.dump / "dynamodb" / "t.bson").unlink()
        self.assertEqual(self.counted(text=records), {"read": 1, "stale": 1})
        self.assertEqual(self.contents(self.dump / "dynamodb"), before)

    def test_kinds_of_one_key_in_one_batch_do_not_compare(self):
        timed = kinesis("1", 1)
        for records in ([timed, streams("1", 2)], [streams("1", 2), timed]):
            self.replay("--table=t", text=records, code=3)

    def test_what_a_damaged_file_cuts_off_is_not_parked(self):
        path = self.folder / "input.ndjson.gz"
        path.write_bytes(gzip.compress(lines(*[kinesis(str(n), n) for n in range(50)]).encode())[:-60])
        ended = self.replay(str(path), code=3)
        self.assertIn("cut off", ended.errors)
        self.assertEqual(self.dead_letters(), [])
    def test_tables_go_where_map_says(self):
        records = [kinesis("1", 1, table=table) for table in ("a", "b", "c")]
        self.replay("--map=a=shop.customers", "--map=*=archive.*", text=records)
        self.assertEqual(self.collections(), ["archive/b", "archive/c", "shop/customers"])

    def test_unmapped_tables_go_to_dynamodb(self):
        self.replay("--map=a=shop.x.y", text=[kinesis("1", 1, table="a"), kinesis("1", 1, table="b")])
        self.assertEqual(self.collections(), ["dynamodb/b", "shop/x.y"])  # split at the first dot

    def test_records_without_a_table_belong_to_items(self):
        self.replay("--key=pk", text=[item("1"), streams("2", 1)])
        self.assertEqual(self.collections(), ["dynamodb/items"])

    def test_table_names_the_table_of_records_that_name_none(self):
        records = [item("1"), streams("2", 1), kinesis("3", 1, table="other")]
        self.replay("--key=pk", "--table=mine", text=records)
        self.assertEqual(self.collections(), ["dynamodb/mine", "dynamodb/other"])
        self.assertEqual([d["_id"] for d in self.documents("dynamodb/mine")], ["1", "2"])

    def test_the_folder_may_stand_in_the_configuration(self):
        ended = program.run("replay", f"--set=target.dump.folder={self.dump}", text=lines(kinesis("1", 1)))
        self.assertEqual(ended.code, 0, ended.errors)
        self.assertEqual(self.collections(), ["dynamodb/t"])

    def test_key_gives_the_order_of_two_attributes(self):
        record = kinesis("1", 1, keys=("pk", "a"), a={"N": "2"})
        self.replay("--key=t=pk,a", text=[record])
        self.assertEqual(list(self.documents()[0]["_id"].items()), [("pk", "1"), ("a", 2)])

    def test_two_attributes_without_an_order_are_parked(self):
        record = kinesis("1", 1, keys=("pk", "a"), a={"N": "2"})
        ended = self.replay(text=[record], code=1)
        self.assertIn("--key", ended.errors)
        self.assertIn("--key", self.dead_letters()[0]["cause"])

    def test_an_item_without_its_key_is_parked(self):
        self.assertEqual(self.counted(text=[item("1")], code=1), {"read": 1, "parked": 1})
        self.assertIn("--key", self.dead_letters()[0]["cause"])

    def test_two_tables_with_one_target_stop_the_run(self):
        records = [kinesis("1", 1, table="a"), kinesis("1", 2, table="b")]
        ended = self.replay("--map=a=dynamodb.b", text=records, code=3)
        self.assertIn("`a`", ended.errors)
        self.assertIn("`b`", ended.errors)
        self.assertIn("dynamodb.b", ended.errors)

    def test_several_files_are_one_input(self):
        for number in range(3):
            (self.folder / f"{number}.ndjson").write_text(lines(kinesis("1", 5, n={"N": str(number)})))
        self.replay(*(self.folder / f"{number}.ndjson" for number in range(3)))
        (document,) = self.documents()
        self.assertEqual(document["n"], 2)  # at equal times the later place wins
        self.assertEqual(document["_dynatlas"], {"t": BEGIN + 5, "s": "f00000002000000000000"})


class VersionTest(ReplayTest):
    def test_items_without_a_time_fill_in_what_is_absent(self):
        self.replay("--key=pk", "--table=t", text=[kinesis("1", 1), kinesis_removal("2", 1)])
        items = [item(name, late={"BOOL": True}) for name in "123"]
        again = [item("3", late={"S": "again"})]
        self.assertEqual(
            self.counted("--key=pk", "--table=t", text=[*items, *again]),
            {"read": 4, "upserted": 1, "stale": 2, "coalesced": 1},
        )
        first, third = self.documents()
        self.assertEqual(first["_dynatlas"]["t"], BEGIN + 1)
        self.assertEqual(third, {"_id": "3", "pk": "3", "late": True})

    def test_as_of_makes_them_copied_items(self):
        as_of = ["--key=pk", "--table=t", "--as-of=2024-07-11T23:23:53.5Z"]  # BEGIN and half a second
        changes = [kinesis("old", 499_999), kinesis("same", 500_000), kinesis_removal("gone", 500_001)]
        self.replay(text=changes)
        items = [item(name, copied={"BOOL": True}) for name in ("old", "same", "gone", "new")]
        self.assertEqual(self.counted(*as_of, text=items), {"read": 4, "upserted": 2, "stale": 2})
        version = {"t": BEGIN + 500_000, "s": ""}
        found = {document["_id"]: document for document in self.documents()}
        self.assertEqual(sorted(found), ["new", "old", "same"])
        self.assertEqual(found["old"], {"_id": "old", "pk": "old", "copied": True, "_dynatlas": version})
        self.assertEqual(found["new"], {"_id": "new", "pk": "new", "copied": True, "_dynatlas": version})
        self.assertNotIn("copied", found["same"])

    def test_as_of_changes_nothing_for_records_with_a_time(self):
        self.replay("--as-of=2026-06-01T00:00:00Z", text=[kinesis("1", 1)])
        self.assertEqual(self.documents()[0]["_dynatlas"]["t"], BEGIN + 1)

    def test_a_table_does_not_go_into_collections_of_the_program_or_of_mongodb(self):
        for table in ("dynatlas.dead_letters", "system.views"):
            ended = self.replay(text=[kinesis("1", 1, table)], code=3)
            self.assertIn(f"the table `{table}` goes to ", ended.errors)

    def test_stream_names_the_stream_of_records_that_do_not(self):
        arn = "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2024-07-11T00:00:00.000"
        digits = hashlib.sha256(arn.encode()).hexdigest()[:8]
        self.replay("--table=t", f"--stream={arn}", text=[streams("1", 99), streams("1", 100), streams("1", 98)])
        (document,) = self.documents()
        self.assertEqual((document["n"], document["_dynatlas"]["s"]), (100, f"d{digits}003100"))
        # The same stream, named by the record itself.
        named = streams("1", 101, eventSourceARN=arn)
        self.assertEqual(self.counted("--table=t", text=[named]), {"read": 1, "upserted": 1})

    def test_an_unknown_stream_is_zeros(self):
        self.replay("--table=t", text=[streams("1", 99)])
        self.assertEqual(self.documents()[0]["_dynatlas"]["s"], "d0000000000299")

    def test_places_count_the_records_of_each_file_poison_included(self):
        page = compact([kinesis("a", 1), kinesis("b", 1)])
        text = lines(item("poison")) + page + "\n{broken}\n" + lines(kinesis("c", 1))
        self.replay(text=text, code=1)
        places = {document["_id"]: document["_dynatlas"]["s"] for document in self.documents()}
        self.assertEqual(places, {"a": f"f{0:08}{1:012}", "b": f"f{0:08}{2:012}", "c": f"f{0:08}{4:012}"})

    def test_of_two_changes_at_one_time_the_later_place_wins(self):
        paths = [self.folder / name for name in ("first", "second")]
        paths[0].write_text(lines(kinesis("1", 1, n={"N": "1"}), kinesis("1", 1, n={"N": "2"})))
        paths[1].write_text(lines(kinesis("1", 1, n={"N": "3"}), kinesis("1", 0, n={"N": "4"})))
        self.replay(*paths)
        self.assertEqual(self.documents()[0]["n"], 3)

    def test_two_kinds_of_versions_do_not_mix(self):
        self.replay(text=[kinesis("1", 1)])
        before = self.documents()
        ended = self.replay("--table=t", text=[streams("2", 1)], code=3)
        self.assertIn("dynamodb.t", ended.errors)
        self.replay("--table=t", text=[kinesis("2", 1)])
        self.assertEqual([d["_id"] for d in self.documents()], ["1", "2"])
        self.assertEqual(self.documents()[0], before[0])

    def test_another_mapping_is_refused(self):
        self.replay(text=[kinesis("1", 1)])
        before = self.contents(self.dump / "dynamodb")
        for setting in ("tables.*.id=string", "tables.*.numbers=decimal", "tables.*.sets=array", "tables.*.deletes=soft",
                        "tables.*.guard=off", "metadata=_m", "tables.*.fields={drop: [a]}"):
            with self.subTest(setting):
                ended = self.replay(f"--set={setting}", text=[kinesis("1", 2)], code=3)
                self.assertIn("dynamodb.t", ended.errors)
                self.assertEqual(self.contents(self.dump / "dynamodb"), before)


class SummaryTest(ReplayTest):
    RECORDS = [
        kinesis("1", 1),
        kinesis("1", 2),
        kinesis_removal("2", 2),
        kinesis("3", 3),
        item("no key"),
        kinesis_removal("4", 4, userIdentity={"type": "Service", "principalId": "dynamodb.amazonaws.com"}),
    ]
    EXPECTED = {"read": 6, "upserted": 2, "removed": 1, "coalesced": 1, "parked": 1, "filtered": 1}

    def test_every_record_is_counted_once(self):
        skip = "--set=tables.*.ttl_deletes=skip"
        self.assertEqual(self.counted(skip, text=self.RECORDS, code=1), self.EXPECTED)
        again = {"read": 6, "stale": 3, "coalesced": 1, "parked": 1, "filtered": 1}
        self.assertEqual(self.counted(skip, text=self.RECORDS, code=1), again)

    def test_one_line_on_standard_error_says_the_same(self):
        ended = self.replay("--set=tables.*.ttl_deletes=skip", text=self.RECORDS, code=1)
        numbers = "read 6: upserted 2, removed 1, stale 0, coalesced 1, parked 1, filtered 1;"
        self.assertEqual([numbers in line for line in ended.errors.splitlines()].count(True), 1, ended.errors)

    def test_values_that_mongodb_holds_otherwise_are_told(self):
        ended = self.replay("--key=pk", text=[{"pk": {"S": "1"}, "n": {"N": "12345678901234567890123456789012345678"}}])
        self.assertIn("numbers kept as strings, for no type of MongoDB holds all their digits: 1\n", ended.errors)

    def test_an_empty_input_is_counted_too(self):
        self.assertEqual(self.counted(text=""), {})
        self.assertEqual(self.collections(), [])

    def test_deletes_by_ttl_are_applied_where_nothing_else_is_said(self):
        expected = {"read": 6, "upserted": 2, "removed": 2, "coalesced": 1, "parked": 1}
        self.assertEqual(self.counted(text=self.RECORDS, code=1), expected)

    def test_ties_are_told(self):
        ended = self.replay(text=[kinesis("1", 1, n={"N": "1"}), kinesis("1", 1, n={"N": "2"})])
        self.assertIn("MICROSECOND", ended.errors)


class DryRunTest(ReplayTest):
    def test_it_makes_nothing(self):
        records = [kinesis("1", 1), item("parked")]
        before = self.contents()
        ended = self.replay("--dry-run", text=records, code=1)
        self.assertIn("read 2: upserted 1, removed 0, stale 0, coalesced 0, parked 1", ended.errors)
        self.assertEqual(self.contents(), before)

    def test_it_counts_by_what_is_there_and_leaves_it(self):
        self.replay(text=[kinesis("1", 5), item("parked")], code=1)
        before = self.contents()
        stamps = {path: path.stat().st_mtime_ns for path in self.folder.rglob("*")}
        ended = self.replay("--dry-run", text=[kinesis("1", 4), kinesis("2", 4), kinesis_removal("1", 6), item("x")], code=1)
        self.assertIn("read 4: upserted 1, removed 1, stale 0, coalesced 1, parked 1", ended.errors)
        self.assertEqual(self.contents(), before)
        self.assertEqual({path: path.stat().st_mtime_ns for path in self.folder.rglob("*")}, stamps)

    def test_it_reads_a_dump_of_somebody_else(self):
        (self.dump / "dynamodb").mkdir(parents=True)
        self.replay_into_other_folder()
        before = self.contents()
        ended = self.replay("--dry-run", text=[kinesis("1", 1), kinesis("2", 9)])
        self.assertIn("upserted 1, removed 0, stale 1", ended.errors)
        self.assertEqual(self.contents(), before)

    def replay_into_other_folder(self):
        other = self.folder / "other"
        ended = program.run("replay", f"--to=dump:{other}", text=lines(kinesis("1", 5)))
        self.assertEqual(ended.code, 0, ended.errors)
        for path in (other / "dynamodb").iterdir():
            shutil.copy(path, self.dump / "dynamodb")


class ParkingTest(ReplayTest):
    def bad(self, name="1", t=7):
        return kinesis(name, t, n={"N": SECRET}, secret={"S": SECRET})

    def test_parked_records_are_kept_with_their_cause(self):
        self.replay(text=[kinesis_removal("1", 3)])
        ended = self.replay("--map=t=shop.c", "--from=kinesis", text=[kinesis("0", 1), self.bad()], code=1)
        self.assertIn("record 1, line 2", ended.errors)
        self.assertNotIn(SECRET, ended.errors)
        (letter,) = self.dead_letters()
        text = compact(self.bad())
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.assertEqual(letter["_id"], f"files:{digest}")
        self.assertEqual((letter["table"], letter["to"], letter["key"]), ("t", "shop.c", "1"))
        self.assertIsNone(letter["tombstone"])  # the removal was in another collection
        self.assertIn("`n`", letter["cause"])
        self.assertNotIn(SECRET, letter["cause"])
        self.assertEqual(letter["record_sha256"], digest)
        self.assertEqual(letter["record_size"], {"$numberLong": str(len(text))})
        self.assertEqual([d["_id"] for d in self.documents("shop/c")], ["0"])

    def test_they_know_their_tombstone(self):
        self.replay("--from=kinesis", text=[kinesis_removal("1", 3), self.bad()], code=1)
        self.assertEqual(self.dead_letters()[0]["tombstone"]["t"], {"$numberLong": str(BEGIN + 3)})

    def test_they_keep_what_is_known_of_the_change(self):
        self.replay(text=[self.bad()], code=1)
        (letter,) = self.dead_letters()
        self.assertEqual((letter["table"], letter["to"], letter["key"]), ("t", "dynamodb.t", "1"))
        self.assertEqual(letter["version"], {"t": {"$numberLong": str(BEGIN + 7)}, "s": "f00000000000000000000"})

    def test_a_repeat_is_parked_once(self):
        self.replay(text=[self.bad()], code=1)
        (first,) = self.dead_letters()
        self.assertEqual(first["attempts"], {"$numberInt": "1"})
        self.assertEqual(self.counted(text=[self.bad(), self.bad()], code=1), {"read": 2, "parked": 2})
        (again,) = self.dead_letters()
        self.assertEqual(again, {**first, "attempts": {"$numberInt": "3"}})

    def test_many_are_not_all_told(self):
        records = []
        for number in range(50):
            records += [self.bad(str(number)), kinesis("good", number)]
        ended = self.replay(text=records, code=1)
        self.assertEqual(sum("attribute `n`" in line for line in ended.errors.splitlines()), 20)
        self.assertIn("30 more records were parked", ended.errors)
        self.assertEqual(len(self.dead_letters()), 50)

    def test_a_row_of_them_stops_the_run(self):
        bad = [self.bad(str(number)) for number in range(10)]
        limit = "--set=limits.parked_in_a_row=10"
        self.replay(limit, text=[kinesis("a", 1), *bad[:9], kinesis("b", 1), *bad], code=3)
        ended = self.replay(limit, text=[kinesis("c", 1), *bad, kinesis("d", 1)], code=3)
        self.assertIn("10 records in a row", ended.errors)
        self.assertIn("limits.parked_in_a_row", ended.errors)
        self.assertNotIn(SECRET, ended.errors)
        self.assertEqual(len(self.dead_letters()), 10)  # why it stopped can be read
        self.replay(limit, text=[kinesis("d", 1), *bad[:9], kinesis("e", 1)], code=1)
        # What came before the brake was applied, what came behind it was not.
        self.assertEqual([d["_id"] for d in self.documents()], ["a", "b", "c", "d", "e"])

    def test_the_limit_is_a_hundred(self):
        bad = [self.bad(str(number)) for number in range(100)]
        self.replay(text=bad[:99], code=1)
        self.replay(text=bad, code=3)
        self.replay("--set=limits.parked_in_a_row=0", text=bad, code=1)

    def test_two_causes_are_no_row(self):
        other = [kinesis(str(number), 1, s={"SS": []}) for number in range(10)]
        bad = [record for number in range(10) for record in (self.bad(str(number)), other[number])]
        self.replay("--set=limits.parked_in_a_row=10", text=bad, code=1)

    def test_names_cannot_steer_a_terminal(self):
        ended = self.replay(text=[kinesis("1", 1, **{"\x1b[31m\n": {"N": "x"}})], code=1)
        self.assertNotIn("\x1b", ended.errors)


class RulesTest(ReplayTest):
    SOFT = "--set=tables.*.deletes=soft"

    def test_soft_deletes_mark_the_document(self):
        records = [kinesis("1", 1, n={"N": "5"}, tags={"SS": ["x"]}), kinesis_removal("2", 2)]
        self.assertEqual(self.counted(self.SOFT, text=records), {"read": 2, "upserted": 1, "removed": 1})
        self.replay(self.SOFT, text=[kinesis_removal("1", 3)])
        first, second = self.documents()
        place = "f00000000000000000000"
        self.assertEqual(first["_dynatlas"], {"t": BEGIN + 3, "s": place, "types": {"tags": "SS"}, "deleted": True})
        self.assertEqual((first["n"], first["tags"]), (5, ["x"]))
        version = {"t": BEGIN + 2, "s": "f00000000000000000001", "deleted": True}
        self.assertEqual(second, {"_id": "2", "pk": "2", "_dynatlas": version})

    def test_soft_deletes_are_guarded(self):
        self.replay(self.SOFT, text=[kinesis_removal("1", 3)])
        self.assertEqual(self.counted(self.SOFT, text=[kinesis("1", 2)]), {"read": 1, "stale": 1})
        self.assertEqual(self.counted(self.SOFT, text=[kinesis("1", 4)]), {"read": 1, "upserted": 1})
        self.assertNotIn("deleted", self.documents()[0]["_dynatlas"])

    def foreign(self):
        (self.dump / "dynamodb").mkdir(parents=True)
        elements = b"\x02_id\0\x02\0\0\0" b"1\0" + b"\x10n\0\x05\0\0\0"
        document = (len(elements) + 5).to_bytes(4, "little") + elements + b"\0"
        (self.dump / "dynamodb" / "t.bson").write_bytes(document)

    def test_existing_documents_are_taken_for_the_oldest(self):
        self.foreign()
        self.assertEqual(self.counted(text=[kinesis("2", 1)]), {"read": 1, "upserted": 1})
        self.assertEqual(self.documents()[0], {"_id": "1", "n": 5})
        self.assertEqual(self.counted(text=[kinesis("1", 1)]), {"read": 1, "upserted": 1})
        self.assertNotIn("n", self.documents()[0])

    def test_existing_documents_are_refused_when_one_is_met(self):
        self.foreign()
        refuse = "--set=tables.*.existing=refuse"
        self.assertEqual(self.counted(refuse, text=[kinesis("2", 1)]), {"read": 1, "upserted": 1})
        ended = self.replay(refuse, text=[kinesis("1", 1)], code=3)
        self.assertIn("existing: refuse", ended.errors)
        self.assertEqual(self.documents()[0], {"_id": "1", "n": 5})

    def test_without_the_guard_the_last_wins(self):
        off = "--set=tables.*.guard=off"
        self.assertEqual(self.counted(off, text=[kinesis("1", 5, n={"N": "5"})]), {"read": 1, "upserted": 1})
        records = [kinesis("1", 4, n={"N": "4"}), kinesis("2", 9), kinesis_removal("2", 1)]
        self.assertEqual(self.counted(off, text=records), {"read": 3, "upserted": 1, "removed": 1, "coalesced": 1})
        self.assertEqual(self.documents(), [{"_id": "1", "pk": "1", "n": 4}])

    def test_object_ids_stay(self):
        objectid = "--set=tables.*.id=objectid"
        self.replay(objectid, text=[kinesis("1", 1)])
        (first,) = self.documents()
        self.assertEqual(len(first["_id"]), 12)
        self.replay(objectid, text=[kinesis("1", 2, n={"N": "1"})])
        (second,) = self.documents()
        self.assertEqual((second["_id"], second["n"]), (first["_id"], 1))
        metadata = json.loads((self.dump / "dynamodb" / "t.metadata.json").read_text())
        index = {"v": {"$numberInt": "2"}, "key": {"pk": {"$numberInt": "1"}}, "name": "pk_1", "unique": True}
        self.assertEqual(metadata["indexes"][1:], [index])


class UsageTest(ReplayTest):
    """Exit code 2, a message that says what is wrong, and nothing is touched."""

    def refused(self, *arguments, to=True, says=""):
        before = self.contents()
        target = [f"--to=dump:{self.dump}"] if to else []
        ended = program.run("replay", *target, *arguments, text=lines(kinesis("1", 1)), cwd=self.folder)
        self.assertEqual(ended.code, 2, ended.errors)
        self.assertIn(says, ended.errors)
        self.assertEqual(self.contents(), before)

    def test_targets(self):
        self.refused(to=False, says="--to")
        for target in ("dump:", "dump", "out", "postgres://x"):
            self.refused(f"--to={target}", to=False, says="--to")

    def test_options(self):
        for time in ("yesterday", "", "2999-01-01T00:00:00Z"):  # an empty one: of a variable that is not set
            self.refused(f"--as-of={time}", says="--as-of")
        self.refused("--map=t", says="--map")
        self.refused("--map=t=x", says="--map")
        self.refused("--map=t=.x", says="--map")
        self.refused("--key=", says="--key")
        self.refused("--key=a,b,c", says="--key")
        self.refused("--table=no such name", says="--table")
        self.refused("--jobs=0", says="--jobs")
        self.refused("--from=xml", says="--from")
        self.refused("--no-such-option", says="--no-such-option")

    def test_files(self):
        self.refused(self.folder / "none.ndjson", says="none.ndjson")
        (self.folder / "some.ndjson").write_text("{}")
        self.refused(self.folder / "some.ndjson", self.folder / "none.ndjson", says="none.ndjson")
        self.refused(f"-c{self.folder}/none.yaml", says="none.yaml")

    def test_configuration(self):
        self.refused("--map=a=shop.c", "--map=b=shop.c", says="shop.c")
        self.refused("--set=tables.*.deletes=hard", says="deletes")
        path = self.folder / "dynatlas.yaml"
        path.write_text("tables:\n  - table: t\n    dletes: soft\n")
        self.refused(f"-c{path}", says="dynatlas.yaml:3")
        path.write_text("target: {dump: {folder: '${DYNATLAS_TEST_UNSET}'}}\n")
        self.refused(f"-c{path}", says="DYNATLAS_TEST_UNSET")


class ProcessesTest(ReplayTest):
    def test_several_write_one_folder_at_once(self):
        keys, changes, processes = 40, 3000, 6
        records = [kinesis(str(t * 7 % keys), t, n={"N": str(t)}) for t in range(changes)]
        removed = [kinesis_removal(str(key), changes) for key in range(0, keys, 4)]
        children = []
        for number in range(processes):
            path = self.folder / f"{number}.ndjson"
            path.write_text(lines(*(records + removed)[number::processes]))
            command = [program.path(), "replay", f"--to=dump:{self.dump}", f"--summary={path}.summary", str(path)]
            children.append(subprocess.Popen(command, stderr=subprocess.PIPE))
        counted = []
        for number, child in enumerate(children):
            _, errors = child.communicate(timeout=120)
            self.assertEqual(child.returncode, 0, errors.decode())
            counted.append(json.loads((self.folder / f"{number}.ndjson.summary").read_text()))
        self.assertEqual(sum(summary["read"] for summary in counted), len(records) + len(removed))
        self.assertEqual(sum(summary["removed"] for summary in counted), len(removed))
        last = {str(t * 7 % keys): t for t in range(changes)}
        expected = {key: t for key, t in last.items() if int(key) % 4}
        self.assertEqual({d["_id"]: d["n"] for d in self.documents()}, expected)


class StoppedTest(ReplayTest):
    """What ends with exit code 3 keeps what was applied; the same command continues."""

    def records(self, count, text="x" * 200):
        return [kinesis(str(t % 1000), t, n={"N": str(t)}, text={"S": text}) for t in range(count)]

    def expected(self, records):
        last = {record["dynamodb"]["Keys"]["pk"]["S"]: record["dynamodb"]["NewImage"]["n"]["N"] for record in records}
        return {key: int(n) for key, n in last.items()}

    def found(self):
        return {document["_id"]: document["n"] for document in self.documents()}

    def test_a_summary_without_a_folder(self):
        ended = self.replay(f"--summary={self.folder}/nowhere/s.json", text=[kinesis("1", 1)], code=2)
        self.assertIn("nowhere/s.json", ended.errors)
        self.assertFalse(self.dump.exists())

    def test_a_signal_while_nothing_comes(self):
        command = [program.path(), "replay", f"--to=dump:{self.dump}"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        child.stdin.write(lines(*self.records(10)).encode())
        child.stdin.flush()
        deadline = time.monotonic() + 60
        while not (self.dump / ".dynatlas" / "state.sqlite").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)  # it waits for the pipe now, or will be told before it does
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(timeout=60), 3)
        self.assertIn("signal", child.stderr.read().decode())
        child.stdin.close()
        child.stderr.close()

    def test_a_signal_just_before_it_waits_for_input(self):
        """Whoever only looks at a flag before reading misses every tenth of them, and waits for ever."""
        data = lines(*self.records(4_000)).encode()
        children = []
        for attempt in range(program.fewer(60)):
            command = [program.path(), "replay", "--jobs=1", f"--to=dump:{self.dump}-{attempt}"]
            child = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.addCleanup(child.wait)
            self.addCleanup(child.kill)
            self.addCleanup(child.stdin.close)
            child.stdin.write(data[: 150_000 * (1 + attempt % 9)])  # more than a pipe holds: it reads before it is stopped
            child.stdin.flush()
            child.send_signal(signal.SIGTERM)
            children.append(child)
        for child in children:
            self.assertEqual(child.wait(timeout=60), 3)

    def test_a_signal(self):
        records = self.records(40_000)
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                shutil.rmtree(self.dump, ignore_errors=True)
                command = [program.path(), "replay", f"--to=dump:{self.dump}"]
                child = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
                child.stdin.write(lines(*records[:20_000]).encode())
                child.stdin.flush()
                deadline = time.monotonic() + 60
                while not (self.dump / ".dynatlas" / "state.sqlite").exists() and time.monotonic() < deadline:
                    time.sleep(0.01)
                child.send_signal(number)
                try:
                    child.stdin.write(lines(*records[20_000:]).encode())
                except BrokenPipeError:
                    pass  # it has ended already
                _, errors = child.communicate(timeout=60)
                self.assertEqual(child.returncode, 3, errors.decode())
                self.assertIn("signal", errors.decode())
                self.assertIn("read ", errors.decode())
                self.assertEqual(self.collections(), [])  # only a drained input is shown
                self.replay(text=records)
                self.assertEqual(self.found(), self.expected(records))

    def limited(self, limit, *arguments, text="", dies=False):
        """Runs replay so that no file can grow beyond `limit` bytes; a write that would fails, or kills the program."""

        def limit_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL if dies else signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        return program.run("replay", f"--to=dump:{self.dump}", *arguments, text=text, preexec_fn=limit_files)

    def test_a_disk_that_is_full_for_the_working_state(self):
        first = self.records(1_000)
        second = [kinesis(str(t % 1000), 10_000 + t, n={"N": str(-t)}, text={"S": "y" * 400}) for t in range(9_000)]
        before = None
        path = self.folder / "second.ndjson"
        path.write_text(lines(*second))
        for limit in (0, 1, 100, 4096, 5000, 32_768, 100_000, 300_000, 500_000, 800_000):
            for dies in (False, True):
                with self.subTest(limit=limit, dies=dies):
                    shutil.rmtree(self.dump, ignore_errors=True)
                    self.replay(text=first)
                    before = self.contents(self.dump / "dynamodb")
                    ended = self.limited(limit, path, dies=dies)
                    if not dies:
                        self.assertEqual(ended.code, 3, ended.errors)
                        self.assertIn(str(self.dump), ended.errors)
                        self.assertRegex(ended.errors, "disk|too large")
                        self.assertNotIn("y" * 10, ended.errors)
                    self.assertNotEqual(ended.code, 0)
                    self.assertEqual(self.contents(self.dump / "dynamodb"), before)
                    self.replay(path)
                    self.assertEqual(self.found(), self.expected(first + second))

    def test_a_disk_that_is_full_in_a_new_folder(self):
        records = self.records(1_000)
        for limit in (0, 1, 4096, 50_000):
            with self.subTest(limit):
                shutil.rmtree(self.dump, ignore_errors=True)
                ended = self.limited(limit, text=lines(*records))
                self.assertEqual(ended.code, 3, ended.errors)
                self.assertEqual(self.collections() if self.dump.exists() else [], [])
                self.replay(text=records)
                self.assertEqual(self.found(), self.expected(records))

    def test_a_disk_that_is_full_for_the_export(self):
        records = self.records(1_000)
        self.replay(text=[*records, item("parked")], code=1)
        complete = self.contents(self.dump / "dynamodb")
        (self.dump / "dynamodb" / "t.bson").write_bytes(b"the file of before")
        before = self.contents(self.dump / "dynamodb")
        for limit in (40_000, 100_000, len(complete[str(self.dump / "dynamodb" / "t.bson")]) - 1):
            for dies in (False, True):
                with self.subTest(limit=limit, dies=dies):
                    # As a process leaves it that was killed before its export.
                    with sqlite3.connect(self.dump / ".dynatlas" / "state.sqlite") as state:
                        state.execute("UPDATE collections SET changed = changed + 1")
                    state.close()
                    ended = self.limited(limit, dies=dies)
                    if not dies:
                        self.assertEqual(ended.code, 3, ended.errors)
                        self.assertIn("t.bson", ended.errors)
                        self.assertIn("too large", ended.errors)
                    kept = {name: text for name, text in self.contents(self.dump / "dynamodb").items() if not name.endswith("-new")}
                    self.assertEqual(kept, before)
        self.replay()
        self.assertEqual(self.contents(self.dump / "dynamodb"), complete)

    def test_a_working_state_that_is_damaged(self):
        self.replay(text=self.records(2_000))
        state = self.dump / ".dynatlas" / "state.sqlite"
        whole = state.read_bytes()
        before = self.contents(self.dump / "dynamodb")
        for damaged in (b"x" * len(whole), whole[:5000], whole[:100] + b"\xff" * (len(whole) - 100)):
            for dry in ([], ["--dry-run"]):
                with self.subTest(damaged[:20]):
                    state.write_bytes(damaged)
                    ended = self.replay(*dry, text=[kinesis("1", 9_000)], code=3)
                    self.assertIn("state.sqlite", ended.errors)
                    self.assertEqual(self.contents(self.dump / "dynamodb"), before)
        state.write_bytes(whole)
        self.replay(text=[kinesis("1", 9_000, n={"N": "7"})])
        self.assertEqual(self.found()["1"], 7)

    def test_a_working_state_that_was_removed_is_made_again_of_the_whole_input(self):
        records = [*self.records(2_000), kinesis_removal("5", 5_000)]
        self.replay(text=records)
        before = self.contents(self.dump / "dynamodb")
        shutil.rmtree(self.dump / ".dynatlas")
        self.replay(text=records)
        self.assertEqual({**self.contents(self.dump / "dynamodb")}, before)
        self.assertEqual(self.counted(text=[kinesis("5", 4_000)]), {"read": 1, "stale": 1})

    def test_a_file_in_the_place_of_the_folder(self):
        self.dump.write_text("mine")
        ended = self.replay(text=[kinesis("1", 1)], code=3)
        self.assertIn(str(self.dump), ended.errors)
        self.assertEqual(self.dump.read_text(), "mine")

    def test_a_file_in_the_place_of_a_database(self):
        self.dump.mkdir()
        (self.dump / "dynamodb").write_text("mine")
        ended = self.replay(text=[kinesis("1", 1)], code=3)
        self.assertIn(str(self.dump / "dynamodb"), ended.errors)
        (self.dump / "dynamodb").unlink()
        self.replay(text=[kinesis("1", 1)])
        self.assertEqual(len(self.documents()), 1)

    def test_a_dump_that_is_none(self):
        (self.dump / "dynamodb").mkdir(parents=True)
        (self.dump / "dynamodb" / "t.bson").write_text("this is no dump at all")
        ended = self.replay(text=[kinesis("1", 1)], code=3)
        self.assertIn("t.bson", ended.errors)
        self.assertEqual((self.dump / "dynamodb" / "t.bson").read_text(), "this is no dump at all")

    def test_input_that_is_cut_off(self):
        path = self.folder / "cut.ndjson.gz"
        path.write_bytes(gzip.compress(lines(*self.records(5_000)).encode())[:-1000])
        ended = self.replay(path, code=3)
        self.assertIn("cut.ndjson.gz", ended.errors)


if __name__ == "__main__":
    unittest.main()
