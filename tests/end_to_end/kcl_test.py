#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `dynatlas kcl` promises: the program below a stand-in for Amazon's MultiLangDaemon, and a MongoDB server."""

import os
import queue
import random
import signal
import time
import unittest

import program
from kcl_daemon import SHARD, Closed, ShardProcess, record, records
from mongodb_case import MongodbTest
from mongodb_server import with_database
from records import kinesis, kinesis_removal
from tcp_proxy import TcpProxy

STREAM = "arn:aws:kinesis:eu-west-1:111122223333:stream/cdc"
ENDED = {"action": "shardEnded"}
LOST = {"action": "leaseLost"}
STOP = {"action": "shutdownRequested"}


class KclTest(MongodbTest):
    def shard(self, config="", uri=None, shard=SHARD):
        text = f"source: {{kinesis: {{stream: '{STREAM}'}}}}\ntarget: {{mongodb: {{uri: '${{MONGODB_URI}}'}}}}\n{config}"
        return ShardProcess(text, shard, MONGODB_URI=uri or self.uri())

    def begun(self, process):
        self.assertEqual(process.initialize(), [])
        return process

    def values(self):
        return {document["_id"]: document.get("n") for document in self.documents()}


class ShardTest(KclTest):
    def test_a_shard_from_its_beginning_to_its_end(self):
        with self.shard() as process:
            self.begun(process)
            first = [record(1, kinesis("a", 1, n={"N": "1"})), record(2, kinesis("b", 2, n={"N": "2"}))]
            self.assertEqual(process.call(records(*first)), [(2, 0)])
            self.assertEqual(self.values(), {"a": 1, "b": 2})
            second = [record(3, kinesis("a", 3, n={"N": "3"})), record(4, kinesis_removal("b", 4)), *first]
            self.assertEqual(process.call(records(*second[:2])), [(4, 0)])
            self.assertEqual(process.call(records()), [])
            self.assertEqual(process.call(ENDED), [None])
            self.assertEqual(process.close(), 0)
            self.assertIn(f"{SHARD}: read 4: upserted 3, removed 1, stale 0, coalesced 0, parked 0, filtered 0", process.log())
        self.assertEqual(self.values(), {"a": 3})

    def test_a_lost_lease_ends_at_once_and_a_late_batch_of_the_one_who_had_it_is_harmless(self):
        early = [record(1, kinesis("a", 1, n={"N": "1"})), record(2, kinesis("b", 2))]
        late = [record(3, kinesis("a", 3, n={"N": "3"})), record(4, kinesis_removal("b", 4))]
        with self.shard() as zombie, self.shard() as owner:
            self.begun(zombie)
            self.begun(owner)
            owner.call(records(*early, *late))
            zombie.call(records(*early), errors=["ShutdownException"])
            self.assertEqual(self.values(), {"a": 3})
            self.assertEqual(zombie.call(LOST), [])
            self.assertEqual(zombie.close(), 0)

    def test_a_daemon_that_stops_gets_the_last_checkpoint_though_signals_reach_everybody(self):
        with self.shard() as process:
            self.begun(process)
            process.call(records(record(1, kinesis("a", 1))), errors=["KinesisClientLibDependencyException"])
            for number in (signal.SIGINT, signal.SIGTERM):
                os.kill(process.process_id, number)
            self.assertEqual(process.call(STOP), [None])
            self.assertEqual(process.call(LOST), [])
            self.assertEqual(process.close(), 0)

    def test_a_throttled_checkpoint_comes_again(self):
        with self.shard() as process:
            self.begun(process)
            self.assertEqual(process.call(records(record(1, kinesis("a", 1))), errors=["ThrottlingException"]), [(1, 0)] * 2)
            self.assertEqual(process.call(ENDED, errors=["ThrottlingException"] * 2), [None] * 3)

    def test_poison_is_parked_as_the_lambda_function_parks_it_and_is_replayed(self):
        refused = kinesis("a", 1, n={"N": "1"})
        self.client.command(self.database, {"create": "t", "validator": {"n": {"$ne": 1}}})
        with self.shard() as process:
            self.begun(process)
            for _ in range(2):
                given = [record(1, refused), record(2, "SECRETpayload"), record(3, kinesis("b", 3))]
                self.assertEqual(process.call(records(*given)), [(3, 0)])
            self.assertIn(f"parked {STREAM}:{SHARD}:2: ", process.log())
            self.assertNotIn("SECRET", process.log())
        letters = self.dead_letters()
        self.assertEqual([letter["_id"] for letter in letters], [f"{STREAM}:{SHARD}:{number}" for number in (1, 2)])
        self.assertEqual([(letter["form"], letter["attempts"]) for letter in letters], [("lambda", 2)] * 2)
        self.client.command(self.database, {"collMod": "t", "validator": {}})
        replayed = program.run("dlq", "replay", f"{STREAM}:{SHARD}:1", "--to", self.uri())
        self.assertEqual(replayed.code, 0, replayed.errors)
        self.assertEqual(self.values(), {"a": 1, "b": None})


    def test_the_parts_of_an_aggregated_record_are_told_apart_by_their_place_in_it(self):
        parts = [record(5, kinesis("a", 1, n={"N": str(number)}), number) for number in range(3)]
        with self.shard() as process:
            self.begun(process)
            for _ in range(2):  # the second time without those that are behind the checkpoint
                self.assertEqual(process.call(records(*parts, record(5, "no change", 3))), [(5, 3)])
                self.assertEqual(self.values(), {"a": 2})
                del parts[:2]
        [letter] = self.dead_letters()
        self.assertEqual((letter["_id"], letter["attempts"]), (f"{STREAM}:{SHARD}:5:3", 2))


class FaultsTest(KclTest):
    own = True

    def through(self, proxy):
        return with_database(f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true", self.database)

    def test_nothing_is_answered_while_the_server_is_away(self):
        with TcpProxy(self.server.address) as proxy:
            proxy.cut()
            with self.shard(uri=self.through(proxy)) as process:
                process.send({"action": "initialize", "shardId": SHARD})
                with self.assertRaises(queue.Empty):
                    process.next(seconds=1)
                proxy.restore()
                self.assertEqual(process.answered("initialize"), [])
                proxy.cut()
                process.send(records(record(1, kinesis("a", 1))))
                with self.assertRaises(queue.Empty):
                    process.next(seconds=1)
                proxy.restore()
                self.assertEqual(process.answered("processRecords"), [(1, 0)])
                self.assertIn("trying again in", process.log())
        self.assertEqual(list(self.values()), ["a"])

    def test_the_end_of_its_input_ends_it_whatever_it_waits_for(self):
        with TcpProxy(self.server.address) as proxy:
            for failing in (proxy.cut, proxy.hold):
                with self.subTest(failing.__name__), self.shard(uri=self.through(proxy)) as process:
                    self.begun(process)
                    failing()
                    process.send(records(record(1, kinesis("a", 1))))
                    with self.assertRaises(queue.Empty):
                        process.next(seconds=0.5)
                    self.assertEqual(process.close(seconds=5), 3)
                    self.assertIn("closed standard input before it was answered", process.log())
                proxy.restore() if failing == proxy.cut else proxy.release()

    def test_it_stops_unanswered_where_a_person_must_act(self):
        with self.shard() as process:
            self.begun(process)
            process.call(records(record(1, kinesis("a", 1))))
        with self.shard("tables: [{table: t, id: string}]\n") as process:
            self.begun(process)
            with self.assertRaises(Closed):
                process.call(records(record(2, kinesis("a", 2))))
            self.assertEqual(process.wait(), 3)
            self.assertIn("mapping", process.log())
        with self.shard() as process:
            self.begun(process)
            with self.assertRaises(Closed):
                process.call(records(record(3, kinesis("a", 3))), errors=["InvalidStateException"])
            self.assertEqual(process.wait(), 3)
            self.assertIn("lease table", process.log())
        with self.shard() as process:
            process.send({"action": "sing"})
            self.assertEqual(process.wait(), 3)
            self.assertIn("`sing`", process.log())

    def test_the_setup_is_checked_before_anything_is_served(self):
        server = "target.mongodb.uri=" + self.uri()
        stream = "source.kinesis.stream=cdc"
        for settings, code, word in (
            ([server], 2, "source.kinesis.stream is missing"),
            ([stream], 2, "a target is missing"),
            ([stream, "target.dump.folder=out"], 2, "must be a MongoDB server"),
            ([stream, "target.mongodb.uri=mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100"], 3, "cannot be connected to"),
            ([stream, server], 0, "the configuration is in order"),
        ):
            with self.subTest(word):
                options = [option for setting in settings for option in ("--set", setting)]
                ended = program.run("kcl", "--dry-run", *options)
                self.assertEqual((ended.code, ended.out), (code, b""), ended.errors)
                self.assertIn(word, ended.errors)


class Shard:
    """What the daemon knows of a shard: its records, and the checkpoint of its lease."""

    def __init__(self, name, elements):
        self.name = name
        self.elements = elements
        self.checkpoint = 0  # the last sequence number that need not come again

    def left(self):
        return [element for element in self.elements if int(element["sequenceNumber"]) > self.checkpoint]


class KillTest(KclTest):
    """Processes that are killed, lose their leases and fail to check in leave the table in the collection."""

    KEYS = 30
    SHARDS = 2

    def history(self, dice, changes):
        """Shards of records, and what is there at the end."""
        elements, table = [[] for _ in range(self.SHARDS)], {}
        for number in range(1, changes + 1):
            key = dice.randrange(self.KEYS)
            name, removes = f"key-{key}", dice.random() < 0.2
            change = kinesis_removal(name, number) if removes else kinesis(name, number, n={"N": str(number)})
            table[name] = None if removes else number
            elements[key % self.SHARDS].append(record(number, change))
        shards = [Shard(f"shardId-{index:012}", part) for index, part in enumerate(elements)]
        return shards, {name: number for name, number in table.items() if number is not None}

    def test_the_collection_equals_the_table_at_the_end(self):
        seed = int(os.environ.get("DYNATLAS_TEST_SEED", "1"))
        dice = random.Random(seed)
        shards, table = self.history(dice, changes=200 + program.fewer(200))
        with self.subTest(seed=seed):
            lives = 0
            for shard in shards:
                while not self.live(dice, shard):
                    lives += 1
            self.assertGreater(lives, 3)
            self.assertEqual(self.values(), table)
            self.assertEqual(self.dead_letters(), [])

    def live(self, dice, shard):
        """A process that has the lease until something happens; whether it came to the end of the shard."""
        with self.shard(shard=shard.name) as process:
            self.begun(process)
            for _ in range(dice.randint(1, 6)):
                batch = shard.left()[: dice.randint(1, 30)]
                if not batch:
                    self.assertEqual(process.call(ENDED), [None])
                    self.assertEqual(process.close(), 0)
                    return True
                fate = dice.choice(["done", "done", "done", "throttled", "killed", "lost"])
                if not self.deliver(dice, shard, process, batch, fate):
                    return False
        return False

    def deliver(self, dice, shard, process, batch, fate):
        """Whether it has the lease still."""
        if fate == "killed":
            process.send(records(*batch))
            time.sleep(dice.choice([0, 0.001, 0.005, 0.02]))
            process.kill()
            return False
        places = process.call(records(*batch), errors={"throttled": ["ThrottlingException"], "lost": ["ShutdownException"]}.get(fate, []))
        if fate == "lost":
            self.assertEqual(process.call(LOST), [])
            self.assertEqual(process.close(), 0)
            return False
        shard.checkpoint = places[-1][0]
        self.assertEqual(shard.checkpoint, int(batch[-1]["sequenceNumber"]))
        return True


if __name__ == "__main__":
    unittest.main()
