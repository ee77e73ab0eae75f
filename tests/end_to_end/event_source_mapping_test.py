#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the model of Lambda's event source mapping, without a function."""

import json
import threading
import time
import unittest

from event_source_mapping import PAYLOAD_MAX, Batch, EventSourceMapping, Outcome, Record, Settings, discarded, named_as_failed

DONE = Outcome("response", {"batchItemFailures": []})
STREAM = "arn:aws:kinesis:eu-west-1:111122223333:stream/cdc"


def record(number, key="k", shard="s", size=0):
    kinesis = {"sequenceNumber": str(number), "data": "x" * size, "approximateArrivalTimestamp": 1_480_641_523.477 + number}
    element = {"kinesis": kinesis, "eventSource": "aws:kinesis", "eventSourceARN": STREAM}
    return Record(shard, key, str(number), element)


def numbers_of(text):
    return [int(element["kinesis"]["sequenceNumber"]) for element in json.loads(text)["Records"]]


def failed(*identifiers):
    return Outcome("response", {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]})


class Function:
    """Answers by a script, then with success, and remembers what it was given."""

    def __init__(self, *outcomes):
        self.given = []
        self._outcomes = list(outcomes)
        self._lock = threading.Lock()

    def __call__(self, text):
        with self._lock:
            self.given.append(numbers_of(text))
            return self._outcomes.pop(0) if self._outcomes else DONE


def deliver(records, function, on_failure=None, **settings):
    settings = {"pause": 0, **settings}
    with EventSourceMapping(Settings(**settings), function, on_failure) as mapping:
        for each in records:
            mapping.put(each)
        mapping.drain(20)
    return getattr(function, "given", None)


class Objects:
    """What was given up, by key."""

    def __init__(self):
        self.all = {}

    def put(self, key, text):
        self.all[key] = json.loads(text)

    def numbers(self):
        return [numbers_of(each["payload"]) for each in self.all.values()]


class ResponseTest(unittest.TestCase):
    BATCH = Batch([record(9), record(10), record(11)])

    def test_success_has_four_forms(self):
        for body in ({"batchItemFailures": []}, {"batchItemFailures": None}, {}, None):
            self.assertEqual(named_as_failed(self.BATCH, Outcome("response", body)), [], body)

    def test_identifiers_are_sequence_numbers_in_any_order(self):
        self.assertEqual(named_as_failed(self.BATCH, failed("11", "10")), [2, 1])

    def test_what_names_no_record_of_the_batch_fails_all_of_it(self):
        for identifiers in (("",), (None,), ("12",), ("11", "12")):
            self.assertIsNone(named_as_failed(self.BATCH, failed(*identifiers)), identifiers)
        for failures in ([{"sequenceNumber": "11"}], ["11"], "11", {"itemIdentifier": "11"}):
            body = {"batchItemFailures": failures}
            self.assertIsNone(named_as_failed(self.BATCH, Outcome("response", body)), failures)

    def test_an_error_fails_all_of_it(self):
        for kind in ("error", "timeout", "lost"):
            self.assertIsNone(named_as_failed(self.BATCH, Outcome(kind, {"batchItemFailures": []})))

    def test_a_response_is_not_read_unless_the_mapping_says_so(self):
        self.assertEqual(named_as_failed(self.BATCH, failed("11"), reports_failures=False), [])


class DeliveryTest(unittest.TestCase):
    def test_a_batch_is_as_large_as_it_may_be(self):
        given = deliver(map(record, range(7)), Function(), batch_size=3, window=5)
        self.assertEqual(given, [[0, 1, 2], [3, 4, 5], [6]])

    def test_a_batch_is_6_mb_at_most(self):
        rest = PAYLOAD_MAX - len(Batch([record(0), record(1)]).text())
        for size, wanted in ((rest, [[0, 1], [2]]), (rest + 1, [[0], [1], [2]])):
            records = [record(0), record(1, size=size), record(2)]
            given = deliver(records, Function(), window=5)
            self.assertEqual(given, wanted, size)

    def test_a_batch_waits_for_its_window_and_no_longer(self):
        function = Function()
        with EventSourceMapping(Settings(window=1), function) as mapping:
            began = time.monotonic()
            mapping.put(record(0))
            mapping.put(record(1))
            while not function.given:
                time.sleep(0.01)
            self.assertGreaterEqual(time.monotonic() - began, 1)
            mapping.put(record(2))
            mapping.drain(20)
        self.assertEqual(function.given, [[0, 1], [2]])

    def test_the_lowest_number_alone_counts(self):
        given = deliver(map(record, range(4)), Function(failed("3", "1")), window=5)
        self.assertEqual(given, [[0, 1, 2, 3], [1, 2, 3]])

    def test_what_failed_comes_again_and_holds_up_what_is_behind(self):
        function = Function(failed("1"), Outcome("error"), Outcome("timeout"))
        given = deliver(map(record, range(4)), function, batch_size=3, window=5)
        self.assertEqual(given, [[0, 1, 2], [1, 2], [1, 2], [1, 2], [3]])

    def test_an_error_is_bisected_where_the_mapping_says_so(self):
        function = Function(Outcome("error"), Outcome("error"))
        given = deliver(map(record, range(4)), function, bisect=True, window=5)
        self.assertEqual(given, [[0, 1, 2, 3], [0, 1], [0], [1], [2, 3]])

    def test_a_response_is_bisected_where_it_failed(self):
        for number, rest in (("2", [2, 3]), ("0", [0, 1, 2, 3])):
            given = deliver(map(record, range(4)), Function(failed(number)), bisect=True, window=5)
            self.assertEqual(given, [[0, 1, 2, 3], rest])

    def test_a_response_that_names_nothing_known_is_bisected_as_an_error_is(self):
        given = deliver(map(record, range(4)), Function(failed("7")), bisect=True, window=5)
        self.assertEqual(given, [[0, 1, 2, 3], [0, 1], [2, 3]])

    def test_a_batch_has_one_attempt_more_than_retries(self):
        for retries, attempts in ((0, 1), (2, 3)):
            objects = Objects()
            given = deliver([record(0)], Function(*[Outcome("error")] * 9), objects.put, retries=retries)
            self.assertEqual((given, objects.numbers()), ([[0]] * attempts, [[0]]))

    def test_without_a_limit_it_is_given_until_it_is_done(self):
        objects = Objects()
        given = deliver([record(0)], Function(*[Outcome("timeout")] * 50), objects.put)
        self.assertEqual((given, objects.numbers()), ([[0]] * 51, []))

    def test_what_is_given_up_goes_to_its_destination(self):
        objects = Objects()
        function = Function(failed("1"), failed("1"))
        given = deliver(map(record, range(3)), function, objects.put, retries=1, batch_size=2, window=5)
        self.assertEqual(given, [[0, 1], [1], [2]])
        self.assertEqual(objects.numbers(), [[1]])

    def test_bisecting_is_no_attempt(self):
        objects = Objects()
        function = Function(Outcome("error"), Outcome("error"), Outcome("error"))
        deliver(map(record, range(4)), function, objects.put, retries=1, bisect=True, window=5)
        self.assertEqual(objects.numbers(), [])

    def test_old_records_are_given_up(self):
        objects = Objects()
        given = deliver([record(0)], Function(Outcome("error")), objects.put, max_age=0.05, pause=0.1, window=0)
        self.assertEqual((given, objects.numbers()), ([[0]], [[0]]))

    def test_old_records_are_given_up_without_the_younger_ones_behind_them(self):
        objects = Objects()
        function = Function()
        mapping = EventSourceMapping(Settings(max_age=60), function, objects.put)
        now = time.monotonic()
        ages = (90, 61, 10)
        mapping.deliver(Batch([record(n)._replace(arrived=now - age) for n, age in enumerate(ages)]), lambda: False)
        self.assertEqual((function.given, objects.numbers()), ([[2]], [[0, 1]]))

    def test_records_of_one_key_keep_their_order_while_others_are_on_their_way(self):
        lock, met, seen = threading.Lock(), threading.Event(), {}
        running = set()

        def function(text):
            numbers = numbers_of(text)
            with lock:
                running.add(numbers[0])
                if len(running) > 1:
                    met.set()
                for number in numbers:
                    seen.setdefault(number % 8, []).append(number)
            self.assertTrue(met.wait(20), "no two batches of a shard were out at once")
            with lock:
                running.remove(numbers[0])
            return DONE

        deliver([record(n, key=str(n % 8)) for n in range(80)], function, parallelization=4, batch_size=5, window=1)
        self.assertEqual(seen, {rest: list(range(rest, 80, 8)) for rest in range(8)})

    def test_shards_do_not_wait_for_each_other(self):
        other_done = threading.Event()

        def function(text):
            if numbers_of(text) == [0]:
                self.assertTrue(other_done.wait(20))
            else:
                other_done.set()
            return DONE

        deliver([record(0, shard="a"), record(1, shard="b")], function)


class DestinationTest(unittest.TestCase):
    def test_the_object_of_a_kinesis_batch(self):
        key, text = discarded(Batch([record(1), record(2)], attempts=3))
        self.assertRegex(key, r"^aws/lambda/[-0-9a-f]{36}/s/\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[-0-9a-f]{36}$")
        content = json.loads(text)
        self.assertEqual(content["requestContext"]["approximateInvokeCount"], 3)
        self.assertEqual(
            content["KinesisBatchInfo"],
            {
                "shardId": "s",
                "startSequenceNumber": "1",
                "endSequenceNumber": "2",
                "approximateArrivalOfFirstRecord": "2016-12-02T01:18:44.477Z",
                "approximateArrivalOfLastRecord": "2016-12-02T01:18:45.477Z",
                "batchSize": 2,
                "streamArn": STREAM,
            },
        )
        self.assertEqual(numbers_of(content["payload"]), [1, 2])

    def test_the_object_of_a_batch_of_dynamodb_streams(self):
        changed = {"ApproximateCreationDateTime": 1_480_642_020, "SequenceNumber": "5"}
        element = {"eventSource": "aws:dynamodb", "eventSourceARN": "arn", "dynamodb": changed}
        content = json.loads(discarded(Batch([Record("s", "k", "5", element)]))[1])
        self.assertEqual(content["DDBStreamBatchInfo"]["approximateArrivalOfLastRecord"], "2016-12-02T01:27:00.000Z")
        self.assertEqual(json.loads(content["payload"]), {"Records": [element]})
        self.assertNotIn("KinesisBatchInfo", content)


if __name__ == "__main__":
    unittest.main()
