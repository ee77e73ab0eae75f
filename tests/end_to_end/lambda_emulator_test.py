#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real `bootstrap` below AWS's runtime interface emulator: the classic example, and what ends an invocation."""

import json
import pathlib
import signal
import tempfile
import unittest

import program
from bson import Value
from event_source_mapping import EventSourceMapping, Outcome, Record, Settings
from lambda_emulator import Environment, Environments
from lambda_runtime import element, event
from mongodb_case import MongodbTest
from mongodb_server import with_database
from program import compact
from records import kinesis, streams
from tcp_proxy import TcpProxy

DONE = Outcome("response", {"batchItemFailures": []})
METADATA = "_dynatlas"
INSERT, UPDATE, REMOVE = [
    element(number, json.loads(line))
    for number, line in enumerate((program.TESTDATA / "classic-kinesis.ndjson").read_text().splitlines(), 101)
]
CLASSIC = json.loads((program.TESTDATA / "classic-document.json").read_text())


class EmulatorTest(MongodbTest):
    def environment(self, **options):
        return Environment(**{"MONGODB_URI": self.uri(), **options})

    def deliver(self, environment, *elements):
        self.assertEqual(environment.invoke(compact(event(*elements))), DONE)


class ClassicExampleTest(EmulatorTest):
    """The item of the classic function's documentation: inserted, changed, removed, delivered again, and late."""

    def fields(self):
        (document,) = self.documents("customers")
        return {name: value for name, value in document.items() if name not in ("_id", METADATA)}

    def walk(self, environment):
        self.deliver(environment, INSERT)
        self.assertEqual(self.fields(), CLASSIC)
        for delivery in (UPDATE, UPDATE, INSERT):  # once more, and the late duplicate of what came before
            self.deliver(environment, delivery)
            self.assertEqual(self.fields()["NumberKey"], 2)
        inserted = self.documents("customers")[0]["_id"]
        for delivery in ([REMOVE], [REMOVE], [UPDATE, INSERT]):
            self.deliver(environment, *delivery)
            self.assertEqual(self.documents("customers"), [])
        return inserted

    def test_into_a_fresh_collection(self):
        with self.environment() as environment:
            self.assertEqual(self.walk(environment), "Test-001")

    def test_into_a_collection_that_the_classic_function_filled(self):
        theirs = Value("objectId", bytes(range(12)))
        self.client.insert(self.database, "customers", {"_id": theirs, **CLASSIC, "NumberKey": 0})
        index = {"key": {"customerId": 1}, "name": "customerId_1", "unique": True}
        self.client.command(self.database, {"createIndexes": "customers", "indexes": [index]})
        config = f"tables: [{{table: customers, to: {self.database}.customers, id: objectid}}]"
        with self.environment(DYNATLAS_CONFIG=config) as environment:
            self.assertEqual(self.walk(environment), theirs.content)
            self.deliver(environment, element(104, kinesis("x", 1, "customers", ("customerId",), customerId={"S": "x"})))
        self.assertEqual(self.collections(), ["customers"])

    def test_a_filled_collection_without_its_index_is_not_written(self):
        self.client.insert(self.database, "customers", CLASSIC)
        config = f"tables: [{{table: customers, to: {self.database}.customers, id: objectid}}]"
        with self.environment(DYNATLAS_CONFIG=config) as environment:
            failed = environment.invoke(compact(event(INSERT, UPDATE)))
            self.assertEqual(failed, Outcome("response", {"batchItemFailures": [{"itemIdentifier": "101"}]}))
            said = environment.log()
        self.assertIn('createIndex({\\"customerId\\": 1}, {unique: true})', said)
        self.assertEqual(len(self.documents("customers")), 1)
        self.assertNotIn(METADATA, self.documents("customers")[0])


class EndsTest(EmulatorTest):
    own = True  # the server is stopped

    def test_a_process_that_dies_is_started_again(self):
        with self.environment() as environment:
            self.deliver(environment, element(1, kinesis("a", 1)))
            (before,) = environment.processes()
            environment.signal(signal.SIGKILL)
            given = compact(event(element(2, kinesis("b", 2))))
            self.assertEqual(environment.invoke(given).body["errorType"], "Runtime.ExitError")
            self.assertEqual(environment.invoke(given), DONE)
            self.assertNotEqual(environment.processes(), [before])
        self.assertEqual([document["_id"] for document in self.documents()], ["a", "b"])

    def test_an_error_and_a_wrong_start_are_told_apart_from_an_answer(self):
        with self.environment() as environment:
            refused = environment.invoke('{"Records":[{"eventSource":"aws:sqs"}]}')
        self.assertEqual((refused.kind, refused.body["errorType"]), ("error", "Function.InvalidEvent"))
        with self.environment(MONGODB_URI="mongodb:/wrong") as environment:
            refused = environment.invoke(compact(event()))
        self.assertEqual(refused.kind, "error")

    def test_what_a_mapping_gave_up_is_replayed_from_where_it_was_put(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

        def put(key, text):
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).write_text(text)

        with TcpProxy(self.server.address) as proxy:
            through = with_database(f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true", self.database)
            with Environments(1, timeout=4, MONGODB_URI=through) as function:
                settings = Settings(batch_size=2, window=1, retries=1)
                with EventSourceMapping(settings, function.invoke, put) as mapping:
                    for number in range(5):
                        if number == 2:
                            mapping.drain(60)
                            proxy.cut()
                        each = element(number, kinesis("ab"[number % 2], number, n={"N": str(number)}))
                        mapping.put(Record("shard", "key", str(number), each))
                    mapping.drain(60)
        self.assertEqual({document["_id"]: document["n"] for document in self.documents()}, {"a": 0, "b": 1})
        objects = [path for path in folder.rglob("*") if path.is_file()]
        self.assertEqual(len(objects), 2)
        ended = program.run("replay", "--to", self.uri(), *objects)
        self.assertEqual(ended.code, 0, ended.errors)
        self.assertEqual({document["_id"]: document["n"] for document in self.documents()}, {"a": 4, "b": 3})

    def test_a_stream_of_dynamodb_through_the_mapping(self):
        arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/2026-03-02T10:00:00.000"
        with Environments(1, MONGODB_URI=self.uri()) as function:
            with EventSourceMapping(Settings(batch_size=3, window=1, parallelization=2), function.invoke) as mapping:
                for number in range(100, 110):
                    name = "ab"[number % 2]
                    record = {**streams(name, number), "eventSourceARN": arn, "eventVersion": "1.1"}
                    mapping.put(Record("shard", name, record["dynamodb"]["SequenceNumber"], record))
                mapping.drain(60)
        self.assertEqual({document["_id"]: document["n"] for document in self.documents()}, {"a": 108, "b": 109})


if __name__ == "__main__":
    unittest.main()
