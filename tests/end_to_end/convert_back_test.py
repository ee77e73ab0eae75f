#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `dynatlas convert --to item` promises: documents in, the items that they were made of out."""

import gzip
import json
import pathlib
import struct
import subprocess
import tempfile
import unittest

import program
from program import compact

# Items as DynamoDB itself prints them, so that they come back as they are.
ITEMS = [
    {"pk": {"S": "all types"}, "n": {"N": "-12.5"}, "b": {"B": "AAECAw=="}, "t": {"BOOL": True}, "f": {"BOOL": False},
     "z": {"NULL": True}, "l": {"L": [{"N": "1"}, {"L": []}, {"M": {}}]}, "m": {"M": {"a": {"M": {"b": {"S": ""}}}}},
     "ss": {"SS": ["b", "a", ""]}, "ns": {"NS": ["3", "-1", "0.25"]}, "bs": {"BS": ["", "/w=="]}},
    {"pk": {"S": "numbers"}, "ns": {"L": [{"N": number} for number in (
        "0", "2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "-9223372036854775809", "9007199254740993", "0.1", "-0.5", "12345678901234567890",
        "0.1234567890123456789", "1" + 125 * "0", "-" + 38 * "9" + 88 * "0", "0." + 129 * "0" + "1",
        34 * "9", 35 * "9", 38 * "9", "-0.00" + 38 * "7")]},
     "big": {"N": 38 * "1"}, "set": {"NS": [38 * "2", "1", "0.5", 20 * "3"]}},
    {"pk": {"S": "names"}, "_id": {"N": "1"}, "_dynatlas": {"N": "2"}, "$set": {"N": "3"}, "100%25": {"N": "4"},
     "%": {"N": "5"}, "a.b": {"SS": ["x"]}, "a": {"M": {"b": {"L": [{"S": "x"}]}, "": {"S": "empty"}, "_id": {"S": "y"}}},
     "a\\.b": {"NS": ["1"]}, "a\0b": {"BS": ["AA=="]}, "%5Fid": {"S": "z"}, "한글": {"M": {"😀": {"SS": ["é", "\u2028"]}}}},
    {"pk": {"S": "texts"}, "s": {"S": "\"\\/\b\f\n\r\t\0\x1f\x7f\ud7ff\ue000\uffff\U0010ffff"}, "numeric": {"S": "007"},
     "date": {"S": "2024-07-11T23:10:33.012Z"}},
    {"pk": {"S": "paths"}, "l": {"L": [{"SS": ["0"]}, {"M": {"0": {"NS": ["0"]}, "x.y": {"L": [{"BS": ["AA=="]}]}}},
                                       {"N": 37 * "4" + "5"}]}},
]  # fmt: skip


def nested(levels):
    value = {"SS": ["deep"]}
    for level in range(levels):
        value = {"L": [value]} if level % 2 else {"M": {"x": value}}
    return {"pk": {"S": "nested"}, "v": value}


ITEMS.append(nested(31))
TEXT = "".join(compact(item) + "\n" for item in ITEMS)
DOCUMENT = b"\x0e\x00\x00\x00\x02a\x00\x02\x00\x00\x00x\x00\x00"  # {"a":"x"}
DOCUMENT_TEXT = '{"a":"x"}'
ITEM = '{"a":{"S":"x"}}'


def forward(to, *arguments, text=TEXT):
    ended = program.run("convert", "--to", to, "--metadata", "--key", "pk", *arguments, text=text)
    assert ended.code == 0, ended.errors
    return ended.out


def back(text, *arguments):
    return program.run("convert", "--to", "item", *arguments, text=text)


class IdentityTest(unittest.TestCase):
    """Item -> document -> item is the item."""

    maxDiff = 4000

    def expect_items(self, documents, expected=TEXT):
        ended = back(documents)
        self.assertEqual((ended.code, ended.errors), (0, ""))
        self.assertEqual(ended.lines(), expected.splitlines())

    def test_through_every_form(self):
        for to in ("bson", "canonical", "ejson"):
            with self.subTest(to=to):
                self.expect_items(forward(to))

    def test_through_every_policy_that_loses_nothing(self):
        for policy in ("natural", "decimal", "string"):
            for to in ("bson", "canonical", "ejson"):
                with self.subTest(policy=policy, to=to):
                    self.expect_items(forward(to, "--set", f"tables.*.numbers={policy}"))

    def test_without_a_key_and_with_other_ids(self):
        self.expect_items(program.run("convert", "--to", "bson", "--metadata", text=TEXT).out)
        self.expect_items(forward("bson", "--set", "tables.*.id=string"))

    def test_with_another_name_for_the_metadata(self):
        documents = forward("bson", "--set", "metadata=_meta")
        ended = back(documents, "--set", "metadata=_meta")
        self.assertEqual((ended.code, ended.lines()), (0, TEXT.splitlines()), ended.errors)

    def test_numbers_come_back_as_dynamodb_prints_them(self):
        spelled = {"1E2": "100", "-0": "0", "+5.0": "5", "0.10e-3": "0.0001", "00012": "12", ".5": "0.5",
                   "1e125": "1" + 125 * "0", "123e-2": "1.23"}  # fmt: skip
        text = "".join(compact({"pk": {"S": "x"}, "n": {"N": number}}) + "\n" for number in spelled)
        expected = "".join(compact({"pk": {"S": "x"}, "n": {"N": number}}) + "\n" for number in spelled.values())
        self.expect_items(forward("bson", text=text), expected)
        self.expect_items(forward("canonical", text=text), expected)

    def test_of_the_classic_item(self):
        classic = (program.TESTDATA / "classic-item.json").read_text(encoding="utf-8")
        ended = back(program.run("convert", "--to", "bson", "--metadata", text=classic).out)
        self.assertEqual([json.loads(line) for line in ended.lines()], [json.loads(classic)])

    def test_through_the_shapes_that_other_programs_give_extended_json(self):
        documents = [json.loads(line) for line in forward("canonical").splitlines()]
        for name, text in {
            "array in one line": compact(documents),
            "array, one document a line": "[" + ",\n".join(map(compact, documents)) + "]\n",
            "pretty": "\n".join(json.dumps(document, indent=2) for document in documents),
            "pretty array": json.dumps(documents, indent=4),
            "ascii": "".join(json.dumps(document, ensure_ascii=True) + "\r\n" for document in documents),
            "byte order mark": "\ufeff" + "".join(compact(document) + "\n" for document in documents),
        }.items():
            with self.subTest(name):
                self.expect_items(text)

    def test_through_compressed_files(self):
        for to in ("bson", "canonical"):
            documents = forward(to)
            zstd = subprocess.run(["zstd", "-q", "-c"], input=documents, capture_output=True, check=True).stdout
            half = len(documents) // 2
            self.expect_items(gzip.compress(documents))
            self.expect_items(gzip.compress(documents[:half]) + gzip.compress(documents[half:]))
            self.expect_items(zstd)

    def test_through_a_dump_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            ended = program.run("replay", "--to", f"dump:{folder}", "--map", "*=db.*", "--table", "t", "--key", "pk", text=TEXT)
            self.assertEqual(ended.code, 0, ended.errors)
            ended = back(b"", pathlib.Path(folder) / "db" / "t.bson")
        self.assertEqual((ended.code, ended.errors), (0, ""))
        self.assertEqual(sorted(ended.lines()), sorted(TEXT.splitlines()))

    def test_of_many_items_in_order(self):
        text = "".join(compact({"pk": {"N": str(n)}, "s": {"NS": [str(n), "-1"]}}) + "\n" for n in range(60_000))
        self.expect_items(forward("bson", text=text), text)
        self.expect_items(forward("ejson", text=text), text)


class HostileBsonTest(unittest.TestCase):
    """A damaged document costs itself alone where its end is known."""

    def expect(self, data, lines, causes):
        ended = back(data)
        self.assertEqual((ended.code, ended.lines()), (1, lines), ended.errors)
        told = ended.errors.splitlines()
        self.assertEqual(len(told), len(causes) + 1, ended.errors)
        for cause, line in zip(causes, told):
            self.assertIn(cause, line)

    def test_what_is_damaged_inside_costs_itself_alone(self):
        for inside in (
            b"\x02a\x00\x7f\x00\x00\x00x\x00",  # a string that is too long
            b"\x02a\x00\x00\x00\x00\x00x\x00",  # of no bytes
            b"\x02a\x00\xff\xff\xff\xffx\x00",  # of -1 bytes
            b"\x05a\x00\xff\xff\xff\x7f\x00",  # a binary of 2 GiB
            b"\x03a\x00\x04\x00\x00\x00\x00",  # a document of four bytes
            b"\x14a\x00",  # an unknown type
            b"\x0aaaaa",  # a name without end
            b"\x02a\x00\x02\x00\x00\x00\xff\x00",  # no UTF-8
            b"\x0ba\x00x\x00\x00",  # a regular expression
            b"\x01a\x00" + struct.pack("<d", float("nan")),
            b"\x10a\x00\x00\x00\x00\x00" * 2,  # a name twice
            b"\x03_dynatlas\x00\x05\x00\x00\x00\x00\x10_dynatlas\x00\x00\x00\x00\x00",
        ):
            damaged = struct.pack("<i", len(inside) + 5) + inside + b"\x00"
            with self.subTest(inside=inside):
                self.expect(DOCUMENT + damaged + DOCUMENT, [ITEM, ITEM], ["standard input: record 1, byte 14: "])

    def test_where_no_end_is_known_the_input_ends(self):
        for length in (-1, 0, 4, 15, 2**31 - 1, 17 * 1024 * 1024):
            with self.subTest(length=length):
                data = DOCUMENT + struct.pack("<i", length) + DOCUMENT[4:] + DOCUMENT
                self.expect(data, [ITEM], ["standard input: record 1, byte 14: "])

    def test_every_cut_is_told(self):
        for size in range(1, len(DOCUMENT)):
            with self.subTest(size=size):
                self.expect(DOCUMENT + DOCUMENT[:size], [ITEM], ["record 1, byte 14: it is cut off"])

    def test_deep_nesting_is_refused(self):
        document = b"\x05\x00\x00\x00\x00"
        for _ in range(3000):
            document = struct.pack("<i", len(document) + 8) + b"\x030\x00" + document + b"\x00"
        self.expect(document + DOCUMENT, [ITEM], ["nested"])

    def test_another_file_is_read_after_one_that_ends_early(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder) / name for name in ("first.bson", "second.bson")]
            paths[0].write_bytes(DOCUMENT + b"\xff\xff\xff\xff")
            paths[1].write_bytes(DOCUMENT)
            ended = back(b"", *paths)
        self.assertEqual((ended.code, ended.lines()), (1, [ITEM, ITEM]))
        self.assertIn("first.bson: record 1, byte 14: ", ended.errors)


class HostileExtendedJsonTest(unittest.TestCase):
    def expect(self, text, lines, causes):
        HostileBsonTest.expect(self, text, lines, causes)

    def test_a_refused_document_costs_itself_alone(self):
        for value, cause in {
            '{"$numberInt":"x"}': "attribute `v` is a $numberInt",
            '{"$numberDecimal":"NaN"}': "attribute `v` is a $numberDecimal",
            '{"$numberDouble":"Infinity"}': "attribute `v` is no number",
            '{"$date":"2024-07-11T23:10:33.012Z"}': "attribute `v` is a date",
            '{"$oid":"56e1fc72e0c917e9c4714161"}': "attribute `v` is an ObjectId",
            '{"$timestamp":{"t":1,"i":1}}': "$timestamp",
            '{"$binary":{"base64":"A","subType":"00"}}': "attribute `v` is a $binary",
            '{"a":1,"a":2}': "twice",
            '{"a.b":1,"a%2Eb":2}': "twice",
            "1e400": "attribute `v` is a number",
            "1e126": "attribute `v` is no number",
            201 * "[" + 201 * "]": "nested",
            5000 * '{"a":' + "1" + 5000 * "}": "nested",
        }.items():
            with self.subTest(value=value[:50]):
                document = '{"v":' + value + "}"
                self.expect(f'{{"a":"x"}}{document}{{"a":"x"}}', [ITEM, ITEM], [cause])
                self.expect(f'[{{"a":"x"}},{document},{{"a":"x"}}]', [ITEM, ITEM], [cause])

    def test_types_that_do_not_fit_are_refused(self):
        for document in (
            '{"v":[1],"_dynatlas":{"types":{"v":"SS"}}}',
            '{"v":["x","x"],"_dynatlas":{"types":{"v":"SS"}}}',
            '{"v":[],"_dynatlas":{"types":{"v":"NS"}}}',
            '{"v":"x","_dynatlas":{"types":{"v":"N"}}}',
            '{"v":1,"_dynatlas":{"types":{"v":"X"}}}',
            '{"v":1,"_dynatlas":[]}',
        ):
            with self.subTest(document=document):
                self.expect(document + DOCUMENT_TEXT, [ITEM], ["record 0, line 1: "])

    def test_a_syntax_error_costs_the_lines_to_the_next_document(self):
        for broken in ('{"v":tru}', '{"v":"x}', '{"v":1', '{"v":"\\x"}', "{v:1}", "oops", ",", "]", "\0"):
            with self.subTest(broken=broken):
                self.expect(f"{DOCUMENT_TEXT}\n{broken}\n{DOCUMENT_TEXT}\n", [ITEM, ITEM], ["standard input: record 1, line 2: "])

    def test_lines_that_are_passed_over_are_told(self):
        pretty = '{\n  "a": "x"\n}\n'
        self.expect('{\n  "a": tru\n}\n' + pretty, [ITEM], ["record 0, line 1: ", "lines 2 to 3 were passed over"])

    def test_text_that_is_cut_off_is_told(self):
        for cut in ("{", '{"v":', '{"v":"', '{"v":1', "["):
            with self.subTest(cut=cut):
                self.expect(DOCUMENT_TEXT + cut, [ITEM], ["cut off"])

    def test_text_that_is_no_utf8_is_refused(self):
        self.expect(b'{"v":"\xff"}' + DOCUMENT_TEXT.encode(), [ITEM], ["attribute `v` is a string that is no valid UTF-8"])


class ExitCodeTest(unittest.TestCase):
    def test_nothing_is_done_well(self):
        for text in (b"", b" \n", b"[]", b"\xef\xbb\xbf"):
            self.assertEqual(back(text), (0, b"", ""), text)

    def test_a_soft_deleted_document_is_no_item(self):
        ended = back('{"_id":"a","a":"x","_dynatlas":{"deleted":true}}' + DOCUMENT_TEXT)
        self.assertEqual((ended.code, ended.lines()), (0, [ITEM]))

    def test_forms_of_items_are_a_mistake_of_the_user(self):
        self.assertEqual(back(b"", "--from", "item").code, 2)
        self.assertEqual(back(b"", "--changes").code, 2)

    def test_damaged_compression_is_3_and_what_came_before_is_used(self):
        whole = gzip.compress(1000 * DOCUMENT)
        ended = back(whole[:-8])
        self.assertEqual(ended.code, 3)
        self.assertEqual(ended.lines(), 1000 * [ITEM])


if __name__ == "__main__":
    unittest.main()
