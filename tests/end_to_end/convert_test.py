#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `dynatlas convert` promises beyond its input forms: the classic item, exit codes, causes, damaged input."""

import base64
import gzip
import json
import os
import pathlib
import random
import re
import subprocess
import tempfile
import threading
import unittest

import bson
import program
from program import compact, item

SECRET = "SECRETcontent"
CLASSIC_DOCUMENT = (program.TESTDATA / "classic-document.json").read_text(encoding="utf-8")
CLASSIC_RECORDS = (program.TESTDATA / "classic-kinesis.ndjson").read_text(encoding="utf-8").splitlines()


def kinesis_event(*records):
    """A Lambda event with these texts as the data of its records."""
    return {
        "Records": [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "0AB18464EFEE6043E48DD4475DABA453",
                    "sequenceNumber": str(1000 + number),
                    "data": base64.b64encode(record.encode("utf-8", "surrogateescape")).decode(),
                    "approximateArrivalTimestamp": 1720740233.5,
                },
                "eventSource": "aws:kinesis",
                "eventID": f"shardId-000000000000:{1000 + number}",
                "eventName": "aws:kinesis:record",
                "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/s",
            }
            for number, record in enumerate(records)
        ]
    }


def kinesis_record(image, keys=("pk",), **others):
    body = {"ApproximateCreationDateTime": 1660598951097, "Keys": {name: image[name] for name in keys}, "NewImage": image}
    return {"eventName": "INSERT", "recordFormat": "application/json", "tableName": "t", "dynamodb": {**body, **others}}


def streams_record(image, number=1, **others):
    body = {"ApproximateCreationDateTime": 1480642020, "Keys": {"pk": image["pk"]}, "NewImage": image, "SequenceNumber": str(number)}
    return {"eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "dynamodb": {**body, **others}}


class Folder(unittest.TestCase):
    """A test with a folder of its own."""

    maxDiff = 4000

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, text):
        path = self.folder / name
        path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
        return path

    def names(self, ended):
        """The key `pk` of each document that was printed."""
        return [json.loads(line)["pk"] for line in ended.lines()]


class ClassicItemTest(Folder):
    """The item of the classic Lambda's documentation gives the document that people expect."""

    def expected(self):
        return json.loads(CLASSIC_DOCUMENT, object_pairs_hook=list)

    def test_with_an_object_id_it_is_the_classic_document_in_its_order(self):
        event = compact(kinesis_event(CLASSIC_RECORDS[0]))
        for key in ([], ["--key=customerId"], ["--key=customers=customerId"]):
            ended = program.run("convert", "--set=tables.*.id=objectid", *key, text=event)
            self.assertEqual((ended.code, ended.errors), (0, ""))
            self.assertEqual(ended.documents(), [self.expected()])

    def test_with_its_key_it_has_its_id_in_front(self):
        event = compact(kinesis_event(CLASSIC_RECORDS[0]))
        for key in ([], ["--key=customerId"]):
            ended = program.run("convert", *key, text=event)
            self.assertEqual((ended.code, ended.errors), (0, ""))
            (document,) = ended.documents()
            self.assertEqual(document[0], ("_id", "Test-001"))
            self.assertEqual(document[1:], self.expected())

    def test_the_bare_item_gives_the_same_document(self):
        text = (program.TESTDATA / "classic-item.json").read_bytes()
        self.assertEqual(program.run("convert", text=text).documents(), [self.expected()])

    def test_its_history_is_two_documents_and_a_removal(self):
        ended = program.run("convert", "--changes", text=compact(kinesis_event(*CLASSIC_RECORDS)))
        self.assertEqual(ended.code, 0, ended.errors)
        changes = [json.loads(line) for line in ended.lines()]
        self.assertEqual([change["op"] for change in changes], ["upsert", "upsert", "remove"])
        self.assertEqual([change["id"] for change in changes], ["Test-001"] * 3)
        self.assertEqual([change["to"] for change in changes], ["dynamodb.customers"] * 3)
        self.assertEqual([change["version"]["t"] for change in changes], [1720740233012995, 1720740235120004, 1720740239450871])
        self.assertEqual([change["version"]["s"] for change in changes], ["k0041000", "k0041001", "k0041002"])
        self.assertEqual([change["document"]["NumberKey"] for change in changes[:2]], [1, 2])
        self.assertNotIn("document", changes[2])

    def test_its_metadata_names_its_sets(self):
        ended = program.run("convert", "--metadata", text=compact(kinesis_event(CLASSIC_RECORDS[0])))
        metadata = json.loads(ended.lines()[0])["_dynatlas"]
        sets = {"ListKey.6": "SS", "ListKey.7": "NS", "StringSet": "SS", "NumberSet": "NS"}
        self.assertEqual(metadata, {"t": 1720740233012995, "s": "k0041000", "types": sets})


class OutputTest(Folder):
    def test_bson_is_the_canonical_documents_back_to_back(self):
        text = (program.TESTDATA / "forms" / "item.json").read_bytes()
        ended = program.run("convert", "--to=bson", "--key=customerId,orderNo", text=text)
        self.assertEqual(ended.code, 0, ended.errors)
        first, second = bson.read_documents(ended.out)
        self.assertEqual(first.content[0][0], "_id")
        names = [name for name, _ in first.content]
        self.assertEqual(names[1:5], ["customerId", "orderNo", "name", "total"])
        values = dict(first.content)
        self.assertEqual(values["orderNo"], bson.Value("int32", 1))
        self.assertEqual(values["total"], bson.Value("double", 12.5))
        self.assertEqual(values["photo"], bson.Value("binary", b"\x01\x02\xff"))
        self.assertEqual(values["big"].type, "decimal")
        self.assertEqual(values["none"], bson.Value("null", None))
        self.assertEqual([name for name, _ in second.content], ["_id", "orderNo", "customerId", "empty"])

    def test_relaxed_numbers_are_plain_where_json_can_say_them(self):
        numbers = {"i": "7", "l": "2147483648", "ll": "-9223372036854775808", "d": "0.1", "e": "1e-7", "big": "1E+125", "dec": "0.1234567890123456789"}
        text = compact({name: {"N": number} for name, number in numbers.items()})
        relaxed = '{"i":7,"l":2147483648,"ll":-9223372036854775808,"d":0.1,"e":1e-7,"big":1e+125,"dec":{"$numberDecimal":"0.1234567890123456789"}}'
        ended = program.run("convert", text=text)
        self.assertEqual(json.loads(ended.lines()[0]), json.loads(relaxed))
        canonical = json.loads(program.run("convert", "--to=canonical", text=text).lines()[0])
        kinds = [list(value)[0] for value in canonical.values()]
        self.assertEqual(kinds, ["$numberInt"] + ["$numberLong"] * 2 + ["$numberDouble"] * 3 + ["$numberDecimal"])

    def test_the_way_back_gives_the_items_again(self):
        everything = item(
            "1", n={"N": "12.50"}, z={"N": "-0"}, e={"N": "1E+20"}, tiny={"N": "1E-130"}, wide={"N": "1234567890123456789012345678901234567.8"},
            b={"B": "AQL/"}, t={"BOOL": True}, f={"BOOL": False}, u={"NULL": True}, ss={"SS": ["b", "a"]}, ns={"NS": ["3", "-1.5"]},
            bs={"BS": ["AQ==", ""]}, l={"L": [{"L": []}, {"M": {}}, {"NS": ["1"]}]}, m={"M": {"": {"S": ""}, "a.b": {"SS": ["x"]}, "$c": {"N": "1"}, "%": {"N": "2"}}},
            **{"_id": {"S": "mine"}, "_dynatlas": {"S": "x"}, "%24": {"S": "y"}, "a\\b.c": {"BS": ["AQ=="]}, "nul\0": {"S": "\0"}}
        )
        plain = json.loads(json.dumps(everything))
        plain["n"], plain["z"], plain["e"] = {"N": "12.5"}, {"N": "0"}, {"N": "1" + "0" * 20}
        plain["tiny"] = {"N": "0." + "0" * 129 + "1"}
        for form in ("ejson", "canonical", "bson"):
            for key in ([], ["--key=pk"]):
                for options in ([], ["--set=tables.*.numbers=decimal"], ["--set=tables.*.numbers=string"], ["--set=tables.*.fields.dots=escape"]):
                    with self.subTest(form=form, key=key, options=options):
                        there = program.run("convert", "--metadata", f"--to={form}", *key, *options, text=compact(everything) + compact(item("2")))
                        self.assertEqual((there.code, there.complaints()), (0, ""))
                        back = program.run("convert", "--to=item", text=there.out)
                        self.assertEqual((back.code, back.errors), (0, ""))
                        wanted = [list(plain.items()), list(item("2").items())]
                        self.assertEqual([list(json.loads(line).items()) for line in back.lines()], wanted)

    def test_the_way_back_drops_the_version_of_a_change(self):
        there = program.run("convert", "--metadata", text=compact(kinesis_record(item("1", s={"SS": ["a"]}))))
        back = program.run("convert", "--to=item", text=there.out)
        self.assertEqual(back.lines(), [compact(item("1", s={"SS": ["a"]}))])

    def test_changes_of_an_item_without_key_are_refused_and_documents_have_no_id(self):
        text = compact(item("1"))
        self.assertEqual(program.run("convert", text=text).lines(), ['{"pk":"1"}'])
        ended = program.run("convert", "--changes", text=text)
        self.assertEqual((ended.code, ended.out), (1, b""))
        self.assertIn("--key", ended.errors)

    def test_two_keys_need_an_order(self):
        record = compact(kinesis_record(item("1", sk={"N": "2"}), keys=("pk", "sk")))
        ended = program.run("convert", text=record)
        self.assertEqual((ended.code, ended.out), (1, b""))
        self.assertIn("--key", ended.errors)
        for key, identity in (("pk,sk", '{"pk":"1","sk":2}'), ("t=sk,pk", '{"sk":2,"pk":"1"}')):
            ended = program.run("convert", f"--key={key}", text=record)
            self.assertEqual(ended.lines(), [f'{{"_id":{identity},"pk":"1","sk":2}}'])

    def test_places_in_files_count_files_and_unwrapped_records(self):
        first = self.file("first", compact(kinesis_record(item("0"))) + "\n")
        second = self.file("second", compact([kinesis_record(item("1")), item("bad", x={"N": "?"}), kinesis_record(item("2"))]))
        ended = program.run("convert", "--changes", first, second)
        self.assertEqual(ended.code, 1)
        places = [json.loads(line)["version"]["s"] for line in ended.lines()]
        self.assertEqual(places, [f"f{file:08}{record:012}" for file, record in ((0, 0), (1, 0), (1, 2))])

    def test_a_table_can_be_named_for_records_that_name_none(self):
        text = compact(item("1")) + compact(streams_record(item("2"))) + compact(kinesis_record(item("3")))
        ended = program.run("convert", "--changes", "--key=pk", "--table=named", "--set=tables.0.table=named", "--set=tables.0.to=shop.a.b", text=text)
        self.assertEqual(ended.code, 0, ended.errors)
        self.assertEqual([json.loads(line)["table"] for line in ended.lines()], ["named", "named", "t"])
        self.assertEqual([json.loads(line)["to"] for line in ended.lines()], ["shop.a.b", "shop.a.b", "dynamodb.t"])

    def test_the_rules_of_that_table_count(self):
        for table in ("items", "named"):
            options = ["--set=tables.0.table=" + table, "--set=tables.0.numbers=string", f"--key={table}=pk"]
            name = [] if table == "items" else ["--table=named"]
            for text in (item("1", n={"N": "2"}), {"Items": [item("1", n={"N": "2"})]}, streams_record(item("1", n={"N": "2"}))):
                with self.subTest(table=table, text=text):
                    ended = program.run("convert", *options, *name, text=compact(text))
                    self.assertEqual(ended.lines(), ['{"_id":"1","pk":"1","n":"2"}'])

    def test_removals_print_nothing_without_changes(self):
        removal = {**kinesis_record(item("1")), "eventName": "REMOVE"}
        del removal["dynamodb"]["NewImage"]
        ended = program.run("convert", text=compact(removal))
        self.assertEqual((ended.code, ended.out, ended.errors), (0, b"", ""))

    def test_keys_with_odd_names_are_said_with_escapes(self):
        odd = {"a,b": {"S": "1"}, "c=d\\": {"N": "2"}}
        ended = program.run("convert", "--key=items=a\\,b,c\\=d\\\\", text=compact(odd))
        self.assertEqual(ended.code, 0, ended.errors)
        self.assertEqual(json.loads(ended.lines()[0])["_id"], {"a,b": "1", "c=d\\": 2})

    def test_values_that_mongodb_holds_otherwise_are_counted(self):
        many = "1234567890" * 3 + "12345678"  # no type of MongoDB has 38 digits
        odd = compact(item("1", n={"N": many}, s={"NS": ["0." + many, "2"]}, d={"S": "soon"}, e={"N": "0.5"})) + compact(item("2", n={"N": many}))
        refused = compact(item("3", n={"N": many}, bad={"N": "?"}))
        dates = ["--set=tables.*.fields.dates.d=seconds", "--set=tables.*.fields.dates.e=milliseconds"]
        kept, rounded, unread = "numbers kept as strings", "numbers rounded", "values under fields.dates"
        for policy, told in (
            ("natural", {kept: 3, unread: 2}),
            ("decimal", {kept: 3, unread: 2}),
            ("double", {rounded: 3, unread: 2}),
            ("string", {unread: 2}),  # what was asked for is no surprise
        ):
            with self.subTest(policy=policy):
                ended = program.run("convert", f"--set=tables.*.numbers={policy}", *dates, text=odd + refused)
                lines = [line for line in ended.errors.splitlines() if line.startswith(("numbers", "values"))]
                counts = {line.split(",")[0].split(" that")[0]: int(line.rsplit(": ", 1)[1]) for line in lines}
                self.assertEqual(counts, told, ended.errors)
        self.assertEqual(program.run("convert", *dates, text=compact(item("1", n={"N": "7"}))).errors, "")


class ExitCodeTest(Folder):
    def test_nothing_to_do_is_done(self):
        for text in (b"", b"\n", b" \r\n\t", b"\xef\xbb\xbf", gzip.compress(b""), b"[]", b'{"Items":[]}', b'{"Records":[]}', b'{"Responses":{}}'):
            with self.subTest(text=text):
                ended = program.run("convert", text=text)
                self.assertEqual((ended.code, ended.out, ended.errors), (0, b"", ""))

    def test_usage_is_2_and_names_what_is_wrong(self):
        config = self.file("bad.yaml", "tables:\n  - table: t\n    nombers: natural\n")
        cases = {
            ("convert", "--bogus"): "--bogus",
            ("nonsense",): "nonsense",
            (): "",
            ("convert", "--from=nope"): "--from",
            ("convert", "--to=nope"): "--to",
            ("convert", "--jobs=0"): "--jobs",
            ("convert", "--jobs=many"): "--jobs",
            ("convert", "--key="): "--key",
            ("convert", "--key=a,b,c"): "--key",
            ("convert", "--set=nothing"): "--set",
            ("convert", "--set=tables.0.nombers=natural"): "numbers",
            ("convert", "--set=metadata=${DYNATLAS_TEST_UNSET}"): "DYNATLAS_TEST_UNSET",
            ("convert", "-c", config): f"{config}:3",
            ("convert", "-c", self.folder / "absent.yaml"): "absent.yaml",
            ("convert", "-c", self.folder): "Is a directory",
            ("convert", "-c", self.file("endless.yaml", "tables: &a [*a]\n")): "endless.yaml:1",
            ("convert", "--changes", "--to=bson"): "--changes",
            ("convert", "--to=item", "--from=item"): "--from",
            ("--bogus", "convert"): "--bogus",
            ("non\u009bsense\u202e\n",): "non\\u009bsense\\u202e\\u000a",
        }
        for arguments, named in cases.items():
            with self.subTest(arguments=arguments):
                ended = program.run(*arguments, text=compact(item("1")))
                self.assertEqual((ended.code, ended.out), (2, b""), ended.errors)
                self.assertIn(named, ended.errors)
                self.assertNotRegex(ended.errors, r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]")

    def test_a_missing_file_is_2_and_nothing_was_touched(self):
        good = self.file("good", compact(item("1")))
        ended = program.run("convert", good, self.folder / "absent.json")
        self.assertEqual((ended.code, ended.out), (2, b""))
        self.assertIn("absent.json", ended.errors)

    def test_a_folder_is_no_input(self):
        self.assertEqual(program.run("convert", self.folder).code, 2)

    def test_help_and_version_are_0_and_go_to_standard_output(self):
        for arguments in (["--help"], ["--version"]):
            ended = program.run(*arguments)
            self.assertEqual((ended.code, ended.errors), (0, ""))
            self.assertTrue(ended.out)

    def test_help_of_every_verb_has_an_example_and_the_exit_codes(self):
        known = program.run("--help").out.decode().partition("Subcommands:")[2]
        verbs = re.findall(r"^  (\w+)", known, re.MULTILINE)
        self.assertIn("convert", verbs)
        for verb in verbs:
            with self.subTest(verb=verb):
                ended = program.run(verb, "--help")
                self.assertEqual((ended.code, ended.errors), (0, ""))
                text = ended.out.decode()
                self.assertRegex(text, rf"(?m)^Example: .*dynatlas {verb} ")
                self.assertIn("Exit codes: 0 ", text)

    def test_refused_records_are_1_and_the_others_arrive(self):
        text = "\n".join([compact(item("1")), compact(item("2", x={"N": "?"})), compact(item("3"))])
        ended = program.run("convert", text=text)
        self.assertEqual(ended.code, 1)
        self.assertEqual(self.names(ended), ["1", "3"])

    def test_a_full_disk_is_3(self):
        outputs = [["--to=ejson"], ["--to=canonical"], ["--to=bson"], ["--changes", "--key=pk"], ["--to=item"]]
        for copies in (1, 200_000):
            for options in outputs:
                text = '{"pk":"1"}' if options == ["--to=item"] else compact(item("1"))
                with self.subTest(copies=copies, options=options), open("/dev/full", "wb") as full:
                    child = subprocess.run(
                        [program.path(), "convert", *options], input=(text + "\n").encode() * copies,
                        stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
                    self.assertEqual(child.returncode, 3)
                    self.assertIn(b"No space left on device", child.stderr)

    def test_a_reader_that_goes_away_ends_it_without_a_fuss(self):
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            child = subprocess.run(
                [program.path(), "convert"], input=(compact(item("1")) + "\n").encode() * 200_000,
                stdout=pipe, stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertIn(child.returncode, (3, -13), child.stderr)

    def test_damaged_compression_is_3_and_what_came_before_is_used(self):
        text = b"".join(compact(item(f"{n:06}", x={"S": random.Random(n).randbytes(20).hex()})).encode() + b"\n" for n in range(20_000))
        zstd = subprocess.run(["zstd", "-q", "-c"], input=text, capture_output=True, check=True).stdout
        for name, whole in (("gzip", gzip.compress(text)), ("zstd", zstd)):
            flipped = bytearray(whole)
            flipped[len(flipped) * 3 // 4] ^= 0xFF
            for kind, data in (("cut off", whole[: len(whole) * 3 // 4]), ("flipped", bytes(flipped)), ("with rubbish behind", whole + b"rubbish")):
                with self.subTest(packing=name, damage=kind):
                    ended = program.run("convert", "--jobs=2", self.file("damaged", data))
                    self.assertEqual(ended.code, 3, ended.errors[-300:])
                    self.assertRegex(ended.errors, "damaged: .*compressed")
                    self.assertGreater(len(ended.lines()), 5_000)
                    if kind != "flipped":
                        self.assertEqual(self.names(ended), [f"{n:06}" for n in range(len(ended.lines()))])


class CausesTest(Folder):
    """Error lines name input, record number, line, attribute path and cause; and never an item's content."""

    BAD = {
        "number": ({"N": SECRET}, "bad"),
        "number in json": ({"N": 5}, "bad"),
        "digits": ({"N": "123456789012345678901234567890123456789"}, "bad"),
        "binary": ({"B": SECRET + "*"}, "bad"),
        "list": ({"L": [{"S": "x"}, {"M": {"in.ner": {"N": SECRET}}}]}, "bad.1.in\\.ner"),
        "set": ({"SS": [SECRET, SECRET]}, "bad"),
        "empty set": ({"NS": []}, "bad"),
        "two types": ({"S": SECRET, "N": "1"}, "bad"),
        "no type": ({}, "bad"),
        "unknown type": ({"Q": SECRET}, "bad"),
        "null": ({"NULL": SECRET}, "bad"),
        "bool": ({"BOOL": SECRET}, "bad"),
        "escaped name": ({"M": {"$x": {"N": SECRET}}}, "bad.%24x"),
    }

    def test_each_names_its_place(self):
        for name, (bad, path) in self.BAD.items():
            for wrapped in ("line", "page", "kinesis", "streams", "lambda"):
                with self.subTest(fault=name, wrapped=wrapped):
                    self.check(bad, path, wrapped)

    def check(self, bad, path, wrapped):
        items = [item("1"), item("2", bad=bad), item("3")]
        if wrapped == "page":
            text, line = json.dumps({"Items": items}), 1
        elif wrapped == "lambda":
            text, line = compact(kinesis_event(*(compact(kinesis_record(each)) for each in items))), 1
        else:
            record = {"line": lambda each: each, "kinesis": kinesis_record, "streams": streams_record}[wrapped]
            text, line = "\n".join(compact(record(each)) for each in items), 2
        file = self.file("in.json", text)
        ended = program.run("convert", file)
        self.assertEqual(ended.code, 1)
        self.assertEqual(self.names(ended), ["1", "3"])
        told = ended.errors.splitlines()[0]
        self.assertIn(str(file), told)
        self.assertRegex(told, rf"\brecord 1\b.*\bline {line}\b")
        self.assertIn(f"`{path}`", told)
        self.assertNotIn("SECRET", ended.errors)

    def test_syntax_errors_tell_no_content_either(self):
        record = compact(item("1", x={"S": SECRET}))
        for cut in range(1, len(record)):
            ended = program.run("convert", text=record[:cut]) if cut % 7 == 0 else None
            if ended:
                self.assertEqual((ended.code, ended.out), (1, b""))
                self.assertNotIn("SECRET", ended.errors)

    def test_names_cannot_forge_lines(self):
        ended = program.run("convert", text=compact({"a\nforged: record 7\x1b[2J\u0085\u2028\u202e\u2066": {"N": "?"}}))
        self.assertEqual(ended.code, 1)
        self.assertEqual(len(ended.errors.splitlines()), 2, ended.errors)
        self.assertNotRegex(ended.errors, r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
        self.assertIn("`a\\u000aforged: record 7\\u001b[2J\\u0085\\u2028\\u202e\\u2066`", ended.errors)

    def test_secrets_of_the_configuration_are_never_told(self):
        uri = f"mongodb://user:{SECRET}@host/db"
        mistakes = {
            "unknown key": f"target:\n  mongodb: {{uri: '{uri}'}}\nnombers: 1\n",
            "another kind of value": f"target:\n  mongodb: '{uri}'\n",
            "no map": f"'{uri}'\n",
            "syntax": f"target:\n  mongodb:\n    uri: '{uri}'\n  bad\n",
            "no end": f"target: {{mongodb: {{uri: '{uri}'}}\n",
            "no table": f"aws: {{profile: {SECRET}}}\ntables: [{{id: key}}]\n",
            "word": f"tables: [{{table: t, id: {SECRET}}}]\n",
            "twice": f"name: {SECRET}\nname: {SECRET}\n",
        }
        for name, text in mistakes.items():
            with self.subTest(mistake=name):
                ended = program.run("convert", "-c", self.file("c.yaml", text))
                self.assertEqual((ended.code, ended.out), (2, b""))
                self.assertIn("c.yaml:", ended.errors)
                self.assertNotIn(SECRET, ended.errors)
        for options in ([f"--set={uri}"], [f"--set=target.mongodb.uri=[{uri}"], [f"--set=target.mongodb={uri}"], ["--set=name=a", f"--set=name.x={SECRET}"]):
            with self.subTest(options=options):
                ended = program.run("convert", *options)
                self.assertEqual((ended.code, ended.out), (2, b""))
                self.assertNotIn(SECRET, ended.errors)

    def test_standard_input_has_a_name(self):
        self.assertIn("standard input", program.run("convert", text="{").errors)


class NeighboursTest(Folder):
    """A truncated, corrupt or hostile record costs that record alone."""

    HOSTILE = {
        "invalid UTF-8": b'{"pk":{"S":"\xff"}}',
        "overlong UTF-8": b'{"pk":{"S":"\xc0\xaf"}}',
        "surrogate in UTF-8": b'{"pk":{"S":"\xed\xa0\x80"}}',
        "half a surrogate pair": b'{"pk":{"S":"\\ud800"}}',
        "the other half": b'{"pk":{"S":"\\udc00x"}}',
        "half in a name": b'{"pk\\ud800":{"S":"x"}}',
        "deep lists": b'{"pk":' + b'{"L":[' * 120 + b'{"S":"x"}' + b"]}" * 120 + b"}",
        "very deep lists": b'{"pk":' + b'{"L":[' * 5000 + b'{"S":"x"}' + b"]}" * 5000 + b"}",
        "number": b'{"pk":{"N":"1e999999999999999999999"}}',
        "name twice": b'{"pk":{"S":"x"},"pk":{"S":"x"}}',
        "name twice, escaped": b'{"pk":{"S":"x"},"\\u0070k":{"S":"x"}}',
        "null": b"null",
        "text": b'"text"',
        "number in json": b"-12.5e3",
        "big": b'{"pk":{"S":"' + b"x" * (17 << 20) + b'"}}',
        "many set members in one": b'{"pk":{"SS":[' + b",".join(b'"%d"' % n for n in range(1000)) + b',"7"]}}',
    }

    def check(self, text, **named):
        for jobs in (1, 4):
            with self.subTest(jobs=jobs, **named):
                ended = program.run("convert", f"--jobs={jobs}", text=text)
                self.assertEqual(self.names(ended), ["before", "behind"], ended.errors[:300])
                self.assertEqual(ended.code, 1)

    def test_in_lines(self):
        for name, record in self.HOSTILE.items():
            self.check(b"\n".join([compact(item("before")).encode(), record, compact(item("behind")).encode()]), record=name)

    def test_in_one_line(self):
        for name, record in self.HOSTILE.items():
            self.check(b" ".join([compact(item("before")).encode(), record, compact(item("behind")).encode()]), record=name)

    def test_in_pages_of_one_line(self):
        before, behind = compact(item("before")).encode(), compact(item("behind")).encode()
        for name, record in self.HOSTILE.items():
            items = before + b"," + record + b"," + behind
            self.check(b'{"Count":3,"Items":[' + items + b"]}", record=name, page="scan")
            self.check(b'{"Responses":{"tab":[' + items + b"]}}", record=name, page="batch-get-item")
            self.check(b"[" + items + b"]", record=name, page="array")

    def test_in_events_of_streams(self):
        before, behind = (compact(streams_record(item(name))).encode() for name in ("before", "behind"))
        for name, record in self.HOSTILE.items():
            if record[:1] == b"{":
                record = compact(streams_record(item("HERE"))).encode().replace(b'{"pk":{"S":"HERE"}}', record)
            self.check(b'{"Records":[' + before + b"," + record + b"," + behind + b"]}", record=name)

    def test_in_data_of_kinesis_events(self):
        before, behind = (compact(kinesis_record(item(name))) for name in ("before", "behind"))
        for name, record in {**self.HOSTILE, "cut": b'{"eventName":"INSERT","dyn', "empty": b"", "rubbish": b"\0\1\2"}.items():
            if record[:9] == b'{"pk":{"S':
                record = compact(kinesis_record(item("HERE"))).encode().replace(b'{"pk":{"S":"HERE"}}', record)
            event = kinesis_event(before, record.decode("utf-8", "surrogateescape"), behind)
            self.check(compact(event).encode(), record=name)
        event = kinesis_event(before, before, behind)
        for data in ("*", "QQ", "A", None, 5, []):
            event["Records"][1]["kinesis"]["data"] = data
            self.check(compact(event).encode(), data=data)
        for record in ({}, {"kinesis": {}}, {"kinesis": []}, [], None, {"eventSource": "aws:sqs", "body": "x"}):
            event["Records"][1] = record
            self.check(compact(event).encode(), record=record)

    def test_an_old_image_is_never_judged(self):
        old = {"pk": {"S": 5}, "n": {"N": "x"}, "b": {"B": "*"}, "s": {"SS": []}, "q": {"Q": [None]}, "deep": {}}
        for record in (kinesis_record, streams_record):
            ended = program.run("convert", text=compact(record(item("1"), OldImage=old)) + compact(record(item("2"), OldImage="\ud800".encode("utf-16", "surrogatepass").hex())))
            self.assertEqual((ended.code, self.names(ended)), (0, ["1", "2"]), ended.errors)

    def test_a_cut_line_costs_that_line_alone(self):
        record = compact(item("cut", x={"L": [{"S": "a\\b"}, {"M": {"y": {"N": "1.5"}}}]}, t={"BOOL": True}, u={"NULL": True}))
        for cut in range(1, len(record)):
            text = "\n".join([compact(item("before")), record[:cut], compact(item("behind"))])
            ended = program.run("convert", text=text)
            self.assertEqual((ended.code, self.names(ended)), (1, ["before", "behind"]), record[:cut])
            self.assertRegex(ended.errors, r"record 1, line 2")

    def test_a_cut_element_of_a_pretty_page_costs_that_element_alone(self):
        for indent in (1, 2, 4, "\t"):
            page = json.dumps({"Count": 3, "Items": [item("before"), item("cut", x={"L": [{"S": "a"}]}), item("behind")]}, indent=indent)
            lines = page.splitlines()
            begin = next(n for n, line in enumerate(lines) if "cut" in line)
            end = next(n for n, line in enumerate(lines) if "behind" in line) - 3
            for gone in range(begin, end):
                text = "\n".join(lines[:gone] + lines[gone + 1 :]) + "\n" + compact(item("next"))
                try:
                    json.loads(text.rsplit("\n", 1)[0])
                    continue
                except ValueError:
                    pass
                with self.subTest(indent=indent, line=lines[gone]):
                    ended = program.run("convert", text=text)
                    self.assertEqual((ended.code, self.names(ended)), (1, ["before", "behind", "next"]), text)

    def test_a_cut_page_costs_what_is_behind_the_cut_alone(self):
        page = compact({"Items": [item("before"), item("cut")], "Count": 2, "ScannedCount": 2})
        first = page.index('},{"pk"') + 1
        for cut in range(first, len(page)):
            ended = program.run("convert", text=page[:cut] + "\n" + compact(item("behind")) + "\n" + compact(item("last")))
            self.assertEqual(ended.code, 1)
            self.assertEqual([name for name in self.names(ended) if name != "cut"], ["before", "behind", "last"], page[:cut])

    def test_what_is_passed_over_is_told(self):
        ended = program.run("convert", text='{"pk":{"S":"1"}}\n{"pk":\n  {"S":"2",}\n}\nrubbish\n{"pk":{"S":"3"}}\n')
        self.assertEqual(self.names(ended), ["1", "3"])
        self.assertRegex(ended.errors, r"record 1, line 2\b")
        self.assertRegex(ended.errors, r"lines 3 to 5")

    def test_an_item_keeps_its_table_after_a_syntax_error_or_is_refused(self):
        text = '{\n "Responses": {\n  "tab": [\n   {"pk":{"S":"1"},\n  ],\n  "tac": [\n   {"pk":{"S":"4"}}\n  ]\n }\n}\n'
        ended = program.run("convert", "--changes", "--key=pk", text=text)
        self.assertEqual(ended.code, 1)
        for line in ended.lines():
            self.assertEqual(json.loads(line)["table"], "tac")

    def test_tables_that_are_no_text_are_refused(self):
        ended = program.run("convert", "--changes", "--key=pk", text=b'{"Responses":{"tab\xff":[{"pk":{"S":"1"}}]}}\n{"pk":{"S":"2"}}')
        self.assertEqual(ended.code, 1)
        self.assertEqual([json.loads(line)["id"] for line in ended.lines()], ["2"])

    def test_an_element_over_64_mib_is_an_error(self):
        text = compact(item("before")) + "\n" + compact(item("big", x={"S": "x" * (65 << 20)})) + "\n" + compact(item("behind"))
        ended = program.run("convert", text=text)
        self.assertEqual((ended.code, self.names(ended)), (1, ["before", "behind"]))
        self.assertIn("64 MiB", ended.errors)


class LargeInputTest(Folder):
    """Blocks and threads never show."""

    def run_in_pieces(self, text, dice, *options):
        """The text on standard input in pieces of random sizes, as a slow sender's pipe delivers it."""
        command = [program.path(), "convert", *options]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as child:
            def send():
                at = 0
                while at < len(text):
                    size = dice.choice((1, 2, 7, 100, 4096, 70_000))
                    child.stdin.write(text[at : at + size])
                    at += size
                child.stdin.close()

            errors = []
            threads = [threading.Thread(target=send), threading.Thread(target=lambda: errors.append(child.stderr.read()))]
            for thread in threads:
                thread.start()
            out = child.stdout.read()
            for thread in threads:
                thread.join()
        return program.Ended(child.returncode, out, errors[0].decode())

    def test_however_the_input_is_cut_the_output_is_the_same(self):
        for seed in range(3):
            dice = random.Random(seed)
            values = []
            for number in range(60):
                kind = dice.randrange(8)
                record = item(f"{seed}-{number}", text={"S": "é\u2028\\\"" * dice.randrange(60)}, n={"N": str(number)})
                values.append({
                    0: compact(record)[:-1],
                    1: compact(item("?", n={"N": "?"})),
                    2: json.dumps({"Items": [record, record]}, indent=2),
                    3: compact(kinesis_event(compact(kinesis_record(record)))),
                    4: json.dumps(streams_record(record), indent="\t"),
                    5: compact({"Item": record}),
                }.get(kind, compact(record)))
            text = "\n".join(values).encode()
            whole = program.run("convert", "--changes", "--key=pk", "--jobs=1", text=text)
            self.assertGreater(len(whole.lines()), 30)
            for jobs in (1, 3, 8):
                with self.subTest(seed=seed, jobs=jobs):
                    options = ("--changes", "--key=pk", f"--jobs={jobs}")
                    self.assertEqual(program.run("convert", *options, text=text), whole)
                    self.assertEqual(self.run_in_pieces(text, dice, *options), whole)

    def test_a_page_of_5_mb_in_one_line(self):
        items = [item(str(n), text={"S": "x" * 900}, n={"N": str(n)}) for n in range(5_500)]
        page = compact({"Count": len(items), "Items": items, "ScannedCount": len(items)})
        self.assertGreater(len(page), 5_000_000)
        for jobs in (1, 4):
            ended = program.run("convert", f"--jobs={jobs}", text=page + "\n" + page)
            self.assertEqual((ended.code, ended.errors), (0, ""))
            self.assertEqual(self.names(ended), [str(n) for n in range(5_500)] * 2)

    def test_a_pretty_page_of_100_000_records_with_bad_ones(self):
        count = program.fewer(100_000)
        items = [item(str(n), n={"N": "?" if n % 9999 == 7 else str(n)}, m={"M": {"a": {"L": [{"BOOL": True}]}}}) for n in range(count)]
        page = json.dumps({"Items": items, "Count": len(items)}, indent=4)
        wanted = [str(n) for n in range(count) if n % 9999 != 7]
        told = []
        for jobs in (1, 4):
            ended = program.run("convert", f"--jobs={jobs}", self.file("page.json", page))
            self.assertEqual(ended.code, 1)
            self.assertTrue(self.names(ended) == wanted)
            told.append(ended.errors)
        self.assertEqual(told[0], told[1])
        lines = page.splitlines()
        for number in (7, 10006):
            line = next(n for n, text in enumerate(lines) if f'"S": "{number}"' in text) - 1
            self.assertRegex(told[0], rf"record {number}, line {line}: ")

    def test_broken_lines_among_many_give_the_same_with_any_number_of_jobs(self):
        for seed in range(program.fewer(6)):
            dice = random.Random(seed)
            lines, wanted = [], []
            for number in range(20_000):
                record = compact(item(str(number), text={"S": "x" * dice.randrange(200)}))
                kind = dice.randrange(50)
                if kind == 0:
                    record = record[: dice.randrange(1, len(record))]
                elif kind == 1:
                    record = record.replace('"S"', '"N"', 1)
                elif kind == 2:
                    record = json.dumps({"Items": [json.loads(record)]}, indent=2)
                if kind > 1:
                    wanted.append(str(number))
                elif kind == 1:
                    wanted.append(number)
                lines.append(record)
            text = "\n".join(lines) + "\n"
            results = [program.run("convert", "--changes", "--key=pk", f"--jobs={jobs}", text=text) for jobs in (1, 2, 4)]
            with self.subTest(seed=seed):
                ids = [json.loads(line)["id"] for line in results[0].lines()]
                self.assertTrue(ids == wanted)
                self.assertEqual(results[0].code, 1)
                self.assertTrue(results[0] == results[1] == results[2])

    def test_one_value_may_span_many_blocks(self):
        big = item("big", l={"L": [{"S": "y" * 1000} for _ in range(8_000)]})
        text = "\n".join([compact(item("before")), json.dumps(big, indent=1), compact(item("behind"))])
        for jobs in (1, 4):
            self.assertEqual(self.names(program.run("convert", f"--jobs={jobs}", text=text)), ["before", "big", "behind"])


if __name__ == "__main__":
    unittest.main()
