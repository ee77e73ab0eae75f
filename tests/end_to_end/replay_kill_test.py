#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Four `dynatlas replay` on one target, killed again and again, must leave exactly the tables of the history.

A shuffled, duplicated history (history.py) is split over four processes that run at once. They are killed with SIGKILL
and started again with the same input until each has ended by itself: at random moments where they write into a dump folder;
with a write command of theirs on its way where it is a MongoDB server (not sent, sent by half, or carried out and not
answered, by turns). Then

  - the target equals the tables, by _id, types, values, order and version;
  - in every summary read = upserted + removed + stale + coalesced + parked + filtered; nothing is parked or filtered;
  - a second replay of the same input changes no byte of any document, and upserts nothing.

  tests/end_to_end/replay_kill_test.py                                  100,000 changes of 1,000 keys, 20 kills
  tests/end_to_end/replay_kill_test.py --changes 10000 --keys 100       as `ctest` runs it
  tests/end_to_end/replay_kill_test.py --to mongodb --large-server      the same into secantusd-rs
  tests/end_to_end/replay_kill_test.py --to mongodb --changes 2000 --keys 100    as `ctest` runs it: into secantusd-py
"""

import contextlib
import hashlib
import json
import random
import subprocess
import sys
import time

import compare
import history
from long_run import Failed, make_parser, parse, run_test
from mongodb_server import MongodbServer, with_database
from tcp_proxy import TcpProxy

PROCESSES = 4
COUNTERS = ["upserted", "removed", "stale", "coalesced", "parked", "filtered"]


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
        self._moments = {}

    def aim_at(self, process):
        """It starts now."""
        self._moments[process] = self._dice.uniform(0, self._life) if self.left > 0 else None

    def is_due(self, process):
        moment = self._moments[process]
        return moment is not None and self.left > 0 and process.seconds() >= moment

    def killed(self, process):
        self.left -= 1
        self._life *= 1.2  # it was still running: perhaps it would have run for longer than we think
        log(f"killed process {process.number} after {process.seconds():.3f} s, {self.left} kills left")

    def ended(self, process):
        self._life = process.seconds() * 1.05


class MurdererOnTheWire:
    """Kills each process while a random write command of its expected life is on its way, until all kills are spent."""

    WHERE = (TcpProxy.AFTER, TcpProxy.WITHIN, TcpProxy.BEFORE)

    def __init__(self, dice, kills, proxies):
        self.left = kills
        self._dice = dice
        self._proxies = proxies  # by the process's number
        self._writes = 2  # how many write commands a process sends, as far as is known
        self._aims = {}

    def aim_at(self, process):
        aim = (self._dice.randint(1, self._writes), self.WHERE[self.left % len(self.WHERE)]) if self.left > 0 else (None, None)
        self._aims[process] = aim
        self._proxies[process.number].set_trap(*aim)

    def is_due(self, process):
        if self.left == 0:  # the others spent the kills, and this one would wait for ever
            self._proxies[process.number].set_trap(None, None)
        return self._proxies[process.number].trapped.is_set()

    def killed(self, process):
        self.left = max(0, self.left - 1)
        number, where = self._aims[process]
        self._writes = max(self._writes, number + 2)
        log(f"killed process {process.number}: its write command {number} was caught {where} it was sent, {self.left} kills left")

    def ended(self, process):
        self._writes = max(2, self._proxies[process.number].writes)


class Bystander:
    """Kills nobody."""

    left = 0

    def aim_at(self, process):
        """Lets it live."""

    def is_due(self, process):
        return False

    def ended(self, process):
        """As it should."""


def run_until_all_ended(processes, murderer, deadline):
    """Runs all at once, kills and restarts until every kill is spent and every process has ended with exit code 0."""
    running = []

    def start(process):
        murderer.aim_at(process)
        process.start()

    def start_all():
        running.extend(processes)
        for process in processes:
            start(process)

    start_all()
    while running:
        time.sleep(0.002)
        if time.monotonic() > deadline:
            raise Failed(f"processes {[process.number for process in running]} are still running at the time limit")
        for process in list(running):
            if process.ended():
                murderer.ended(process)
                running.remove(process)
            elif murderer.is_due(process) and process.kill():
                murderer.killed(process)
                start(process)
        if not running and murderer.left > 0:  # too quick for us: the same input once more
            start_all()


class DumpFolder:
    """The target, as a context manager."""

    def __init__(self, folder):
        self._dump = folder / "dump"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """The folder is removed with what is around it."""

    def uri(self, number):
        """Where process `number` writes."""
        return f"dump:{self._dump}"

    def murderer(self, dice, kills):
        return Murderer(dice, kills)

    def differences(self, rows):
        return compare.differences(self._dump, rows)

    def contents(self):
        """Name to something that differs where what is there differs."""
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in compare.bson_files(self._dump)}


class Mongodb:
    """The target: a database on a server, with a network between it and each process. A context manager."""

    def __init__(self, large):
        self._server = MongodbServer(large=large, own=True)
        self._stack = contextlib.ExitStack()
        self._proxies = []
        self._client = None

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._server)
            self._proxies = [stack.enter_context(TcpProxy(self._server.address)) for _ in range(PROCESSES)]
            self._client = stack.enter_context(contextlib.closing(self._server.client()))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def uri(self, number):
        port = self._proxies[number].port
        return with_database(f"mongodb://127.0.0.1:{port}/?directConnection=true", self._server.database)

    def murderer(self, dice, kills):
        return MurdererOnTheWire(dice, kills, self._proxies)

    def differences(self, rows):
        found = []
        for table, table_rows in rows.items():
            documents = self._client.documents(self._server.database, table)
            found += [f"{table}: {line}" for line in compare.collection_differences(documents, table, table_rows)]
        others = self._client.collections(self._server.database).keys() - rows.keys()
        unexpected = sorted(name for name in others if not name.startswith("dynatlas."))
        return found + [f"{name}: a collection that nobody expects" for name in unexpected]

    def contents(self):
        names = self._client.collections(self._server.database).keys()
        tables = [name for name in names if not name.startswith("dynatlas.")]
        return {name: sorted(map(repr, self._client.documents(self._server.database, name))) for name in tables}


def check_target(target, rows):
    found = target.differences(rows)
    if found:
        raise Failed("\n".join([f"{len(found)} differences, the first:", *found[:20]]))


def check_second_replay(processes, target, deadline):
    before = target.contents()
    run_until_all_ended(processes, Bystander(), deadline)
    after = target.contents()
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

    with Mongodb(arguments.large_server) if arguments.to == "mongodb" else DumpFolder(folder) as target:
        processes = [make_process(arguments, target, number, files[number::PROCESSES], folder) for number in range(PROCESSES)]
        try:
            began = time.monotonic()
            run_until_all_ended(processes, target.murderer(random.Random(arguments.seed), arguments.kills), deadline)
            log(f"all ended after {time.monotonic() - began:.1f} s and {arguments.kills} kills")
            check_target(target, made.rows)
            check_second_replay(processes, target, deadline)
            check_target(target, made.rows)
        finally:
            for process in processes:
                process.kill()


def make_process(arguments, target, number, files, folder):
    command = [arguments.dynatlas, "replay", "--to", target.uri(number)]
    for table, key in history.TABLES.items():
        command += ["--key", f"{table}={','.join(key)}"]
    return Replay(number, command, files, folder)


def log(text):
    print(f"replay_kill_test: {text}", file=sys.stderr, flush=True)


def parse_arguments():
    parser = make_parser(__doc__)
    parser.add_argument("--to", choices=["dump", "mongodb"], default="dump", help="the target (%(default)s)")
    parser.add_argument("--large-server", action="store_true", help="secantusd-rs: for more than 100 keys in MongoDB")
    parser.add_argument("--changes", type=int, default=100_000)
    parser.add_argument("--keys", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, help="of the history and of the kills (random)")
    parser.add_argument("--timeout", type=float, default=900, help="seconds for everything (%(default)s)")
    return parse(parser)


def main():
    arguments = parse_arguments()
    again = f"--to {arguments.to}{' --large-server' if arguments.large_server else ''}"
    again += f" --changes {arguments.changes} --keys {arguments.keys} --kills {arguments.kills} --seed {arguments.seed}"
    log(f"seed {arguments.seed} (again with {again})")
    return run_test(test, arguments, "dynatlas-replay-", log)


if __name__ == "__main__":
    sys.exit(main())
