#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the Lambda function promises: the real `bootstrap`, a stand-in for Lambda's runtime API, and a MongoDB server."""

import json
import threading
import unittest

import program
from lambda_runtime import SHARD, STREAM, LambdaRuntime, element, event
from mongodb_case import MongodbTest
from mongodb_server import with_database
from records import BEGIN, kinesis, kinesis_removal
from tcp_proxy import TcpProxy

EXAMPLE = program.TESTDATA.parent.parent / "examples" / "customers" / "lambda-event.json"
DONE = {"batchItemFailures": []}


def failed(number):
    return {"batchItemFailures": [{"itemIdentifier": str(number)}]}


class LambdaTest(MongodbTest):
    def bootstrap(self, **variables):
        return LambdaRuntime(**{"MONGODB_URI": self.uri(), **variables})

    def answer(self, runtime, *elements, seconds=30):
        answered = runtime.invoke(event(*elements), seconds)
        self.assertEqual(answered.kind, "response", answered.body)
        return answered.body


class EventsTest(LambdaTest):
    def test_an_item_is_inserted_updated_and_removed(self):
        insert = element(101, kinesis("Test-001", 1, n={"N": "1"}))
        update = element(102, kinesis("Test-001", 2, n={"N": "2"}))
        remove = element(103, kinesis_removal("Test-001", 3))
        with self.bootstrap() as runtime:
            self.assertEqual(self.answer(runtime, insert), DONE)
            self.assertEqual([document["n"] for document in self.documents()], [1])
            for delivery in (update, update, insert):  # once more, and the late duplicate of what came before
                self.assertEqual(self.answer(runtime, delivery), DONE)
                self.assertEqual([document["n"] for document in self.documents()], [2])
            for delivery in (remove, remove, update, insert):
                self.assertEqual(self.answer(runtime, delivery), DONE)
                self.assertEqual(self.documents(), [])
            runtime.kill()
            metrics = [line for line in runtime.log() if "_aws" in line]
        self.assertEqual([line["Upserted"] for line in metrics], [1, 1, 0, 0, 0, 0, 0, 0])
        self.assertEqual([line["Removed"] for line in metrics], [0, 0, 0, 0, 1, 0, 0, 0])
        self.assertEqual([line["Stale"] for line in metrics], [0, 0, 1, 1, 0, 1, 1, 1])

    def test_the_example(self):
        with self.bootstrap() as runtime:
            self.assertEqual(runtime.invoke(EXAMPLE.read_text()).body, DONE)
        found = {document["_id"] for document in self.documents("customers")}
        self.assertEqual(found, {"c-1001", "c-1002", "c-1005"})

    def test_poison_is_parked_once_and_the_rest_proceeds(self):
        poison = element(102, "SECRETpayload")
        with self.bootstrap() as runtime:
            for _ in range(2):
                self.assertEqual(self.answer(runtime, element(101, kinesis("a", 1)), poison, element(103, kinesis("b", 3))), DONE)
            runtime.kill()
            self.assertNotIn("SECRET", json.dumps(runtime.log()))
        self.assertEqual([document["_id"] for document in self.documents()], ["a", "b"])
        [letter] = self.dead_letters()
        self.assertEqual(letter["_id"], f"{STREAM}:{SHARD}:102")
        self.assertEqual(letter["position"], letter["_id"])
        self.assertEqual(letter["attempts"], 2)

    def test_several_tables_of_one_stream_by_the_rules_of_a_configuration(self):
        config = f"tables:\n- {{table: t, to: {self.database}.renamed}}\n"
        with self.bootstrap(DYNATLAS_CONFIG=config) as runtime:
            self.assertEqual(self.answer(runtime, element(1, kinesis("a", 1)), element(2, kinesis("b", 2, table="u"))), DONE)
        self.assertEqual([document["_id"] for document in self.documents("renamed")], ["a"])
        self.assertEqual([document["_id"] for document in self.documents("u")], ["b"])

    def test_dynamodb_streams(self):
        change = {
            "eventID": "1",
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "ApproximateCreationDateTime": BEGIN // 1_000_000,
                "Keys": {"pk": {"S": "a"}},
                "NewImage": {"pk": {"S": "a"}},
                "SequenceNumber": "700",
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
            "eventSourceARN": "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/2026-01-01T00:00:00.000",
        }
        with self.bootstrap() as runtime:
            self.assertEqual(self.answer(runtime, change), DONE)
        self.assertEqual([document["_id"] for document in self.documents()], ["a"])

    def test_empty_events_windows_ticks_and_others(self):
        with self.bootstrap() as runtime:
            self.assertEqual(self.answer(runtime), DONE)
            window = event(window={"start": "a", "end": "b"}, state={"n": 1}, isFinalInvokeForWindow=True)
            self.assertEqual(runtime.invoke(window).body, {"state": {"n": 1}, **DONE})
            tick = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
            self.assertEqual(runtime.invoke(tick).body, {"settled": True})
            other = runtime.invoke(event({"eventSource": "aws:sqs", "body": "SECRETbody"}))
        self.assertEqual((other.kind, other.type, other.body["errorType"]), ("error", *["Function.InvalidEvent"] * 2))
        self.assertIn("aws:sqs", other.body["errorMessage"])
        self.assertNotIn("SECRET", other.body["errorMessage"])


class FaultsTest(LambdaTest):
    own = True

    def test_a_batch_fails_before_the_deadline_while_the_server_is_away(self):
        with TcpProxy(self.server.address) as proxy:
            through = with_database(f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true", self.database)
            with self.bootstrap(MONGODB_URI=through) as runtime:
                self.assertEqual(self.answer(runtime, element(1, kinesis("a", 1))), DONE)
                proxy.cut()
                batch = [element(3, kinesis("b", 3)), element(2, kinesis("c", 2))]
                self.assertEqual(self.answer(runtime, *batch, seconds=4), failed(2))
                proxy.restore()
                self.assertEqual(self.answer(runtime, *batch), DONE)
        self.assertEqual([document["_id"] for document in self.documents()], ["a", "b", "c"])

    def test_a_server_that_is_silent_costs_no_more_than_the_deadline(self):
        with TcpProxy(self.server.address) as proxy:
            through = with_database(f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true", self.database)
            with self.bootstrap(MONGODB_URI=through) as runtime:
                self.assertEqual(self.answer(runtime, element(1, kinesis("a", 1))), DONE)
                proxy.hold()
                self.assertEqual(self.answer(runtime, element(2, kinesis("b", 2)), seconds=4), failed(2))
                proxy.release()
                self.assertEqual(self.answer(runtime, element(2, kinesis("b", 2))), DONE)
        self.assertEqual([document["_id"] for document in self.documents()], ["a", "b"])

    def test_a_wrong_set_up_is_told_at_the_start(self):
        for variables, kind, word in (
            ({"MONGODB_URI": ""}, "Function.InvalidConfiguration", "MONGODB_URI"),
            ({"DYNATLAS_CONFIG": "tabels: []"}, "Function.InvalidConfiguration", "tabels"),
            ({"MONGODB_URI": "mongodb://u:SECRETpassword@127.0.0.1:1/?serverSelectionTimeoutMS=500"}, "Function.InitFailed", "127.0.0.1"),
        ):
            with self.subTest(word), self.bootstrap(**variables) as runtime:
                told, code = runtime.start_error()
                self.assertEqual((told.kind, told.type, code), ("error", kind, 1))
                self.assertIn(word, told.body["errorMessage"])
                self.assertNotIn("SECRETpassword", json.dumps(runtime.log()) + told.body["errorMessage"])


class WatchedProxy(TcpProxy):
    """`said_good_bye` is set once a client ended its sessions."""

    def __init__(self, target):
        super().__init__(target)
        self.said_good_bye = threading.Event()

    def _request(self, message, source, target, caught):
        if b"endSessions\0" in message[:64]:
            self.said_good_bye.set()
        super()._request(message, source, target, caught)


class TerminationTest(LambdaTest):
    own = True

    def test_who_is_idle_says_good_bye(self):
        with WatchedProxy(self.server.address) as proxy:
            through = with_database(f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true", self.database)
            with self.bootstrap(MONGODB_URI=through) as runtime:
                self.assertEqual(self.answer(runtime, element(1, kinesis("a", 1))), DONE)
                self.assertEqual(runtime.terminate(), 0)
                self.assertTrue(proxy.said_good_bye.wait(10))
                self.assertEqual([line for line in runtime.log() if "_aws" not in line], [])

    def test_a_server_that_is_silent_is_not_waited_for(self):
        with TcpProxy(self.server.address) as proxy:
            through = with_database(f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true", self.database)
            with self.bootstrap(MONGODB_URI=through) as runtime:
                self.assertEqual(self.answer(runtime, element(1, kinesis("a", 1))), DONE)
                proxy.hold()
                self.assertEqual(runtime.terminate(), 0)
                proxy.release()

    def test_an_event_that_is_being_applied_comes_again(self):
        with TcpProxy(self.server.address) as proxy:
            through = with_database(f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true", self.database)
            with self.bootstrap(MONGODB_URI=through) as runtime:
                proxy.set_trap(1, TcpProxy.BEFORE)
                runtime.begin(event(element(1, kinesis("a", 1))))
                self.assertTrue(proxy.trapped.wait(30))
                self.assertEqual(runtime.terminate(), 0)
                self.assertTrue(runtime.answers.empty())
        with self.bootstrap() as runtime:
            self.assertEqual(self.answer(runtime, element(1, kinesis("a", 1))), DONE)
        self.assertEqual([document["_id"] for document in self.documents()], ["a"])

    def test_before_the_first_event(self):
        with TcpProxy(self.server.address) as proxy:
            proxy.hold()
            with self.bootstrap(MONGODB_URI=f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true") as runtime:
                proxy.wait_for_connection()
                self.assertEqual(runtime.terminate(), 0)
            proxy.release()


if __name__ == "__main__":
    unittest.main()
