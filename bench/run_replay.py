#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures `dynatlas replay` into a MongoDB server that keeps nothing (null_mongod.cc), so that all time is replay's own.

    fresh    upserts of keys that are not there, made long ago: their tombstones are looked up before and after
    young    the same, made just now: tombstones are looked up after
    stale    upserts of keys that are there, and newer: each meets E11000, and is found to be stale
    removes  every second change is a removal: a tombstone and a delete

beside what must be done at least for `fresh` and `young`:

    convert  `dynatlas convert --to bson --metadata` of the same input: the very documents, without network
    bulk     these documents as update commands that were built before, sent by libmongoc (prebuilt_bulk.cc)

The input is Lambda events of Kinesis records of the shape customer (generate.py), about 1 kB each. Everything runs with one
job. First the answers are checked: the counters of replay's summary, the number of statements and the bytes of the
documents that the server got. Then the programs run in turns; what counts is CPU time of the whole process, user and system,
start included: the median of the rounds.

Results also go to build/bench/replay.json. Exit: 0 done, 1 an answer was wrong, 2 usage, 3 something is missing.
"""

import argparse
import json
import statistics
import sys
import time

import generate
import run_convert
from check_convert import Difference
from run_convert import BUILD, ROOT, WORK, Missing, measure, output_of, say, write_report

sys.path.insert(0, str(ROOT / "tests" / "end_to_end"))
from null_mongod import NullMongod  # noqa: E402

MEGABYTES, MEGABYTES_QUICK = 64, 8
GOAL = 1.5
EVENT_RECORDS = 100
DYNATLAS = BUILD / "dynatlas"
NULL_MONGOD = BUILD / "bench" / "dynatlas_null_mongod"
PREBUILT_BULK = BUILD / "bench" / "dynatlas_bench_prebuilt_bulk"
LIMITED = ("fresh", "young")  # those that convert and bulk are the limit of


# --- Input


def changes(seed, size, begin_us=None, removes=False):
    """Kinesis records of `size` bytes in all: from `begin_us` on, or as generate.py has them."""
    make, number, written = generate.Maker(f"{seed}/customer", binary_rounds=2), 0, 0
    while written < size:
        item = generate.customer(make, number)
        data = generate.kinesis_record(make, item, number)
        if begin_us is not None or removes:
            data = changed(data, begin_us and begin_us + number, removes and number % 2)
        record = generate.event_record(data, number)
        written += len(record)
        number += 1
        yield record


def changed(data, t, is_removal):
    record = json.loads(data)
    if t:
        record["dynamodb"]["ApproximateCreationDateTime"] = t
    if is_removal:
        record["eventName"] = "REMOVE"
        record["dynamodb"]["OldImage"] = record["dynamodb"].pop("NewImage")
    return generate.to_json(record).encode()


def write_events(path, records):
    """How many there were."""
    count = 0
    with open(path, "wb") as out:
        event = []
        for record in records:
            event.append(record)
            count += 1
            if len(event) == EVENT_RECORDS:
                out.write(b'{"Records":[' + b",".join(event) + b"]}\n")
                event = []
        if event:
            out.write(b'{"Records":[' + b",".join(event) + b"]}\n")
    return count


class Input:
    """One file of changes, and how replay must count them."""

    def __init__(self, name, megabytes, seed):
        self.name = name
        self.path = WORK / "data" / f"replay.{name}.ndjson"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        size = int(megabytes * 1e6)
        # An hour ahead, so that they stay young for as long as the benchmark runs.
        begin_us = int((time.time() + 3600) * 1e6) if name == "young" else None
        self.records = write_events(self.path, changes(seed, size, begin_us, name == "removes"))
        self.documents = WORK / "data" / f"replay.{name}.bson"
        self.commands = WORK / "data" / f"replay.{name}.commands"

    def expected(self):
        """replay's summary, where it is not 0, and what the server counts."""
        removed = self.records // 2 if self.name == "removes" else 0
        upserts = self.records - removed
        summary = {"read": self.records, "stale" if self.name == "stale" else "upserted": upserts}
        return {**summary, **({"removed": removed} if removed else {})}, upserts, removed

    def prepare(self):
        """What the limit needs, and the documents that the server must get."""
        run_convert.write_output(self.convert(), self.documents)
        if self.name in LIMITED:
            run_convert.write_output([str(PREBUILT_BULK), "build", str(self.documents)], self.commands)

    def convert(self):
        return [str(part) for part in (DYNATLAS, "convert", "--to=bson", "--metadata", "--jobs=1", self.path)]

    def replay(self, server, *options):
        return [str(part) for part in (DYNATLAS, "replay", f"--to={server.uri}", "--jobs=1", *options, self.path)]

    def bulk(self, server):
        return [str(part) for part in (PREBUILT_BULK, "send", server.uri, self.commands)]


# --- Answers


def counted_by(server, command):
    """What the server counted while the command ran, and its CPU seconds."""
    before = server.counts()
    seconds = measure(command)[0]
    return {name: count - before[name] for name, count in server.counts().items()}, seconds


def check_replay(given, server):
    path = WORK / "replay.summary.json"
    counts, _ = counted_by(server, given.replay(server, f"--summary={path}"))
    summary = {name: count for name, count in json.loads(path.read_text()).items() if count and name != "seconds"}
    expected, upserts, removed = given.expected()
    if summary != expected:
        raise Difference(f"{given.name}: replay counted {summary}, and {expected} is right")
    size = given.documents.stat().st_size
    if (counts["updates"], counts["documentBytes"], counts["deletes"]) != (upserts, size, removed):
        raise Difference(f"{given.name}: {upserts} upserts of {size} bytes and {removed} removals came as {counts}")


def check_bulk(given, server):
    counts, _ = counted_by(server, given.bulk(server))
    if (counts["updates"], counts["documentBytes"]) != (given.records, given.documents.stat().st_size):
        raise Difference(f"{given.name}: the bulk of {given.records} documents came as {counts}")


# --- Time


def measure_all(inputs, servers, rounds):
    """{input: {program: CPU seconds of each round}}"""
    seconds = {given.name: {} for given in inputs}
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for given in inputs:
            commands = {"replay": given.replay(servers[given.name])}
            if given.name in LIMITED:
                commands = {"convert": given.convert(), "bulk": given.bulk(servers[given.name]), **commands}
            for name, command in commands.items():
                seconds[given.name].setdefault(name, []).append(measure(command)[0])
    return seconds


class Result:
    """Medians of one input, in CPU µs a change."""

    def __init__(self, given, seconds):
        self.given = given
        self.seconds = seconds
        self.each = {name: statistics.median(rounds) / given.records * 1e6 for name, rounds in seconds.items()}

    def ratio(self):
        """Of replay to convert and bulk together, round by round; None where these are not its limit."""
        if self.given.name not in LIMITED:
            return None
        rounds = zip(self.seconds["replay"], self.seconds["convert"], self.seconds["bulk"])
        return statistics.median(replay / (convert + bulk) for replay, convert, bulk in rounds)

    def as_json(self):
        return {
            "input": self.given.name,
            "records": self.given.records,
            "cpu_seconds": self.seconds,
            "cpu_microseconds_a_change": self.each,
            "ratio": self.ratio(),
        }


def print_table(results):
    print("\nCPU microseconds a change, medians\n")
    print(f"{'input':10}{'changes':>9}{'convert':>10}{'bulk':>8}{'replay':>9}   replay / (convert + bulk)")
    for result in results:
        cells = [f"{result.each[name]:.2f}" if name in result.each else "-" for name in ("convert", "bulk", "replay")]
        ratio = f"{result.ratio():.2f}   (goal {GOAL} at most)" if result.ratio() else "-"
        print(f"{result.given.name:10}{result.given.records:>9}{cells[0]:>10}{cells[1]:>8}{cells[2]:>9}   {ratio}")


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/bench replay", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    quick = f"{MEGABYTES_QUICK} MB a file: figures for orientation only"
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--megabytes", type=float, help=f"size of each input file (default {MEGABYTES})")
    parser.add_argument("--rounds", type=int, default=7, help="counted rounds (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the generated data (default %(default)s)")
    names = ("fresh", "young", "stale", "removes")
    parser.add_argument("--input", action="append", choices=names, help="only this input; may be repeated")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds: at least one")
    arguments.input = arguments.input or names
    return arguments


def count_time(arguments):
    megabytes = arguments.megabytes or (MEGABYTES_QUICK if arguments.quick else MEGABYTES)
    say(f"making {megabytes:g} MB of each input")
    inputs = [Input(name, megabytes, arguments.seed) for name in arguments.input]
    with NullMongod(NULL_MONGOD) as empty, NullMongod(NULL_MONGOD, "--stale") as full:
        servers = {given.name: full if given.name == "stale" else empty for given in inputs}
        say("checking the answers")
        for given in inputs:
            given.prepare()
            check_replay(given, servers[given.name])
            if given.name in LIMITED:
                check_bulk(given, servers[given.name])
        say("all answers are right")
        seconds = measure_all(inputs, servers, arguments.rounds)
    results = [Result(given, seconds[given.name]) for given in inputs]
    print_table(results)
    return {"megabytes": megabytes, "rounds": arguments.rounds, "results": [result.as_json() for result in results]}


def main():
    arguments = parse_arguments()
    try:
        run_convert.build_ours("dynatlas", "dynatlas_null_mongod", "dynatlas_bench_prebuilt_bulk")
        report = count_time(arguments)
    except Difference as difference:
        say(f"wrong answer: {difference}")
        return 1
    except Missing as missing:
        say(str(missing))
        return 3
    write_report(report, "replay.json", {"dynatlas": output_of(DYNATLAS, "--version")})
    return 0


if __name__ == "__main__":
    sys.exit(main())
