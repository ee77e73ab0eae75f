#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every input form gives the documents of tests/testdata/forms, however its text is packed and laid out.

FORM.json is the input; FORM.expected what `convert --to canonical` must print, FORM.metadata.expected with --metadata,
FORM.changes.expected with --changes. They were written from the specification: when one fails, the program is wrong, or
the specification changed.
"""

import gzip
import json
import pathlib
import subprocess
import tempfile
import unittest

import program

FORMS = sorted(path.stem for path in (program.TESTDATA / "forms").glob("*.json"))
KEY = "--key=customerId,orderNo"
VARIANTS = {"": [], ".metadata": ["--metadata"], ".changes": ["--changes"]}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What --from may be said of each form; the others are pages of the AWS CLI, which need none.
FORCED = {
    "item": "item",
    "export": "export",
    "get-item": "export",
    "incremental": "incremental",
    "kinesis": "kinesis",
    "kinesis-envelope": "kinesis",
    "streams": "streams",
    "lambda-kinesis": "lambda",
    "lambda-streams": "lambda",
    "failed-batch-kinesis": "lambda",
    "failed-batch-streams": "lambda",
}


def text_of(form):
    return (program.TESTDATA / "forms" / f"{form}.json").read_bytes()


def expected(form, variant):
    return (program.TESTDATA / "forms" / f"{form}{variant}.expected").read_text(encoding="utf-8")


def values(text):
    """The JSON values in a text, one after the other."""
    decoder, text = json.JSONDecoder(), text.decode("utf-8").strip()
    while text:
        value, end = decoder.raw_decode(text)
        yield value
        text = text[end:].lstrip()


def layouts(text):
    """Name and bytes of every way to lay the same values out."""
    compact = [program.compact(value) for value in values(text)]
    pretty = [json.dumps(value, indent=4, ensure_ascii=False) for value in values(text)]
    yield "as it is", text
    yield "one value a line", "\n".join(compact).encode()
    yield "no line ends at all", "".join(compact).encode()
    yield "blanks between values", " \t\n\r ".join(compact).encode() + b"\n\n  "
    yield "pretty-printed", "\n".join(pretty).encode() + b"\n"
    yield "pretty-printed with tabs", "\n".join(json.dumps(v, indent="\t") for v in values(text)).encode()
    yield "escaped to ASCII", "\n".join(json.dumps(value) for value in values(text)).encode()
    yield "CRLF", "\n".join(pretty).replace("\n", "\r\n").encode() + b"\r\n"
    yield "byte order mark", BYTE_ORDER_MARK + text


def packings(text):
    yield "plain", text
    yield "gzip", gzip.compress(text)
    half = len(text) // 2
    yield "gzip in two members", gzip.compress(text[:half]) + gzip.compress(text[half:])
    yield "zstd", zstd(text)
    yield "zstd in two frames", zstd(text[:half]) + zstd(text[half:])


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


def in_turn(cases, turn):
    """All cases; under sanitizers fewer of them, and others at each turn, so that none is left out for good."""
    first = turn % len(cases)
    return (cases[first:] + cases[:first])[: program.fewer(len(cases))]


class FormsTest(unittest.TestCase):
    maxDiff = 4000

    def check(self, ended, wanted):
        self.assertEqual((ended.code, ended.complaints()), (0, ""))
        self.assertEqual(ended.out.decode("utf-8"), wanted)

    def test_every_form_has_its_expected_documents_changes_and_metadata(self):
        self.assertGreaterEqual(len(FORMS), 17)
        for form in FORMS:
            for variant, options in VARIANTS.items():
                with self.subTest(form=form, variant=variant):
                    ended = program.run("convert", "--to=canonical", KEY, *options, text=text_of(form))
                    self.check(ended, expected(form, variant))

    def test_layout_and_packing_change_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "input"
            for number, form in enumerate(FORMS):
                for turn, (layout, text) in enumerate(layouts(text_of(form)), start=number):
                    for packing, data in in_turn(list(packings(text)), turn):
                        file.write_bytes(data)
                        for place in ({"text": data}, {"file": file}):
                            with self.subTest(form=form, layout=layout, packing=packing, place=list(place)):
                                self.check_placed(form, **place)

    def check_placed(self, form, text=b"", file=None):
        jobs = "--jobs=4" if file else "--jobs=1"
        files = [file] if file else []
        ended = program.run("convert", "--to=canonical", KEY, "--changes", jobs, *files, text=text)
        self.check(ended, expected(form, ".changes"))

    def test_jobs_change_nothing(self):
        for form in FORMS:
            for jobs in (1, 2, 4):
                with self.subTest(form=form, jobs=jobs):
                    ended = program.run("convert", "--to=canonical", KEY, f"--jobs={jobs}", text=text_of(form))
                    self.check(ended, expected(form, ""))

    def test_a_form_that_is_said_is_read_the_same(self):
        for form, name in FORCED.items():
            with self.subTest(form=form):
                ended = program.run("convert", "--to=canonical", KEY, "--changes", f"--from={name}", text=text_of(form))
                self.check(ended, expected(form, ".changes"))

    def test_all_forms_in_one_input_are_recognised_one_by_one(self):
        for jobs in (1, 4):
            with self.subTest(jobs=jobs):
                text = b"".join(text_of(form) for form in FORMS)
                ended = program.run("convert", "--to=canonical", KEY, f"--jobs={jobs}", text=text)
                self.check(ended, "".join(expected(form, "") for form in FORMS))

    def test_many_copies_of_a_form_give_as_many_times_the_documents(self):
        for form in FORMS:
            copies = program.fewer(4_000_000) // len(text_of(form))
            for jobs in (1, 4):
                with self.subTest(form=form, jobs=jobs):
                    ended = program.run("convert", "--to=canonical", KEY, f"--jobs={jobs}", text=text_of(form) * copies)
                    self.assertEqual((ended.code, ended.complaints()), (0, ""))
                    self.assertTrue(ended.out == expected(form, "").encode() * copies)

    def test_the_type_of_binaries_in_kinesis_records_is_what_the_configuration_says(self):
        once = program.run("convert", "--set=source.kinesis.binary=once", KEY, text=text_of("kinesis"))
        self.assertEqual(once.code, 0, once.errors)
        self.assertIn('"photo":{"$binary":{"base64":"QVFMLw==","subType":"00"}}', once.lines()[0])


if __name__ == "__main__":
    unittest.main()
