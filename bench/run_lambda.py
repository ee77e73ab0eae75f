#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the Lambda function `bootstrap` beside what people write themselves, below Lambda's runtime interface emulator.

    dynatlas       build/release/bootstrap
    packaged       the newest build/package/dynatlas-lambda_*.zip, unpacked; only where there is one
    java           AWS's runtime interface client, Jackson and the official driver, with the options of Lambda's own Java 17
    node           @aws-sdk/util-dynamodb and the official driver, in one file made by esbuild
    node-modules   the same as separate packages; only where --function asks for it

All decode the records of a Kinesis event and upsert their new images by key into a MongoDB server that keeps nothing
(null_mongod.cc), so that all time is their own. The others do it by one plain unordered bulk write; dynatlas does more: the
version guard, and the look-up of tombstones.

First the answers are checked: every document that the server got, number by number, of items of all shapes (generate.py) and
of the event that is measured; and removals. Then the functions run in turns, each round in a process of its own:

    cold   from the start of the process to the answer to its first event of 1000 records, by the clock
    warm   CPU time, user and system, of all its processes for one more such event, after some to warm up
    peak   resident memory at most

The records are those of the shape `attributes`, about 2.3 kB each, made just now. Medians of the rounds; the ratios are taken
round by round. Results also go to build/bench/lambda.json. Exit: 0 done, 1 an answer was wrong, 2 usage, 3 something is missing.
"""

import argparse
import statistics
import sys
import time
from decimal import Decimal

import generate
import lambda_programs
import run_convert
import run_replay
from check_convert import EXACT, Comparison, Difference, decode_binaries_once
from measured_function import MeasuredFunction
from run_convert import ROOT, Missing, run, say, write_report

sys.path.insert(0, str(ROOT / "tests" / "end_to_end"))
from mongodb_client import MongodbClient  # noqa: E402
from null_mongod import NullMongod  # noqa: E402

MEASURED_SHAPE = "attributes"
CHECKED_RECORDS, CHECKED_REMOVALS = 20, 10  # of each shape
RIVALS = ("java", "node")
GOALS = {"cold": {"java": 10, "node": 4}, "warm": {"java": 5, "node": 5}}
PEAK_GOAL_MEGABYTES = 64
METADATA = "_dynatlas"


# --- Events


class Event:
    """A Kinesis event and the items that must come of it."""

    def __init__(self):
        self.records = []
        self.items = {}  # by key
        self.removals = 0

    def add(self, shape, count, seed, begin_us, removals=0):
        """New images of `count` items of a shape, and removals of other keys."""
        make = generate.Maker(f"{seed}/{shape}", binary_rounds=2)
        for number in range(count + removals):
            item = generate.SHAPES[shape](make, number)
            is_removal = number >= count
            place = len(self.records)
            data = run_replay.changed(generate.kinesis_record(make, item, number), begin_us + place, is_removal)
            self.records.append(generate.event_record(data, place))
            if not is_removal:
                self.items[item["pk"]["S"]] = item
        self.removals += removals

    def text(self):
        return '{"Records":[' + b",".join(self.records).decode() + "]}"


def make_events(arguments):
    """One of all shapes, and the one that is measured."""
    begin_us = int((time.time() + 3600) * 1e6)  # ahead, so that they stay young for as long as the benchmark runs
    of_all = Event()
    for shape in generate.SHAPES:
        of_all.add(shape, CHECKED_RECORDS, arguments.seed, begin_us, CHECKED_REMOVALS)
    measured = Event()
    measured.add(MEASURED_SHAPE, arguments.records, arguments.seed, begin_us)
    return of_all, measured


# --- Answers


def content_of(value):
    """A value of bson.py as Comparison takes it."""
    if value.type == "document":
        return [(name, content_of(inner)) for name, inner in value.content]
    if value.type == "array":
        return tuple(content_of(inner) for inner in value.content)
    if value.type == "decimal":
        negative, coefficient, exponent = value.content
        number = Decimal(coefficient).scaleb(exponent, EXACT)
        return number.copy_negate() if negative else number
    return value.content


def documents_by_key(server):
    client = MongodbClient(server.uri)
    try:
        documents = [content_of(document) for document in client.documents("dynamodb", "bench")]
    finally:
        client.close()
    return {dict(document)["_id"]: [field for field in document if field[0] != METADATA] for document in documents}


def compare(name, event, server):
    found = documents_by_key(server)
    if found.keys() != event.items.keys():
        raise Difference(f"{name}: {len(event.items)} items became {len(found)} documents, or under other keys")
    # Node has doubles alone.
    comparison = Comparison(exact=not name.startswith("node"), ordered=True)
    for key, item in event.items.items():
        for value in item.values():
            decode_binaries_once(value)
        comparison.document(item, found[key], f"{name}: {key}")


def check(name, command, make):
    """Each event into a server of its own."""
    for event in make():
        with NullMongod(run_replay.NULL_MONGOD, "--keep") as server:
            with MeasuredFunction(name, command, server.uri) as function:
                function.apply(event.text())
            counts = server.counts()
            if (counts["updates"], counts["deletes"]) != (len(event.items), event.removals):
                raise Difference(f"{name}: {len(event.items)} upserts and {event.removals} removals came as {counts}")
            compare(name, event, server)


# --- Time


def measure(name, command, server, event, arguments):
    """One round: what one process takes."""
    with MeasuredFunction(name, command, server.uri) as function:
        cold = function.cold_seconds(event)
        for _ in range(arguments.warm_up):
            function.apply(event)
        before = function.cpu_seconds()
        for _ in range(arguments.batches):
            function.apply(event)
        warm = (function.cpu_seconds() - before) / arguments.batches
        return {"cold": cold * 1000, "warm": warm * 1000, "peak": function.peak_bytes() / 2**20}


def measure_all(commands, event, arguments):
    """{program: [round, ..]}, each {"cold": ms, "warm": CPU ms, "peak": MiB}"""
    rounds = {name: [] for name in commands}
    with NullMongod(run_replay.NULL_MONGOD) as server:
        for number in range(arguments.rounds):
            say(f"round {number + 1} of {arguments.rounds}")
            for name, command in commands.items():
                before = server.counts()["updates"]
                rounds[name].append(measure(name, command, server, event, arguments))
                written = server.counts()["updates"] - before
                expected = arguments.records * (1 + arguments.warm_up + arguments.batches)
                if written != expected:
                    raise Difference(f"{name}: {expected} records became {written} upserts")
    return rounds


def median(rounds, figure):
    return statistics.median(one[figure] for one in rounds)


def ratio(rounds, others, figure):
    """How many times as much the others take, round by round."""
    return statistics.median(other[figure] / one[figure] for one, other in zip(rounds, others))


def ratios(rounds):
    """{ours: {figure: {rival: ratio}}}"""
    ours = [name for name in ("dynatlas", "packaged") if name in rounds]
    rivals = [name for name in rounds if name not in ours]
    return {
        name: {figure: {rival: ratio(rounds[name], rounds[rival], figure) for rival in rivals} for figure in GOALS}
        for name in ours
    }


def print_table(rounds, records):
    print(f"\n{records} records, medians\n")
    print(f"{'function':14}{'cold, ms':>10}{'warm, CPU ms':>14}{'peak, MiB':>11}")
    for name, of_program in rounds.items():
        cold, warm, peak = (median(of_program, figure) for figure in ("cold", "warm", "peak"))
        print(f"{name:14}{cold:>10.1f}{warm:>14.2f}{peak:>11.1f}")
    print()
    for name, of_program in ratios(rounds).items():
        for figure, of_rivals in of_program.items():
            for rival, times in of_rivals.items():
                goal = GOALS[figure].get(rival)
                shown = f"   (goal {goal} at least)" if goal else ""
                print(f"{rival} takes {times:5.1f} times as much as {name}, {figure}{shown}")
        print(f"{name} has {median(rounds[name], 'peak'):.1f} MiB at most   (goal: below {PEAK_GOAL_MEGABYTES})")


# --- The command


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/bench lambda", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="3 rounds and 5 batches: figures for orientation only")
    parser.add_argument("--rounds", type=int, help="counted rounds (default 7)")
    parser.add_argument("--batches", type=int, help="counted warm batches of a round (default 20)")
    parser.add_argument("--warm-up", type=int, help="batches before them (default 20)")
    parser.add_argument("--records", type=int, default=1000, help="records of an event (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the generated data (default %(default)s)")
    names = tuple(lambda_programs.BUILDERS)
    parser.add_argument("--function", action="append", choices=names, help="only this function; may be repeated")
    parser.add_argument("--java-options", help="instead of those that Lambda gives, such as '' for the JVM's own")
    parser.add_argument("--check-only", action="store_true", help="compare the answers and stop")
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (3 if arguments.quick else 7)
    arguments.batches = arguments.batches or (5 if arguments.quick else 20)
    if arguments.warm_up is None:
        arguments.warm_up = 5 if arguments.quick else 20
    if min(arguments.rounds, arguments.batches, arguments.records) < 1 or arguments.warm_up < 0:
        parser.error("--rounds, --batches and --records: at least one")
    return arguments


def build(arguments):
    """The functions that were asked for: how each is started."""
    run(ROOT / "scripts" / "install-test-servers")
    run_convert.build_ours("bootstrap", "dynatlas", "dynatlas_null_mongod", "dynatlas_bench_started")
    lambda_programs.FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = arguments.function or ("dynatlas", "packaged", *RIVALS)
    commands = {}
    for name in wanted:
        try:
            commands[name] = lambda_programs.BUILDERS[name](arguments)
        except Missing as missing:
            if arguments.function:
                raise
            say(f"{name} is left out: {missing}")
    return commands


def count_time(arguments, commands):
    _, measured = make_events(arguments)
    event = measured.text()
    say(f"measuring an event of {len(event) / 1e6:.1f} MB")
    rounds = measure_all(commands, event, arguments)
    print_table(rounds, arguments.records)
    return {"records": arguments.records, "event_bytes": len(event), "rounds": rounds, "ratios": ratios(rounds)}


def main():
    arguments = parse_arguments()
    try:
        commands = build(arguments)
        say("checking the answers")
        for name, command in commands.items():
            check(name, command, lambda: make_events(arguments))
        say("all answers are right")
        if arguments.check_only:
            return 0
        report = count_time(arguments, commands)
    except Difference as difference:
        say(f"wrong answer: {difference}")
        return 1
    except Missing as missing:
        say(str(missing))
        return 3
    report["commands"] = {name: [str(part) for part in command] for name, command in commands.items()}
    write_report(report, "lambda.json", lambda_programs.versions())
    return 0


if __name__ == "__main__":
    sys.exit(main())
