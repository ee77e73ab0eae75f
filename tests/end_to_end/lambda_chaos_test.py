#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The function under all that Lambda and MongoDB do to it leaves exactly the table, and exactly the poison in the dead letters.

A random history of one table comes in time through a Kinesis stream of some shards, with poison between. A model of the event
source mapping gives it to the real `bootstrap` below AWS's runtime interface emulator, in many environments at once. Meanwhile
processes are killed, stand still until the function's timeout ends them, and are given up by their poller while they go on; the
server refuses connections or is silent for three seconds.

With --retries the mapping gives batches up, into a folder as AWS does into S3, and `dynatlas replay` of that folder must mend it.

  tests/end_to_end/lambda_chaos_test.py --large-server                 10,000 changes, 4 shards, 10 batches of each at once
  tests/end_to_end/lambda_chaos_test.py --changes 800 --keys 80 ..     as `ctest` runs it: into secantusd-py
"""

import argparse
import base64
import collections
import contextlib
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time

import compare
import history
import program
from bson import plain
from event_source_mapping import EventSourceMapping, Record, Settings
from lambda_emulator import Environments, send_signal
from mongodb_server import MongodbServer, with_database
from program import compact
from tcp_proxy import TcpProxy

RELEASE = pathlib.Path(__file__).resolve().parents[2] / "build" / "release"
TIMEOUT = 8  # the function's, in seconds
OUTAGE = 3
SECRETS = ("customer-", "secret", "고객")  # what items hold; the paths of attributes may be told


class Failed(Exception):
    """The program did what it must not."""


def with_poison(dice, elements, share):
    """The shards with damaged copies of records between them, and the damaged ones' places."""
    shards, poison = [], set()
    for shard in elements:
        mixed = []
        for element in shard:
            sequence = int(element["kinesis"]["sequenceNumber"])
            free = not mixed or int(mixed[-1]["kinesis"]["sequenceNumber"]) < sequence - 1
            if free and dice.random() < share:
                data = damaged(dice, base64.b64decode(element["kinesis"]["data"]))
                mixed.append(beside(element, str(sequence - 1), data))
                poison.add(place_of(mixed[-1]))
            mixed.append(element)
        shards.append(mixed)
    return shards, poison


def damaged(dice, data):
    """A record that no configuration could apply."""
    if dice.random() < 0.5:
        return data[: dice.randrange(1, len(data))]
    record = json.loads(data)
    body = record["dynamodb"]
    image = body.get("NewImage") or body["Keys"]
    breakage = dice.choice(
        [
            lambda: image.update(broken={"Z": "secret"}),
            lambda: image.update(broken={"N": "secret"}),
            lambda: image.update(broken={"SS": ["secret", "secret"]}),
            lambda: body["Keys"].update(orderNo={"S": ""}),
            lambda: body.pop("ApproximateCreationDateTime"),
            lambda: record.pop("dynamodb"),
        ]
    )
    breakage()
    return compact(record).encode()


def place_of(element):
    """By which the function parks it."""
    return f"{element['eventSourceARN']}:{element['eventID']}"


def beside(element, sequence, data):
    """A record with the element's partition key and these bytes."""
    shard = element["eventID"].split(":")[0]
    kinesis = {**element["kinesis"], "sequenceNumber": sequence, "data": base64.b64encode(data).decode()}
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
        self._hit(signal.SIGKILL)

    def _stall(self):
        self._standing.add(self._hit(signal.SIGSTOP))

    def _hit(self, number):
        """The process that got this signal: none that stands still already. While the server is away there may be none."""
        for _ in range(200):
            running = [pid for each in self._environments.all for pid in each.processes() if pid not in self._standing]
            if running and send_signal(victim := self._dice.choice(running), number):
                return victim
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


def check(server, rows, poison, is_replayed):
    with contextlib.closing(server.client()) as client:
        found = compare.collection_differences(client.documents(server.database, "orders"), "orders", rows)
        letters = [plain(letter) for letter in client.documents(server.database, "dynatlas.dead_letters")]
        collections_there = client.collections(server.database)
    if found:
        raise Failed("\n".join([f"{len(found)} differences, the first:", *found[:20]]))
    check_letters(letters, poison, is_replayed)
    unexpected = sorted(name for name in collections_there if name != "orders" and not name.startswith("dynatlas."))
    if unexpected:
        raise Failed(f"collections that nobody expects: {unexpected}")


def check_letters(letters, poison, is_replayed):
    """The function parks under a record's place in its stream, `replay` under its bytes, and so maybe once more."""
    places = sorted(place_of(json.loads(letter["record"])) for letter in letters)
    is_right = set(places) == poison if is_replayed else places == sorted(letter["_id"] for letter in letters) == sorted(poison)
    if not is_right:
        missing, extra = sorted(poison - set(places))[:5], sorted(set(places) - poison)[:5]
        raise Failed(f"{len(poison)} records are poison, {len(places)} are parked; missing: {missing}, too many: {extra}")


def replay(folder, server):
    """Applies what the mapping gave up. How many batches that were."""
    objects = [path for path in folder.rglob("*") if path.is_file()]
    if not objects:
        raise Failed("no batch was given up: more has to happen")
    ended = program.run("replay", "--to", server.uri, "--key", f"orders={','.join(history.TABLES['orders'])}", *objects)
    if ended.code not in (0, 1):  # 1: it parked poison
        raise Failed(f"replay ended with {ended.code}:\n{ended.errors}")
    return len(objects)


def check_logs(environments):
    for environment in environments.all:
        said = environment.log()
        for secret in SECRETS:
            if secret in said:
                raise Failed(f"a log has {secret!r}, which is of an item")


def test(arguments):
    dice = random.Random(arguments.seed)
    elements, rows = history.make_order_shards(arguments.seed, arguments.changes, arguments.keys, arguments.shards)
    shards, poison = with_poison(dice, elements, arguments.poison)
    log(f"{arguments.changes} changes leave {len(rows)} items; {len(poison)} records of poison")
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dynatlas-chaos-")))
        server = stack.enter_context(MongodbServer(large=arguments.large_server, own=True))
        proxy = stack.enter_context(TcpProxy(server.address))
        environments = stack.enter_context(make_environments(arguments.environments, proxy, server.database))
        deliver_all(arguments, dice, shards, environments, proxy, folder)
        check_logs(environments)
        check_happened(arguments, environments.ended)
        if arguments.retries >= 0:
            log(f"replayed {replay(folder, server)} batches that were given up")
        check(server, rows, poison, arguments.retries >= 0)


def make_environments(count, proxy, database):
    uri = with_database(f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true", database)
    config = f"tables: [{{table: orders, to: {database}.orders, key: [customerId, orderNo]}}]"
    return Environments(count, timeout=TIMEOUT, MONGODB_URI=uri, DYNATLAS_CONFIG=config)


def deliver_all(arguments, dice, shards, environments, proxy, folder):
    """Until all is done, or given up as files of `folder`."""

    def put(key, text):
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_text(text, encoding="utf-8")

    batches = Settings(arguments.batch, arguments.window, arguments.parallelization)
    settings = batches._replace(retries=arguments.retries, bisect=True)
    plan = {"crash": arguments.crashes, "stall": arguments.stalls, "outage": arguments.outages, "silence": arguments.outages}
    function = Function(environments, arguments.seed, arguments.impatient)
    with EventSourceMapping(settings, function.invoke, put) as mapping:
        began = time.monotonic()
        mischief = Mischief(dice, environments, proxy, plan, arguments.seconds)
        feed(mapping, shards, arguments.seconds)
        mischief.join()
        if mischief.error is not None:
            raise mischief.error
        mapping.drain(arguments.timeout)
        mischief.happened["given up"] = environments.wait(arguments.timeout)
        log(f"all done after {time.monotonic() - began:.1f} s; happened: {dict(mischief.happened)}; invocations: {dict(environments.ended)}")


def check_happened(arguments, ended):
    wanted = {"response": True, "error": arguments.crashes, "timeout": arguments.stalls}
    # A process that stands still before it has started makes the emulator wait for ever.
    seen = {"timeout" if kind == "lost" else kind for kind in ended}
    missing = [kind for kind, count in wanted.items() if count and kind not in seen]
    if missing:
        raise Failed(f"nothing ended as {missing}: more has to happen")


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
    parser.add_argument("--retries", type=int, default=-1, help="before a batch is given up; without: no end")
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
    for variable, name in (("DYNATLAS", "dynatlas"), ("DYNATLAS_BOOTSTRAP", "bootstrap")):
        os.environ.setdefault(variable, str(RELEASE / name))
    log(f"{' '.join(sys.argv[1:])}: seed {arguments.seed} (--seed brings it back; who is hit depends on the machine all the same)")
    try:
        test(arguments)
    except Failed as failure:
        log(f"FAILED: {failure}")
        sys.exit(1)
    log("passed")


if __name__ == "__main__":
    main()
