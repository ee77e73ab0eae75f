#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures `dynatlas convert --to bson` beside what people would write themselves, and beside the limit.

    node   @aws-sdk/util-dynamodb + bson
    rust   serde_json + serde_dynamo + bson
    walk   simdjson On-Demand touches every value of the JSON and writes nothing; of Kinesis events it is given the
           inner records, already decoded

First every answer is checked, document by document, against the input: for dynatlas numbers exactly and attributes in
order; for the others the nearest double will do where a number has more than 15 digits, and serde_dynamo keeps no
order. Then the programs run in turns (dynatlas node rust walk, dynatlas node rust walk, ...). What counts is the CPU
time of the whole process, user and system, start and garbage collection included; the median of the rounds is shown.
Output goes to /dev/null for all of them: the file system's share would be the same for each and is nobody's merit.

MB/s are megabytes of DynamoDB JSON (of Kinesis events: the inner records) per CPU second.
Results also go to build/bench/convert.json. Exit: 0 done, 1 an answer was wrong, 2 usage, 3 something is missing.
"""

import argparse
import concurrent.futures
import datetime
import json
import math
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

import check_convert
import generate

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "bench"
BUILD = ROOT / "build" / "release"

RIVALS = ("node", "rust", "walk")
NODE_AT_LEAST = (20, 19)
MEGABYTES, MEGABYTES_QUICK, MEGABYTES_CHECKED = 64, 4, 4
GOALS = {"node": (12, 8), "rust": (6, 4), "walk": (0.5, None)}  # geometric mean, each
SCALING_GOAL = 1.7


class Missing(Exception):
    """What cannot be had here, and what to do about it."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*command, **options):
    say("$ " + " ".join(str(part) for part in command))
    if subprocess.run([str(part) for part in command], stdout=sys.stderr, **options).returncode != 0:
        raise Missing(f"this failed: {' '.join(str(part) for part in command)}")


def output_of(*command):
    try:
        return subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


# --- What is measured, and how it is built


def build_ours(*targets):
    """Builds dynatlas, the walk, or both, and what they need."""
    install = ROOT / "scripts" / "install-dependencies"
    if install.exists():
        run(install)
    run("cmake", "--preset", "release", "-DDYNATLAS_BENCH=ON", cwd=ROOT)
    run("cmake", "--build", "--preset", "release", "--target", *targets, cwd=ROOT)


def build_node():
    version = output_of("node", "--version")
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < NODE_AT_LEAST or not shutil.which("npm"):
        raise Missing(
            f"Node {'.'.join(map(str, NODE_AT_LEAST))} or later with npm is needed, found {version or 'none'}"
        )
    folder = WORK / "node"
    sources = ROOT / "bench" / "node"
    installed = folder / "node_modules"
    wanted = (sources / "package-lock.json").read_bytes()
    fresh = installed.exists() and (folder / "package-lock.json").read_bytes() == wanted
    folder.mkdir(parents=True, exist_ok=True)
    for name in (".npmrc", "package.json", "package-lock.json", "convert.mjs"):
        shutil.copy(sources / name, folder / name)
    if not fresh:
        shutil.rmtree(installed, ignore_errors=True)
        run("npm", "ci", "--no-audit", "--no-fund", cwd=folder)
    return ["node", folder / "convert.mjs"]


def build_rust():
    if not shutil.which("cargo"):
        raise Missing("cargo is needed (Rust 1.89 or later), for example from https://rustup.rs")
    target = WORK / "rust"
    run(
        "cargo",
        "build",
        "--release",
        "--locked",
        "--quiet",
        cwd=ROOT / "bench" / "rust",
        env={**os.environ, "CARGO_TARGET_DIR": str(target)},
    )
    return [target / "release" / "dynatlas-bench-rust"]


class Programs:
    """How each program is started on a file of a shape and form."""

    def __init__(self, arguments):
        wanted = [name for name in ("dynatlas", *RIVALS) if name not in arguments.without]
        ours = {"dynatlas": (arguments.dynatlas, "dynatlas"), "walk": (arguments.walk, "dynatlas_bench_walk")}
        if targets := [target for name, (given, target) in ours.items() if name in wanted and not given]:
            build_ours(*targets)
        self.commands = {}
        if "dynatlas" in wanted:
            program = arguments.dynatlas or BUILD / "dynatlas"
            self.commands["dynatlas"] = [program, "convert", "--to", "bson", "--jobs", "1"]
        for name, build in (("node", build_node), ("rust", build_rust)):
            if name in wanted:
                try:
                    self.commands[name] = build()
                except Missing as missing:
                    say(f"{name} is left out: {missing}")
        if "walk" in wanted:
            self.commands["walk"] = [arguments.walk or BUILD / "bench" / "dynatlas_bench_walk"]

    def names(self):
        return list(self.commands)

    def command(self, name, data, shape, form):
        command = [str(part) for part in self.commands[name]]
        if name == "walk":
            return command + [str(data / f"{shape}.{'records' if form == generate.KINESIS else form}.ndjson")]
        if name in ("node", "rust"):
            command.append(form)
        return command + [str(data / f"{shape}.{form}.ndjson")]

    def versions(self):
        versions = {"node": output_of("node", "--version"), "rust": output_of("rustc", "--version")}
        if "dynatlas" in self.commands:
            versions["dynatlas"] = output_of(self.commands["dynatlas"][0], "--version")
        return versions


# --- Answers


def write_output(command, path):
    with open(path, "wb") as out:
        ended = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True)
        if ended.returncode != 0:
            raise check_convert.Difference(f"this failed: {' '.join(command)}\n{ended.stderr}")


def check_one(name, command, data, shape, form):
    """Compares everything that a program writes with its input; runs in a process of its own."""
    output = pathlib.Path(data) / f"{shape}.{form}.{name}.out"
    try:
        write_output(command, output)
        if name == "walk":
            counted, expected = json.loads(output.read_text()), check_convert.count_json(command[-1])
            if counted != expected:
                raise check_convert.Difference(f"{expected} was counted as {counted}")
            return ""
        check_convert.check(command[-1], form, output, exact=name == "dynatlas", ordered=name != "rust")
    except check_convert.Difference as difference:
        return f"{name}, {shape} {form}: {difference}"
    finally:
        output.unlink(missing_ok=True)
    return ""


def check_answers(programs, cells, data):
    with concurrent.futures.ProcessPoolExecutor() as pool:
        jobs = [
            pool.submit(check_one, name, programs.command(name, data, *cell), str(data), *cell)
            for cell in cells
            for name in programs.names()
        ]
        return [wrong for job in jobs if (wrong := job.result())]


def check_count(name, command, records):
    """A large file is checked by its number of documents; this is the warm-up round as well."""
    output = WORK / "warm-up.out"
    try:
        write_output(command, output)
        if name == "walk":
            count = json.loads(output.read_text())["records"]
        else:
            with open(output, "rb") as file:
                count = check_convert.count_documents(file)
        if count != records:
            raise check_convert.Difference(f"{name}: {count} documents of {records} records: {' '.join(command)}")
    finally:
        output.unlink(missing_ok=True)


# --- Time


def measure(command):
    """CPU seconds (user and system, of the whole process) and wall seconds."""
    with open(os.devnull, "wb") as nothing:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=nothing, stderr=nothing)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise check_convert.Difference(f"exit {process.returncode}: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, wall


def measure_cell(programs, data, cell, file, rounds):
    commands = {name: programs.command(name, data, *cell) for name in programs.names()}
    for name, command in commands.items():
        check_count(name, command, file["records"])
    seconds = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            seconds[name].append(measure(command)[0])
    return seconds


def measure_scaling(programs, data, cell, rounds):
    """Wall seconds with one job and with two, in turns."""
    one = programs.command("dynatlas", data, *cell)
    at = one.index("--jobs") + 1
    commands = {jobs: [*one[:at], str(jobs), *one[at + 1 :]] for jobs in (1, 2)}
    wall = {jobs: [] for jobs in commands}
    for turn in range(rounds + 1):
        for jobs, command in commands.items():
            seconds = measure(command)[1]
            if turn > 0:
                wall[jobs].append(seconds)
    return wall


def instructions(command, report):
    """Instructions of one run under callgrind: the same on every run, other programs or not."""
    valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={report}", *command]
    done = subprocess.run(valgrind, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not collected:
        raise Missing(f"callgrind failed: {' '.join(command)}\n{done.stderr}")
    return int(collected[1])


def instructions_per_record(programs, name, cell, seed):
    """From a file and one of twice its size, so that the start of the program does not count."""
    totals = []
    for megabytes in (0.5, 1):
        data = WORK / "data" / f"callgrind-{megabytes}"
        records = generate.generate(data, int(megabytes * 1e6), seed)[".".join(cell)]["records"]
        report = WORK / f"callgrind.{name}.{'.'.join(cell)}.out"
        totals.append((records, instructions(programs.command(name, data, *cell), report)))
    (few, less), (many, more) = totals
    return (more - less) / (many - few)


# --- What is shown


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(value) for value in values))


class Result:
    """One shape in one form: medians, and how dynatlas compares."""

    def __init__(self, cell, file, seconds):
        self.cell = cell
        self.file = file
        self.seconds = seconds
        self.median = {name: statistics.median(rounds) for name, rounds in seconds.items()}

    def speed(self, name):
        return self.file["json_bytes"] / 1e6 / self.median[name] if name in self.median else None

    def ratio(self, name):
        """How many times as fast as `name` dynatlas is."""
        if name not in self.median or "dynatlas" not in self.median:
            return None
        return self.median[name] / self.median["dynatlas"]

    def as_json(self):
        shape, form = self.cell
        return {
            "shape": shape,
            "form": form,
            **self.file,
            "cpu_seconds": self.seconds,
            "megabytes_per_cpu_second": {name: self.speed(name) for name in self.median},
            "ratio": {name: self.ratio(name) for name in RIVALS if self.ratio(name)},
        }


def shown(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def print_table(results):
    def row(*columns):
        widths = (-12, -9, 9, 10, 8, 8, 8, 9, 8, 8)
        print("".join(f"{text:{'<' if width < 0 else '>'}{abs(width)}}" for text, width in zip(columns, widths)))

    print("\nMB of DynamoDB JSON per CPU second, medians; and how many times as fast dynatlas is\n")
    row("shape", "form", "B/record", "dynatlas", *RIVALS, *(f"x {name}" for name in RIVALS))
    for result in results:
        speeds = [shown(result.speed(name), 0) for name in ("dynatlas", *RIVALS)]
        ratios = [shown(result.ratio(name), 2) for name in RIVALS]
        row(*result.cell, shown(result.file["json_bytes"] / result.file["records"], 0), *speeds, *ratios)


def means(results):
    found = {}
    for name in RIVALS:
        ratios = [ratio for result in results if (ratio := result.ratio(name))]
        if ratios:
            found[name] = {"geometric_mean": geometric_mean(ratios), "lowest": min(ratios)}
    return found


def print_means(found):
    for name, mean in found.items():
        mean_goal, each_goal = GOALS[name]
        goals = f"goal {mean_goal}" + (f", none below {each_goal}" if each_goal else "")
        print(f"geometric mean x {name:5}{mean['geometric_mean']:7.2f}   lowest {mean['lowest']:.2f}   ({goals})")


def print_scaling(scaling):
    for shape, wall in scaling.items():
        one, two = (statistics.median(wall[jobs]) for jobs in (1, 2))
        print(f"two jobs, {shape} export: {one:.3f} s -> {two:.3f} s, {one / two:.2f} times as fast")
    ratios = [statistics.median(wall[1]) / statistics.median(wall[2]) for wall in scaling.values()]
    print(f"two jobs, geometric mean {geometric_mean(ratios):.2f}   (goal {SCALING_GOAL})")


def machine():
    cpu = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {"cpu": cpu[1] if cpu else platform.machine(), "cores": os.cpu_count(), "kernel": platform.release()}


def write_report(report, name, versions):
    """As JSON beside the benchmarks' data, with what was measured where."""
    report["machine"] = machine()
    report["versions"] = versions
    report["commit"] = output_of("git", "-C", ROOT, "rev-parse", "HEAD")
    report["at"] = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    path = WORK / name
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(f"\nwritten to {path.relative_to(ROOT)}")


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/bench convert", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"{MEGABYTES_QUICK} MB a file and 5 rounds: figures for orientation only"
    )
    parser.add_argument("--megabytes", type=float, help=f"size of each input file (default {MEGABYTES})")
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the generated data (default %(default)s)")
    parser.add_argument(
        "--shape", action="append", choices=list(generate.SHAPES), help="only this shape; may be repeated"
    )
    parser.add_argument("--form", action="append", choices=generate.FORMS, help="only this form; may be repeated")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=("dynatlas", *RIVALS),
        help="leave this program out; may be repeated",
    )
    parser.add_argument(
        "--dynatlas", metavar="PATH", help="the program to measure (default: build/release/dynatlas, built first)"
    )
    parser.add_argument("--walk", metavar="PATH", help="the simdjson walk (default: built with dynatlas)")
    parser.add_argument(
        "--check-all",
        action="store_true",
        help=f"compare every document of the measured files, not only {MEGABYTES_CHECKED} MB of each (minutes)",
    )
    parser.add_argument("--check-only", action="store_true", help="compare the answers and stop")
    parser.add_argument(
        "--callgrind",
        action="store_true",
        help="count instructions per record instead of time: the repeatable figure; needs valgrind",
    )
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds: at least one")
    for program in (arguments.dynatlas, arguments.walk):
        if program and not os.access(program, os.X_OK):
            parser.error(f"{program} is no program")
    return arguments


def count_instructions(arguments, programs, cells):
    counts = {}
    print(f"\nInstructions per record, under callgrind\n\n{'shape':12}{'form':9}{'dynatlas':>12}{'walk':>12}")
    for cell in cells:
        found = {
            name: instructions_per_record(programs, name, cell, arguments.seed)
            for name in ("dynatlas", "walk")
            if name in programs.commands
        }
        counts[".".join(cell)] = found
        print(
            f"{cell[0]:12}{cell[1]:9}{shown(found.get('dynatlas'), 0):>12}{shown(found.get('walk'), 0):>12}", flush=True
        )
    return {"instructions_per_record": counts}


def count_time(arguments, programs, cells, megabytes):
    data = WORK / "data" / f"{megabytes:g}"
    files = generate.generate(data, int(megabytes * 1e6), arguments.seed)
    if arguments.check_all:
        report_answers(check_answers(programs, cells, data))
    results = []
    for cell in cells:
        say(f"measuring {' '.join(cell)}")
        file = files[".".join(cell)]
        results.append(Result(cell, file, measure_cell(programs, data, cell, file, arguments.rounds)))
    print_table(results)
    found = means(results)
    print()
    print_means(found)
    report = {
        "megabytes": megabytes,
        "rounds": arguments.rounds,
        "results": [result.as_json() for result in results],
        "ratio": found,
    }
    if "dynatlas" in programs.commands and os.cpu_count() >= 2:
        exports = [cell for cell in cells if cell[1] == generate.EXPORT]
        report["wall_seconds_by_jobs"] = {
            cell[0]: measure_scaling(programs, data, cell, arguments.rounds) for cell in exports
        }
        if exports:
            print_scaling(report["wall_seconds_by_jobs"])
    return report


def report_answers(wrong):
    if wrong:
        raise check_convert.Difference("\n".join(wrong))
    say("all answers are right")


def main():
    arguments = parse_arguments()
    megabytes = arguments.megabytes or (MEGABYTES_QUICK if arguments.quick else MEGABYTES)
    cells = [(shape, form) for shape in arguments.shape or generate.SHAPES for form in arguments.form or generate.FORMS]
    try:
        programs = Programs(arguments)
        say("checking the answers")
        checked = WORK / "data" / f"{MEGABYTES_CHECKED:g}"
        generate.generate(checked, int(MEGABYTES_CHECKED * 1e6), arguments.seed)
        report_answers(check_answers(programs, cells, checked))
        if arguments.check_only:
            return 0
        report = (
            count_instructions(arguments, programs, cells)
            if arguments.callgrind
            else count_time(arguments, programs, cells, megabytes)
        )
    except check_convert.Difference as difference:
        say(f"wrong answer: {difference}")
        return 1
    except Missing as missing:
        say(str(missing))
        return 3
    write_report(report, "convert-callgrind.json" if arguments.callgrind else "convert.json", programs.versions())
    return 0


if __name__ == "__main__":
    sys.exit(main())
