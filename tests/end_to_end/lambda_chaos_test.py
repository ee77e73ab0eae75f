#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The function under all that Lambda and MongoDB do to it leaves exactly the table, and exactly the poison in the dead letters.

A random history of one table comes in time through a Kinesis stream of some shards, with poison between. A model of the event
source mapping gives it to the real `bootstrap` below AWS's runtime interface emulator, in many environments at once. Meanwhile
processes are killed, stand still until the function's timeout ends them, and are given up by their poller while they go on; the
server refuses connections or is silent for three seconds.

  tests/end_to_end/lambda_chaos_test.py --large-server                 10,000 changes, 4 shards, 10 batches of each at once
  tests/end_to_end/lambda_chaos_test.py --changes 800 --keys 80 ..     as `ctest` runs it: into secantusd-py
"""

import argparse
import base64
import collections
import contextlib
import os
import random
import signal
import sys
import threading
import time

import compare
import history
from bson import plain
from event_source_mapping import EventSourceMapping, Record, Settings
from lambda_emulator import Environments
from mongodb_server import MongodbServer, with_database
from tcp_proxy import TcpProxy

TIMEOUT = 8  # the function's, in seconds
OUTAGE = 3
POISON = (
    lambda number: f"poison {number}",
    lambda number: f'{{"tableName":"orders","eventName":"MODIFY","number":{number}}}',
    lambda number: '{"tableName":"orders","recordFormat":"application/json","eventName":"MODIFY","dynamodb":'
    '{"ApproximateCreationDateTime":1720740233012,"Keys":{"customerId":{"S":"poison"},"orderNo":{"N":"%d"}},'
    '"NewImage":{"customerId":{"S":"poison"},"orderNo":{"N":"%d"},"n":{"N":"x"}}}}' % (number, number),
)


class Failed(Exception):
    """The program did what it must not."""


def with_poison(dice, elements, share):
    """The shards with poison between their records, and the dead letters' ids."""
    shards, ids = [], set()
    for shard in elements:
        mixed = []
        for element in shard:
            sequence = int(element["kinesis"]["sequenceNumber"])
            free = not mixed or int(mixed[-1]["kinesis"]["sequenceNumber"]) < sequence - 1
            if free and dice.random() < share:
                mixed.append(poison_beside(element, str(sequence - 1), dice.choice(POISON)(len(ids))))
                ids.add(f"{element['eventSourceARN']}:{mixed[-1]['eventID']}")
            mixed.append(element)
        shards.append(mixed)
    return shards, ids


def poison_beside(element, sequence, payload):
    shard = element["eventID"].split(":")[0]
    data = base64.b64encode(payload.encode()).decode()
    kinesis = {**element["kinesis"], "sequenceNumber": sequence, "data": data, "partitionKey": payload[:16]}
    return {**element, "kinesis": kinesis, "eventID": f"{shard}:{sequence}"}


class Function:
    """What the mapping invokes: environments, and pollers some of which lose patience."""

    def __init__(self, environments, seed, impatient):
        self._environments = environments
        self._dice = random.Random(seed)
        self._impatient = impatient
        self._lock = threading.Lock()

    def invoke(self, text):
        with self._lock:
            patience = self._dice.uniform(0.01, 1) if self._dice.random() < self._impatient else None
        if patience is None:
            return self._environments.invoke(text)
        return self._environments.invoke_without_patience(text, patience)


class Mischief(threading.Thread):
    """What happens meanwhile, at random moments, as often as it is told; then the environments work again."""

    def __init__(self, dice, environments, proxy, plan, seconds):
        super().__init__(daemon=True)
        happenings = [each for each, count in plan.items() for _ in range(count)]
        # A process that stands still is noticed by the next invocation that it is given.
        until = {"stall": seconds / 2}
        moments = [dice.uniform(0.1, until.get(each, seconds)) for each in happenings]
        self._moments = sorted((moment, index, each) for index, (moment, each) in enumerate(zip(moments, happenings)))
        self._dice = dice
        self._environments = environments
        self._proxy = proxy
        self._standing = set()  # processes
        self.happened = collections.Counter()
        self.error = None
        self.start()

    def run(self):
        began = time.monotonic()
        try:
            for moment, _, happening in self._moments:
                time.sleep(max(0, began + moment - time.monotonic()))
                getattr(self, f"_{happening}")()
                self.happened[happening] += 1
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.error = error

    def _crash(self):
        os.kill(self._victim(), signal.SIGKILL)

    def _stall(self):
        victim = self._victim()
        os.kill(victim, signal.SIGSTOP)
        self._standing.add(victim)

    def _victim(self):
        """A process that does not stand still already; while the server is away there may be none."""
        for _ in range(200):
            running = [pid for each in self._environments.all for pid in each.processes() if pid not in self._standing]
            if running:
                return self._dice.choice(running)
            time.sleep(0.05)
        raise Failed("no process of the function is running")

    def _outage(self):
        self._proxy.cut()
        time.sleep(OUTAGE)
        self._proxy.restore()

    def _silence(self):
        self._proxy.hold()
        time.sleep(OUTAGE)
        self._proxy.release()


def feed(mapping, shards, seconds):
    """The records of all shards come one after the other, in so many seconds."""
    order = sorted((index / len(shard), number, index) for number, shard in enumerate(shards) for index in range(len(shard)))
    began = time.monotonic()
    for count, (_, number, index) in enumerate(order):
        time.sleep(max(0, began + seconds * count / len(order) - time.monotonic()))
        element = shards[number][index]
        shard, sequence = element["eventID"].split(":")
        mapping.put(Record(shard, element["kinesis"]["partitionKey"], sequence, element))


def check(server, rows, ids):
    with contextlib.closing(server.client()) as client:
        found = compare.collection_differences(client.documents(server.database, "orders"), "orders", rows)
        letters = collections.Counter(
            plain(letter)["_id"] for letter in client.documents(server.database, "dynatlas.dead_letters")
        )
        collections_there = client.collections(server.database)
    if found:
        raise Failed("\n".join([f"{len(found)} differences, the first:", *found[:20]]))
    if set(letters) != ids:
        missing, extra = sorted(ids - set(letters))[:5], sorted(set(letters) - ids)[:5]
        raise Failed(f"{len(ids)} records are poison, {len(letters)} are parked; missing: {missing}, too many: {extra}")
    unexpected = sorted(name for name in collections_there if name != "orders" and not name.startswith("dynatlas."))
    if unexpected:
        raise Failed(f"collections that nobody expects: {unexpected}")


def check_logs(environments):
    for environment in environments.all:
        for secret in ("customer-", "poison 1", "고객"):
            if secret in environment.log():
                raise Failed(f"a log has {secret!r}, which is of an item")


def test(arguments):
    dice = random.Random(arguments.seed)
    elements, rows = history.make_order_shards(arguments.seed, arguments.changes, arguments.keys, arguments.shards)
    shards, ids = with_poison(dice, elements, arguments.poison)
    log(f"{arguments.changes} changes leave {len(rows)} items; {len(ids)} records of poison")
    settings = Settings(arguments.batch, arguments.window, arguments.parallelization, bisect=True)
    plan = {"crash": arguments.crashes, "stall": arguments.stalls, "outage": arguments.outages, "silence": arguments.outages}
    config = "tables: [{table: orders, key: [customerId, orderNo]}]"

    with contextlib.ExitStack() as stack:
        server = stack.enter_context(MongodbServer(large=arguments.large_server, own=True))
        proxy = stack.enter_context(TcpProxy(server.address))
        uri = with_database(f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true", server.database)
        config = config.replace("orders,", f"orders, to: {server.database}.orders,")
        environments = stack.enter_context(
            Environments(arguments.environments, timeout=TIMEOUT, MONGODB_URI=uri, DYNATLAS_CONFIG=config)
        )
        function = Function(environments, arguments.seed, arguments.impatient)
        mapping = stack.enter_context(EventSourceMapping(settings, function.invoke))
        began = time.monotonic()
        mischief = Mischief(dice, environments, proxy, plan, arguments.seconds)
        feed(mapping, shards, arguments.seconds)
        mischief.join()
        if mischief.error is not None:
            raise mischief.error
        mapping.drain(arguments.timeout)
        mischief.happened["given up"] = environments.wait(arguments.timeout)
        log(f"all done after {time.monotonic() - began:.1f} s; happened: {dict(mischief.happened)}; invocations: {dict(environments.ended)}")
        check(server, rows, ids)
        check_logs(environments)
        wanted = {"response", *(["timeout"] if arguments.stalls else []), *(["error"] if arguments.crashes else [])}
        if not wanted <= set(environments.ended):
            raise Failed(f"nothing ended as {sorted(wanted - set(environments.ended))}: more has to happen")


def log(text):
    print(f"lambda_chaos_test: {text}", file=sys.stderr, flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--keys", type=int, default=1000)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--batch", type=int, default=1000, help="records of a batch at most")
    parser.add_argument("--window", type=float, default=1, help="seconds that a batch waits for more")
    parser.add_argument("--parallelization", type=int, default=10)
    parser.add_argument("--environments", type=int, default=24, help="of the function, at once")
    parser.add_argument("--seconds", type=float, default=60, help="in which the records come")
    parser.add_argument("--poison", type=float, default=0.01, help="share of the records")
    parser.add_argument("--impatient", type=float, default=0.05, help="share of the invocations that are given up, and go on")
    parser.add_argument("--crashes", type=int, default=20)
    parser.add_argument("--stalls", type=int, default=10, help="processes that stand still until the function's timeout")
    parser.add_argument("--outages", type=int, default=3, help="of the server: so often it refuses, and so often it is silent")
    parser.add_argument("--large-server", action="store_true", help="secantusd-rs")
    parser.add_argument("--timeout", type=float, default=300, help="seconds in which all must be done behind the last record")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("DYNATLAS_TEST_SEED") or random.SystemRandom().randrange(2**32)))
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    given = " ".join(argument for argument in sys.argv[1:])
    log(f"seed {arguments.seed} (again with {given} --seed {arguments.seed}; who is hit depends on the machine all the same)")
    try:
        test(arguments)
    except Failed as failure:
        log(f"FAILED: {failure}")
        sys.exit(1)
    log("passed")


if __name__ == "__main__":
    main()
