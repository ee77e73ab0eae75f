#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Amazon's own MultiLangDaemon with `dynatlas kcl`: two daemons, a split and a merge of shards, and kills.

Changes of random keys, some of them aggregated, 1 % poison, are put into a stream of kinesis-local, while shards are split
and merged, and processes of the daemons, and daemons, are killed (SIGKILL); a daemon that ended is started again. Then

  - the collection equals what was put, and every poison record is parked once, and nothing else is;
  - the lease of every shard that was split or merged says SHARD_END;
  - a SIGTERM ends both daemons, and no process of theirs is left.

Needs scripts/install-test-servers --kcl. It takes some minutes, most of which the daemons wait.

  tests/end_to_end/kcl_multilang_test.py --large-server --changes 6000 --keys 1000
  tests/end_to_end/kcl_multilang_test.py                 into secantusd-py: 600 changes of 100 keys
"""

import collections
import os
import pathlib
import random
import signal
import sys
import time

import bson
import kcl_services
from kcl_services import Daemon, aggregate, entry
from long_run import Failed, make_parser, parse, run_test
from mongodb_server import MongodbServer
from program import compact
from records import kinesis, kinesis_removal

STREAM = "cdc"
APPLICATION = "dynatlas-test"
PHASES = [
    "begin",
    "split, kill a process",
    "kill a daemon",
    "split",
    "kill a process",
    "merge, kill a daemon",
    "kill a process",
]
PUT_AT_ONCE = 50
POISON = 0.01
AGGREGATED = 0.1
PARTS = 3


class Stream:
    """The stream, and what must have become of what was put."""

    def __init__(self, kinesis_service, dice, keys):
        self._kinesis, self._dice, self._keys = kinesis_service, dice, keys
        self._t = 0
        self.table = {}  # the key's name to its newest number
        self.poison = 0
        self.records = 0
        self.arn = None
        self.parents = []  # shards that were split or merged

    def create(self, shards):
        self._kinesis.call("CreateStream", StreamName=STREAM, ShardCount=shards)
        self.wait_until_active()

    def wait_until_active(self):
        for _ in range(300):
            summary = self._kinesis.call("DescribeStreamSummary", StreamName=STREAM)["StreamDescriptionSummary"]
            if summary["StreamStatus"] == "ACTIVE":
                self.arn = summary["StreamARN"]
                return
            time.sleep(0.1)
        raise Failed("the stream does not become active")

    def open_shards(self):
        shards = self._kinesis.call("ListShards", StreamName=STREAM)["Shards"]
        parents = {shard.get(member) for shard in shards for member in ("ParentShardId", "AdjacentParentShardId")}
        still_open = [shard for shard in shards if shard["ShardId"] not in parents]
        return sorted(still_open, key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))

    def split(self):
        shard = self._dice.choice(self.open_shards())
        first, last = (int(shard["HashKeyRange"][name]) for name in ("StartingHashKey", "EndingHashKey"))
        middle = str((first + last) // 2)
        self._kinesis.call("SplitShard", StreamName=STREAM, ShardToSplit=shard["ShardId"], NewStartingHashKey=middle)
        self.wait_until_active()
        self.parents.append(shard["ShardId"])

    def merge(self):
        neighbours = self.open_shards()
        at = self._dice.randrange(len(neighbours) - 1)
        first, second = (shard["ShardId"] for shard in neighbours[at : at + 2])
        self._kinesis.call("MergeShards", StreamName=STREAM, ShardToMerge=first, AdjacentShardToMerge=second)
        self.wait_until_active()
        self.parents += [first, second]

    def put(self, changes):
        while changes > 0:
            entries = []
            while len(entries) < PUT_AT_ONCE and changes > 0:
                taken, made = self._next_entry(min(changes, PARTS))
                changes -= taken
                entries.append(made)
            answer = self._kinesis.call("PutRecords", StreamName=STREAM, Records=entries)
            if answer["FailedRecordCount"]:
                raise Failed(f"{answer['FailedRecordCount']} records could not be put")
            self.records += len(entries)

    def _next_entry(self, changes_max):
        name = f"key-{self._dice.randrange(self._keys)}"
        if self._dice.random() < POISON:
            self.poison += 1
            return 1, entry(name, b"no change")
        self._t += 1
        if changes_max < PARTS or self._dice.random() >= AGGREGATED:
            return 1, entry(name, self._change(name))
        # Of one time: only the place in the aggregated record says which is the newest.
        return PARTS, entry(name, aggregate(name, [self._change(name, part) for part in range(PARTS)]))

    def _change(self, name, part=0):
        number = self._t * PARTS + part
        removes = part == 0 and self._dice.random() < 0.2
        self.table[name] = None if removes else number
        change = kinesis_removal(name, self._t) if removes else kinesis(name, self._t, n={"N": str(number)})
        return compact(change).encode()


class Run:
    """The daemons, what they work on and what they leave."""

    def __init__(self, arguments, folder, stream, dynamodb, server, kinesis_service):
        self._dice = random.Random(arguments.seed + 1)
        self._stream, self._dynamodb, self._server = stream, dynamodb, server
        self._deadline = time.monotonic() + arguments.timeout
        config = pathlib.Path(folder) / "dynatlas.yaml"
        config.write_text(f"source: {{kinesis: {{stream: '{stream.arn}'}}}}\ntarget: {{mongodb: {{uri: '${{MONGODB_URI}}'}}}}\n")
        settings = {
            "streamArn": stream.arn,
            "regionName": kcl_services.REGION,
            "applicationName": APPLICATION,
            "executableName": f"{arguments.dynatlas} kcl -c {config}",
            "kinesisEndpoint": kinesis_service.endpoint,
            "dynamoDBEndpoint": dynamodb.endpoint,
            "metricsLevel": "NONE",
            # All in less time than in earnest; and the leases of shards that ended stay to be looked at.
            "failoverTimeMillis": 3000,
            "shardSyncIntervalMillis": 3000,
            "parentShardPollIntervalMillis": 1000,
            "idleTimeBetweenReadsInMillis": 500,
            "cleanupLeasesUponShardCompletion": "false",
        }
        self.daemons = [Daemon(name, folder, settings, MONGODB_URI=server.uri) for name in ("a", "b")]
        self._ever = set()  # process ids
        self.killed = 0  # processes
        self.killed_daemons = 0

    def look_after(self):
        """Starts again what ended, as a service manager does."""
        if time.monotonic() > self._deadline:
            raise Failed(f"the time is over; {self.state()}")
        for daemon in self.daemons:
            self._ever.update(daemon.processes())
            if not daemon.runs():
                daemon.start()

    def state(self):
        return f"leases {self.leases()}, {len(self.documents())} documents of {len(self.expected())}"

    def wait_until(self, is_so):
        while not is_so():
            self.look_after()
            time.sleep(0.5)

    def leases(self):
        """Shard to its checkpoint."""
        try:
            items = self._dynamodb.call("Scan", TableName=APPLICATION)["Items"]
        except kcl_services.AwsFailed as error:
            if "ResourceNotFound" in error.kind:
                return {}
            raise
        return {item["leaseKey"]["S"]: item.get("checkpoint", {}).get("S") for item in items if "leaseCounter" in item}

    def documents(self):
        client = self._server.client()
        try:
            found = map(bson.plain, client.documents(self._server.database, "t"))
            return {document["_id"]: document.get("n") for document in found}
        finally:
            client.close()

    def expected(self):
        return {name: number for name, number in self._stream.table.items() if number is not None}

    def letters(self):
        client = self._server.client()
        try:
            return [bson.plain(letter) for letter in client.documents(self._server.database, "dynatlas.dead_letters")]
        finally:
            client.close()

    def kill_a_process(self):
        """The daemon around it then ends, and with it its other processes."""
        victims = [process for daemon in self.daemons for process in daemon.processes()]
        if not victims:
            raise Failed("there is no process to be killed")
        os.kill(self._dice.choice(victims), signal.SIGKILL)
        self.killed += 1

    def kill_a_daemon(self):
        self._dice.choice(self.daemons).kill()
        self.killed_daemons += 1

    def is_done(self):
        leases = self.leases()
        ended = all(leases.get(shard) == "SHARD_END" for shard in self._stream.parents)
        return ended and self.documents() == self.expected() and len(self.letters()) >= self._stream.poison

    def check_letters(self):
        causes = collections.Counter(letter["cause"] for letter in self.letters())
        if sum(causes.values()) != self._stream.poison or len(causes) > 1:
            raise Failed(f"{self._stream.poison} records are poison, and parked are {dict(causes)}")

    def stop(self):
        codes = [daemon.stop() for daemon in self.daemons]
        left = [process for process in self._ever if is_dynatlas(process)]
        if left:
            raise Failed(f"after the daemons ended these processes are left: {left}")
        return codes


def is_dynatlas(process):
    try:
        return pathlib.Path(f"/proc/{process}/comm").read_text().startswith("dynatlas")
    except (FileNotFoundError, ProcessLookupError):
        return False


def happen(run, stream, arguments):
    """Puts a share of the changes while both daemons work, lets something happen in the middle of it, and so on."""
    share = arguments.changes // (2 * len(PHASES))
    for happening in PHASES:
        run.wait_until(lambda: all(daemon.processes() for daemon in run.daemons))
        log(f"{happening}; until now {stream.records} records were put; {run.state()}")
        stream.put(share)
        for step in happening.split(", "):
            STEPS[step](run, stream)
        stream.put(share)


def wait_for_the_first(run, _):
    """kinesis-local gives a daemon nothing that begins on a stream with shards that were split."""
    run.wait_until(lambda: len(run.leases()) == 2 and run.documents())


STEPS = {
    "begin": wait_for_the_first,
    "split": lambda _, stream: stream.split(),
    "merge": lambda _, stream: stream.merge(),
    "kill a process": lambda run, _: run.kill_a_process(),
    "kill a daemon": lambda run, _: run.kill_a_daemon(),
}


def test(arguments, folder):
    began = time.monotonic()
    with (
        kcl_services.start_kinesis(folder) as kinesis_service,
        kcl_services.start_dynamodb(folder) as dynamodb,
        MongodbServer(large=arguments.large_server, own=True) as server,
    ):
        stream = Stream(kinesis_service, random.Random(arguments.seed), arguments.keys)
        stream.create(shards=2)
        run = Run(arguments, folder, stream, dynamodb, server, kinesis_service)
        try:
            happen(run, stream, arguments)
            run.wait_until(run.is_done)
            run.check_letters()
            run.wait_until(lambda: all(daemon.processes() for daemon in run.daemons))
            codes = run.stop()
        finally:
            for daemon in run.daemons:
                daemon.kill()
        if run.documents() != run.expected():
            raise Failed("the collection changed while the daemons ended")
        starts = sum(daemon.starts for daemon in run.daemons)
        log(
            f"{stream.records} records over {len(run.leases())} shards, {len(stream.parents)} of them ended; "
            f"{run.killed} processes and {run.killed_daemons} daemons killed, daemons started {starts} times, ended with {codes}; "
            f"{len(run.expected())} documents, {stream.poison} parked; {time.monotonic() - began:.0f} s"
        )


def log(text):
    print(f"kcl_multilang_test: {text}", file=sys.stderr, flush=True)


def parse_arguments():
    parser = make_parser(__doc__)
    parser.add_argument("--large-server", action="store_true", help="secantusd-rs: for more than 100 keys")
    parser.add_argument("--changes", type=int, default=600)
    parser.add_argument("--keys", type=int, default=100)
    parser.add_argument("--seed", type=int, help="of the changes and kills (random; their moments depend on the machine)")
    parser.add_argument("--timeout", type=float, default=1200, help="seconds for everything (%(default)s)")
    return parse(parser)


def main():
    arguments = parse_arguments()
    log(f"seed {arguments.seed}")
    return run_test(test, arguments, "dynatlas-kcl-", log, keep_failed=True)


if __name__ == "__main__":
    sys.exit(main())
