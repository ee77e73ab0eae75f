# SPDX-License-Identifier: Apache-2.0
"""A model of Lambda's event source mapping: it takes a stream's records and invokes a function with batches of them.

What it does is in the AWS Lambda Developer Guide, "Using Lambda to process records from Kinesis Data Streams", "Configuring
partial batch response" and "Retain discarded batch records". Of each shard up to `parallelization` batches are out at once, and
no two with records of one partition key. A batch that failed is given again, and what is behind it in its lane waits.

Where the guide is silent: an identifier that is not in the batch fails all of it, and a batch of which a part was done has no
more retries than one of which nothing was.
"""

import datetime
import json
import random
import threading
import time
import uuid
from typing import NamedTuple

from program import compact

PAYLOAD_MAX = 6 * 1024 * 1024  # bytes of the event's JSON
MAPPING = "0123abcd-5678-4abc-8def-0123456789ab"  # the mapping's UUID
FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:cdc"


class Record(NamedTuple):
    """A record of a stream."""

    shard: str
    partition_key: str  # for DynamoDB Streams the item's key
    sequence: str
    element: dict  # as it stands in an event's `Records`
    arrived: float = 0  # seconds of the monotonic clock; the mapping sets it


class Outcome(NamedTuple):
    """How an invocation ended: `kind` is response, error, timeout or lost; `body` the response, read as JSON."""

    kind: str
    body: object = None


class Settings(NamedTuple):
    """Of the mapping, by the names of CreateEventSourceMapping."""

    batch_size: int = 100
    window: float = 0  # MaximumBatchingWindowInSeconds
    parallelization: int = 1
    retries: int = -1  # MaximumRetryAttempts; -1: without end
    max_age: float = -1  # MaximumRecordAgeInSeconds; -1: without end
    bisect: bool = False
    reports_failures: bool = True  # ReportBatchItemFailures
    pause: float = 0.2  # seconds before a batch is given again


class Batch(NamedTuple):
    """Records that are given to the function together, and how often they were."""

    records: list
    attempts: int = 0

    def text(self):
        return compact({"Records": [record.element for record in self.records]})


def named_as_failed(batch, outcome, reports_failures=True):
    """The indexes of the records that the response names; None where the batch failed as a whole."""
    if outcome.kind != "response":
        return None
    if not reports_failures or outcome.body in (None, {}, ""):
        return []
    failures = outcome.body.get("batchItemFailures") if isinstance(outcome.body, dict) else []
    if failures in (None, []):
        return []
    if not isinstance(failures, list):
        return None
    indexes = {record.sequence: index for index, record in enumerate(batch.records)}
    identifiers = [failure.get("itemIdentifier") if isinstance(failure, dict) else None for failure in failures]
    if not all(identifier in indexes for identifier in identifiers):
        return None
    return [indexes[identifier] for identifier in identifiers]


class EventSourceMapping:
    """Feeds a function, as a context manager. `invoke(text)` gives the Outcome of an event; it is called by many threads.

    `on_failure(key, text)` takes the object that AWS writes to S3 of a batch that was given up.
    """

    def __init__(self, settings, invoke, on_failure=None):
        self._settings = settings
        self._invoke = invoke
        self._on_failure = on_failure
        self._lanes = {}
        self._lock = threading.Lock()
        self.error = None  # what went wrong with the model or the test itself

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for lane in self._lanes.values():
            lane.abandon()

    def put(self, record):
        """A record arrives in its shard. One thread puts."""
        number = random.Random(record.partition_key).randrange(self._settings.parallelization)
        lane = self._lanes.get((record.shard, number))
        if lane is None or not lane.is_alive():
            lane = self._lanes[record.shard, number] = _Lane(self, self._settings)
        lane.put(record)

    def drain(self, seconds):
        """Waits until all that came is done, or given up."""
        deadline = time.monotonic() + seconds
        for lane in self._lanes.values():
            lane.finish()
        for lane in self._lanes.values():
            lane.join(max(0, deadline - time.monotonic()))
        if self.error is not None:
            raise self.error
        waiting = sum(lane.is_alive() for lane in self._lanes.values())
        if waiting:
            raise TimeoutError(f"{waiting} of {len(self._lanes)} lanes are not done after {seconds} s")

    def deliver(self, batch, is_abandoned):
        """Gives the batch until all of it is done."""
        waiting = [batch]
        while waiting and not is_abandoned():
            batch = waiting.pop(0)
            if batch.attempts:
                time.sleep(self._settings.pause)
            batch = self._without_spent(batch)
            if batch.records:
                waiting = self._what_is_left(batch, self._invoke(batch.text())) + waiting

    def _what_is_left(self, batch, outcome):
        named = named_as_failed(batch, outcome, self._settings.reports_failures)
        if named == []:
            return []
        tried = batch._replace(attempts=batch.attempts + 1)
        # The response says where the fault is; what is before it is done.
        if named:
            return [tried._replace(records=batch.records[min(named) :])]
        # Nobody knows where it is: halves are told apart, and that is no attempt.
        middle = len(batch.records) // 2
        if not self._settings.bisect or not middle:
            return [tried]
        return [batch._replace(records=batch.records[:middle]), batch._replace(records=batch.records[middle:])]

    def _without_spent(self, batch):
        """Gives up what has had its retries, or is too old."""
        settings, records = self._settings, batch.records
        oldest = time.monotonic() - settings.max_age
        count = 0
        if 0 <= settings.retries < batch.attempts:
            count = len(records)
        while settings.max_age >= 0 and count < len(records) and records[count].arrived < oldest:
            count += 1
        if count and self._on_failure is not None:
            with self._lock:
                self._on_failure(*discarded(batch._replace(records=records[:count])))
        return batch._replace(records=records[count:])


def discarded(batch):
    """(key, text) of the object that AWS writes to S3 of a batch that it gives up: a record of the invocation, with the event."""
    now = datetime.datetime.now(datetime.timezone.utc)
    first, last = batch.records[0], batch.records[-1]
    kind = "DDBStreamBatchInfo" if first.element["eventSource"] == "aws:dynamodb" else "KinesisBatchInfo"
    content = {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": FUNCTION,
            "condition": "RetryAttemptsExhausted",  # the guide shows no other, not for old records either
            "approximateInvokeCount": batch.attempts,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": _timestamp(now.timestamp()),
        kind: {
            "shardId": first.shard,
            "startSequenceNumber": first.sequence,
            "endSequenceNumber": last.sequence,
            "approximateArrivalOfFirstRecord": _timestamp(_arrival(first.element)),
            "approximateArrivalOfLastRecord": _timestamp(_arrival(last.element)),
            "batchSize": len(batch.records),
            "streamArn": first.element["eventSourceARN"],
        },
        "payload": batch.text(),
    }
    return f"aws/lambda/{MAPPING}/{first.shard}/{now:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}", json.dumps(content)


def _arrival(element):
    if element["eventSource"] == "aws:dynamodb":
        return element["dynamodb"]["ApproximateCreationDateTime"]
    return element["kinesis"]["approximateArrivalTimestamp"]


def _timestamp(seconds):
    text = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


class _Lane(threading.Thread):
    """The batches of one shard and some of its partition keys, one after the other."""

    def __init__(self, mapping, settings):
        super().__init__(daemon=True)
        self._mapping = mapping
        self._settings = settings
        self._waiting = []
        self._changed = threading.Condition()
        self._ends = False
        self._abandoned = False
        self.start()

    def put(self, record):
        with self._changed:
            self._waiting.append(record._replace(arrived=time.monotonic()))
            self._changed.notify()

    def finish(self):
        with self._changed:
            self._ends = True
            self._changed.notify()

    def abandon(self):
        self._abandoned = True
        self.finish()

    def run(self):
        try:
            while (batch := self._next_batch()) is not None:
                self._mapping.deliver(batch, lambda: self._abandoned)
        except Exception as error:  # pylint: disable=broad-exception-caught
            self._mapping.error = error

    def _next_batch(self):
        with self._changed:
            while not self._is_ready():
                self._changed.wait(self._time_to_wait())
            if self._abandoned or not self._waiting:
                return None
            count = self._count()
            taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return Batch(taken)

    def _is_ready(self):
        if self._ends or len(self._waiting) >= self._settings.batch_size:
            return True
        return bool(self._waiting) and self._time_to_wait() <= 0

    def _time_to_wait(self):
        return self._waiting[0].arrived + self._settings.window - time.monotonic() if self._waiting else None

    def _count(self):
        size = len(Batch([]).text())
        for count, record in enumerate(self._waiting[: self._settings.batch_size]):
            size += len(compact(record.element).encode()) + len("," if count else "")
            if size > PAYLOAD_MAX and count:
                return count
        return min(len(self._waiting), self._settings.batch_size)
