#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the model of Lambda's event source mapping, without a function."""

import json
import threading
import unittest

from event_source_mapping import Batch, EventSourceMapping, Outcome, Record, Settings, first_failed

DONE = Outcome("response", {"batchItemFailures": []})
STREAM = "arn:aws:kinesis:eu-west-1:111122223333:stream/cdc"


def record(number, key="k", shard="s", size=0):
    element = {"kinesis": {"sequenceNumber": str(number), "data": "x" * size}, "eventSource": "aws:kinesis", "eventSourceARN": STREAM}
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


class FirstFailedTest(unittest.TestCase):
    BATCH = Batch([record(9), record(10), record(11)], 0)

    def test_success_has_four_forms(self):
        for body in ({"batchItemFailures": []}, {"batchItemFailures": None}, {}, None):
            self.assertIsNone(first_failed(self.BATCH, Outcome("response", body)), body)

    def test_only_the_lowest_number_counts(self):
        self.assertEqual(first_failed(self.BATCH, failed("11", "10")), 1)

    def test_what_names_no_record_of_the_batch_fails_all_of_it(self):
        for identifiers in (("",), (None,), ("12",), ("11", "12")):
            self.assertEqual(first_failed(self.BATCH, failed(*identifiers)), 0, identifiers)
        self.assertEqual(first_failed(self.BATCH, Outcome("response", {"batchItemFailures": [{"sequenceNumber": "11"}]})), 0)

    def test_an_error_fails_all_of_it(self):
        for kind in ("error", "timeout"):
            self.assertEqual(first_failed(self.BATCH, Outcome(kind)), 0)

    def test_a_response_is_not_read_unless_the_mapping_says_so(self):
        self.assertIsNone(first_failed(self.BATCH, failed("11"), reports_failures=False))


class DeliveryTest(unittest.TestCase):
    def test_a_batch_is_as_large_as_it_may_be(self):
        given = deliver(map(record, range(7)), Function(), batch_size=3, window=5)
        self.assertEqual(given, [[0, 1, 2], [3, 4, 5], [6]])

    def test_a_batch_ends_before_6_mb(self):
        given = deliver([record(n, size=2_500_000) for n in range(3)], Function(), window=5)
        self.assertEqual(given, [[0, 1], [2]])

    def test_what_failed_comes_again_and_holds_up_what_is_behind(self):
        function = Function(failed("1"), Outcome("error"), Outcome("timeout"))
        given = deliver(map(record, range(4)), function, batch_size=3, window=5)
        self.assertEqual(given, [[0, 1, 2], [1, 2], [1, 2], [1, 2], [3]])

    def test_an_error_is_bisected_where_the_mapping_says_so(self):
        function = Function(Outcome("error"), Outcome("error"))
        given = deliver(map(record, range(4)), function, bisect=True, window=5)
        self.assertEqual(given, [[0, 1, 2, 3], [0, 1], [0], [1], [2, 3]])

    def test_a_response_is_bisected_where_it_failed(self):
        given = deliver(map(record, range(4)), Function(failed("2")), bisect=True, window=5)
        self.assertEqual(given, [[0, 1, 2, 3], [2, 3]])

    def test_what_is_given_up_goes_to_its_destination(self):
        objects = []
        function = Function(failed("1"), failed("1"))
        given = deliver(map(record, range(3)), function, objects.append, retries=1, batch_size=2, window=5)
        self.assertEqual(given, [[0, 1], [1], [2]])
        (text,) = objects
        self.assertEqual(numbers_of(json.loads(text)["payload"]), [1])
        self.assertEqual(json.loads(text)["KinesisBatchInfo"]["startSequenceNumber"], "1")

    def test_bisecting_is_no_attempt(self):
        objects = []
        function = Function(Outcome("error"), Outcome("error"), Outcome("error"))
        deliver(map(record, range(4)), function, objects.append, retries=1, bisect=True, window=5)
        self.assertEqual(objects, [])

    def test_old_records_are_given_up(self):
        objects = []
        given = deliver([record(0)], Function(Outcome("error")), objects.append, max_age=0.05, pause=0.1, window=0)
        self.assertEqual((given, len(objects)), ([[0]], 1))

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


if __name__ == "__main__":
    unittest.main()
