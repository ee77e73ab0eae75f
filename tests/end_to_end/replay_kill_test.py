#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Four `dynatlas replay` on one dump folder, killed again and again, must leave exactly the tables of the history.

A shuffled, duplicated history (history.py) is split over four processes that run at once. They are killed with SIGKILL
at random moments and started again with the same input until each has ended by itself. Then

  - the dump folder equals the tables, by _id, types, values, order and version;
  - in every summary read = upserted + removed + stale + coalesced + parked + filtered; nothing is parked or filtered;
  - a second replay of the same input changes no byte of any .bson file, and upserts nothing.

  tests/end_to_end/replay_kill_test.py                                  100,000 changes of 1,000 keys, 20 kills
  tests/end_to_end/replay_kill_test.py --changes 10000 --keys 100       as `ctest` runs it
"""

import argparse
import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

import compare
import history

PROCESSES = 4
COUNTERS = ["upserted", "removed", "stale", "coalesced", "parked", "filtered"]


class Failed(Exception):
    """The program did what it must not."""


class Replay:
    """One of the processes: its input stays the same, however often it is started."""

    def __init__(self, number, command, files, folder):
        self.number = number
        self.records = sum(records for _, records in files)
        self.summary = folder / f"summary-{number}.json"
        self.stderr = folder / f"stderr-{number}.txt"
        self._command = [*command, "--summary", str(self.summary), *(str(path) for path, _ in files)]
        self._child = None
        self._began = 0.0
        self._folder = folder

    def start(self):
        self.summary.unlink(missing_ok=True)
        with open(self.stderr, "wb") as stderr:
            self._child = subprocess.Popen(
                self._command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr
            )
        self._began = time.monotonic()

    def seconds(self):
        return time.monotonic() - self._began

    def kill(self):
        """False where it had ended before."""
        if self._child is None or self._child.poll() is not None:
            return False
        self._child.kill()
        self._child.wait()
        self._child = None
        return True

    def ended(self):
        """Whether it ended by itself; its summary is checked then."""
        code = self._child.poll()
        if code is None:
            return False
        self._child = None
        if code != 0:
            tail = self.stderr.read_text(errors="replace")[-2000:]
            raise Failed(f"process {self.number} ended with exit code {code}:\n{tail}")
        self.check_summary()
        return True

    def check_summary(self):
        counted = self.read_summary()
        total = sum(counted[name] for name in COUNTERS)
        if counted["read"] != total or counted["read"] != self.records:
            raise Failed(f"process {self.number} was given {self.records} records and counted {total}: {counted}")
        if counted["parked"] or counted["filtered"]:
            raise Failed(f"process {self.number} parked or filtered: {counted}")

    def read_summary(self):
        try:
            counted = json.loads(self.summary.read_text())
        except (OSError, ValueError) as error:
            raise Failed(f"process {self.number} ended without a summary: {error}") from error
        missing = [name for name in ["read", "seconds", *COUNTERS] if name not in counted]
        if missing:
            raise Failed(f"process {self.number} leaves {missing} out of its summary {counted}")
        return counted


class Murderer:
    """Kills each process at a random moment of its expected life, until all kills are spent."""

    def __init__(self, dice, kills):
        self.left = kills
        self._dice = dice
        self._life = 1.0  # how long a process runs, as far as is known

    def moment(self):
        """After how many seconds the process that starts now shall die; None where it may live."""
        return self._dice.uniform(0, self._life) if self.left > 0 else None

    def killed(self):
        self.left -= 1
        self._life *= 1.2  # it was still running: perhaps it would have run for longer than we think

    def ended(self, seconds):
        self._life = seconds * 1.05


def run_until_all_ended(processes, murderer, deadline):
    """Runs all at once, kills and restarts until every kill is spent and every process has ended with exit code 0."""
    moments = {}

    def start(process):
        process.start()
        moments[process] = murderer.moment()

    for process in processes:
        start(process)
    while moments:
        time.sleep(0.002)
        if time.monotonic() > deadline:
            raise Failed(f"processes {[process.number for process in moments]} are still running at the time limit")
        for process, moment in list(moments.items()):
            if process.ended():
                murderer.ended(process.seconds())
                del moments[process]
            elif moment is not None and murderer.left > 0 and process.seconds() >= moment and process.kill():
                murderer.killed()
                log(f"killed process {process.number} after {process.seconds():.3f} s, {murderer.left} kills left")
                start(process)
        if not moments and murderer.left > 0:  # too quick for us: the same input once more
            for process in processes:
                start(process)


def digests(dump):
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in compare.bson_files(dump)}


def check_folder(dump, rows):
    found = compare.differences(dump, rows)
    if found:
        raise Failed("\n".join([f"{len(found)} differences, the first:", *found[:20]]))


def check_second_replay(processes, dump, deadline):
    before = digests(dump)
    run_until_all_ended(processes, Murderer(None, 0), deadline)
    after = digests(dump)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if changed:
        raise Failed(f"the second replay changed {changed}")
    upserted = [process.read_summary()["upserted"] for process in processes]
    if any(upserted):
        raise Failed(f"the second replay upserted {upserted}, though all that was there already")


def test(arguments, folder):
    deadline = time.monotonic() + arguments.timeout
    made = history.make_history(arguments.seed, arguments.changes, arguments.keys)
    files = history.write_history(made, folder, 2 * PROCESSES)
    log(f"{arguments.changes} changes of {arguments.keys} keys came as {sum(records for _, records in files)} records")

    dump = folder / "dump"
    command = [arguments.dynatlas, "replay", "--to", f"dump:{dump}"]
    for table, key in history.TABLES.items():
        command += ["--key", f"{table}={','.join(key)}"]
    processes = [Replay(number, command, files[number::PROCESSES], folder) for number in range(PROCESSES)]
    try:
        began = time.monotonic()
        run_until_all_ended(processes, Murderer(random.Random(arguments.seed), arguments.kills), deadline)
        log(f"all ended after {time.monotonic() - began:.1f} s and {arguments.kills} kills")
        check_folder(dump, made.rows)
        check_second_replay(processes, dump, deadline)
        check_folder(dump, made.rows)
    finally:
        for process in processes:
            process.kill()


def log(text):
    print(f"replay_kill_test: {text}", file=sys.stderr, flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    program = os.environ.get("DYNATLAS", "build/release/dynatlas")
    parser.add_argument("--dynatlas", default=program, help="the program (%(default)s)")
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--keys", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, help="of the history and of the kills (random)")
    parser.add_argument("--timeout", type=float, default=900, help="seconds for everything (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="leave the temporary folder where it is")
    arguments = parser.parse_args()
    arguments.dynatlas = os.path.abspath(arguments.dynatlas)
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(2**32)
    return arguments


def main():
    arguments = parse_arguments()
    again = f"--changes {arguments.changes} --keys {arguments.keys} --kills {arguments.kills} --seed {arguments.seed}"
    log(f"seed {arguments.seed} (again with {again})")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="dynatlas-replay-"))
    try:
        test(arguments, folder)
    except Failed as failure:
        log(f"FAILED with seed {arguments.seed}: {failure}")
        return 1
    finally:
        if arguments.keep:
            log(f"kept {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    log("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
