#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What docs/deploy-lambda.md and docs/replace-java-function.md tell to do, done: the real programs, a MongoDB server, no AWS."""

import json
import unittest

import guide
import program
from bson import Value
from lambda_runtime import SHARD, STREAM, LambdaRuntime, element, event
from mongodb_case import MongodbTest
from mongodb_client import CommandFailed

DEPLOY = guide.Guide("deploy-lambda.md")
REPLACE = guide.Guide("replace-java-function.md")
CLASSIC = json.loads((program.TESTDATA / "classic-document.json").read_text())  # what the function that is replaced wrote
ITEM = json.loads((program.TESTDATA / "classic-item.json").read_text())
INSERT, UPDATE, REMOVE = map(json.loads, (program.TESTDATA / "classic-kinesis.ndjson").read_text().splitlines())
TABLE_STREAM = "arn:aws:dynamodb:eu-west-1:111122223333:table/customers/stream/2026-01-01T00:00:00.000"
IN_2100 = 4_102_444_800_000_000  # µs
DONE = {"batchItemFailures": []}
# `aws` for the bucket that is the folder `bucket`.
BUCKET = r"""
case $words in
  "s3 mv --recursive s3://BUCKET/aws/lambda s3://BUCKET/taken") mv bucket/aws/lambda/* bucket/taken ;;
  "s3 sync s3://BUCKET/taken failed") cp -r bucket/taken failed ;;
  "s3 rm --recursive s3://BUCKET/taken") rm -r bucket/taken ;;
  *) exit 2 ;;
esac"""


def of(customer, record, **others):
    """The record as one of another customer."""
    body = {**record["dynamodb"], "Keys": {"customerId": {"S": customer}}, **others}
    if "NewImage" in body:
        body["NewImage"] = {**body["NewImage"], "customerId": {"S": customer}}
    return {**record, "dynamodb": body}


def of_table_stream(number, record):
    """The record as an element of an event of DynamoDB Streams."""
    images = {name: record["dynamodb"][name] for name in ("Keys", "NewImage") if name in record["dynamodb"]}
    body = {"ApproximateCreationDateTime": 1720740233, "SequenceNumber": str(number), "StreamViewType": "NEW_IMAGE", **images}
    return {"eventName": record["eventName"], "eventSource": "aws:dynamodb", "dynamodb": body, "eventSourceARN": TABLE_STREAM}


class GuideTest(MongodbTest):
    def here(self, text):
        """The guide's text for the database of this test."""
        return text.replace("shop.", f"{self.database}.")

    def bootstrap(self, of_guide):
        return LambdaRuntime(MONGODB_URI=self.uri(), DYNATLAS_CONFIG=self.here(of_guide.config()))

    def answer(self, runtime, *elements):
        return runtime.invoke(event(*elements)).body

    def shell(self, block, aws):
        done = guide.run(self.here(block), self.folder, aws, MONGODB_URI=self.uri())
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def copy(self, of_guide, *items):
        """Copies a table of these items as the guide says, by its dynatlas.yaml, which stays."""
        (self.folder / "scanned.json").write_text(json.dumps({"Items": items, "Count": len(items), "ScannedCount": len(items)}))
        return self.shell(of_guide.block("dynamodb scan", "--as-of"), '[[ $words == "dynamodb scan "* ]] && cat scanned.json')

    def check_that_nothing_is_copied_without_a_scan(self, of_guide):
        """Not even where the commands are pasted, and each begins whatever became of the one before."""
        block = self.here(of_guide.block("dynamodb scan", "--as-of"))
        for scan in ("exit 255", "true"):
            done = guide.run(block, self.folder, scan, strict=False, MONGODB_URI=self.uri())
            self.assertEqual((done.returncode != 0, done.stderr), (True, ""), scan)
        self.assertEqual(self.documents("dynatlas.collections"), [])

    def shown(self):
        """Of each customer the attribute that the changes change."""
        return {document["customerId"]: document["StringKey"] for document in self.documents("customers")}


class DeployTest(GuideTest):
    def test_the_items_that_are_there_already(self):
        newer = of("Test-001", UPDATE, ApproximateCreationDateTime=IN_2100, NewImage={**ITEM, "StringKey": {"S": "newer"}})
        with self.bootstrap(DEPLOY) as runtime:
            self.assertEqual(self.answer(runtime, element(1, newer)), DONE)
        told = self.copy(DEPLOY, ITEM, {**ITEM, "customerId": {"S": "Test-002"}})
        self.assertIn("upserted 1, removed 0, stale 1", told)
        self.assertEqual(self.shown(), {"Test-001": "newer", "Test-002": ITEM["StringKey"]["S"]})

    def test_nothing_is_copied_without_a_scan(self):
        self.check_that_nothing_is_copied_without_a_scan(DEPLOY)

    def give_up(self, name, *elements):
        """Writes an object as Lambda does of a batch that it gave up."""
        path = self.folder / "bucket/aws/lambda/5f1d" / SHARD / "2026/03/02" / f"2026-03-02T09.00.00-{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        about = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "version": "1.0", "KinesisBatchInfo": {"streamArn": STREAM}}
        path.write_text(json.dumps({**about, "payload": json.dumps(event(*elements))}))

    def replay_given_up(self):
        """As the guide says. What Lambda writes meanwhile stays."""
        bucket = self.folder / "bucket"
        (bucket / "taken").mkdir()
        told = self.shell(DEPLOY.block("s3 sync"), BUCKET)
        self.give_up("late", element(9999, of("late", INSERT)))
        self.shell(DEPLOY.block("s3 rm"), BUCKET)
        self.assertEqual([path.name for path in bucket.rglob("*") if path.is_file()], ["2026-03-02T09.00.00-late"])
        self.assertFalse((self.folder / "failed").exists())
        return told

    def test_batches_that_were_given_up(self):
        self.copy(DEPLOY)
        first = [element(1001, INSERT), element(1002, of("Test-002", INSERT))]
        self.give_up("2", *first)
        self.give_up("1", element(1003, UPDATE), element(1004, of("Test-003", INSERT)), element(1005, of("Test-002", REMOVE)))
        with self.bootstrap(DEPLOY) as runtime:
            self.assertEqual(self.answer(runtime, element(1006, of("Test-003", REMOVE))), DONE)  # went on behind them
            self.assertIn("read 5: upserted 1, removed 1, ", self.replay_given_up())
            self.assertEqual(self.answer(runtime, *first), DONE)
        self.assertEqual(self.shown(), {"Test-001": UPDATE["dynamodb"]["NewImage"]["StringKey"]["S"]})

    def test_batches_of_dynamodb_streams_that_were_given_up(self):
        self.copy(DEPLOY)
        first = [of_table_stream(700, INSERT), of_table_stream(701, of("Test-002", INSERT))]
        self.give_up("1", *first)
        with self.bootstrap(DEPLOY) as runtime:
            self.assertEqual(self.answer(runtime, of_table_stream(702, UPDATE)), DONE)
            self.assertIn("read 2: upserted 1, removed 0, stale 1", self.replay_given_up())
            self.assertEqual(self.answer(runtime, *first), DONE)
        updated = UPDATE["dynamodb"]["NewImage"]["StringKey"]["S"]
        self.assertEqual(self.shown(), {"Test-001": updated, "Test-002": ITEM["StringKey"]["S"]})

    def test_thousands_of_batches_that_were_given_up_and_one_that_is_damaged(self):
        self.copy(DEPLOY)
        count, keys = 3000, 50  # so many names are too long for one command line
        for number in range(count):
            self.give_up(f"{number:0100}", element(number, of(f"c-{number % keys}", INSERT)))
        [damaged] = (self.folder / "bucket").rglob(f"*{count // 2:0100}")
        damaged.write_bytes(damaged.read_bytes()[:-50])
        done = guide.run(self.here(DEPLOY.block("s3 sync")), self.folder, "mkdir -p bucket/taken\n" + BUCKET, MONGODB_URI=self.uri())
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, rf"read {count}: .* parked 1,")
        self.assertEqual(len(self.shown()), keys)
        self.assertEqual(len(self.dead_letters()), 1)

    def test_batches_that_were_given_up_into_a_dump_folder(self):
        self.copy(DEPLOY)
        self.give_up("1", element(1001, INSERT), element(1002, of("Test-002", INSERT)), element(1003, REMOVE))
        files = [path for path in (self.folder / "bucket").rglob("*") if path.is_file()]
        arguments = ["replay", f"--to=dump:{self.folder / 'dump'}", f"--config={self.folder / 'dynatlas.yaml'}", *files]
        self.assertEqual(program.run(*arguments, env={"MONGODB_URI": self.uri()}).code, 0)
        found = program.run("convert", "--to=item", text=(self.folder / "dump" / self.database / "customers.bson").read_bytes())
        self.assertEqual(json.loads(found.out), {**ITEM, "customerId": {"S": "Test-002"}})


class ReplaceTest(GuideTest):
    """The collection that a function filled which knows no versions, and made some keys twice."""

    def setUp(self):
        super().setUp()
        customers = ["Test-001", "Test-002", "Test-002", "Test-003", "Test-002"]
        self.ids = [Value("objectid", bytes(11) + bytes([number])) for number in range(len(customers))]
        filled = [{"_id": number, **CLASSIC, "customerId": customer} for number, customer in zip(self.ids, customers)]
        self.client.insert(self.database, "customers", *filled)

    def add_without_key(self, count):
        """Documents of something else, which the collection holds, too."""
        numbers = [Value("objectid", bytes(11) + bytes([100 + number])) for number in range(count)]
        without = {name: value for name, value in CLASSIC.items() if name != "customerId"}
        others = [{"_id": number, **without, **({"customerId": None} if number == numbers[-1] else {})} for number in numbers]
        self.client.insert(self.database, "customers", *others)
        return [number.content for number in numbers]

    def aggregate(self):
        [pipeline, options] = guide.arguments(REPLACE.block("db.customers.aggregate([\n"), "db.customers.aggregate")
        command = {"aggregate": "customers", "pipeline": pipeline, "cursor": {}, **options}
        return self.client.command(self.database, command)["cursor"]["firstBatch"]

    def make_index(self):
        [key, options] = guide.arguments(REPLACE.block("createIndex"), "db.customers.createIndex")
        self.client.command(self.database, {"createIndexes": "customers", "indexes": [{"key": key, "name": "k", **options}]})

    def without_copies(self):
        """As the guide's loop does: all but the first of each group are deleted."""
        self.assertIn('deleteMany({"_id": {"$in": found.ids.slice(1)}})', REPLACE.block("forEach"))
        for found in self.aggregate():
            copies = [Value("objectid", number) for number in found["ids"][1:]]
            self.client.delete(self.database, "customers", {"_id": {"$in": copies}})

    def test_keys_that_stand_twice_are_found_and_removed(self):
        others = self.add_without_key(3)
        [found] = self.aggregate()
        self.assertEqual(found["_id"], {"customerId": "Test-002"})
        self.assertEqual(found["ids"], [self.ids[number].content for number in (4, 2, 1)])
        self.without_copies()
        self.assertEqual(self.aggregate(), [])
        left = [document["_id"] for document in self.documents("customers")]
        self.assertEqual(left, [self.ids[n].content for n in (0, 3, 4)] + others)

    def test_the_collection_is_continued(self):
        self.without_copies()
        with self.bootstrap(REPLACE) as runtime:
            self.assertEqual(self.answer(runtime, element(1, INSERT)), {"batchItemFailures": [{"itemIdentifier": "1"}]})
            self.make_index()
            before = self.documents("customers")
            self.assertEqual(self.answer(runtime, element(1, INSERT), element(2, of("Test-004", INSERT))), DONE)
            theirs = {document["_id"] for document in before}
            after = [document for document in self.documents("customers") if document["_id"] in theirs]
            self.assertEqual(len(self.documents("customers")), 4)
            metadata = after[0].pop("_dynatlas")
            self.assertEqual(after, before)  # the same fields, key and values
            self.assertEqual(metadata["t"], INSERT["dynamodb"]["ApproximateCreationDateTime"])
            for delivery in (UPDATE, UPDATE, INSERT):
                self.assertEqual(self.answer(runtime, element(3, delivery)), DONE)
            self.assertEqual(self.shown()["Test-001"], UPDATE["dynamodb"]["NewImage"]["StringKey"]["S"])
            for delivery in (of("Test-003", REMOVE), REMOVE, UPDATE):
                self.assertEqual(self.answer(runtime, element(4, delivery)), DONE)
            runtime.kill()
            wanted = f'db.getSiblingDB("{self.database}").getCollection("customers").createIndex({{"customerId": 1}}, {{unique: true}})'
            self.assertIn(wanted, " ".join(line.get("message", "") for line in runtime.log()))
        self.assertEqual(set(self.shown()), {"Test-002", "Test-004"})

    def test_an_index_that_is_not_unique_becomes_unique(self):
        plain = {"key": {"customerId": 1}, "name": "customerId_1"}
        self.client.command(self.database, {"createIndexes": "customers", "indexes": [plain]})
        block = REPLACE.block("prepareUnique")
        prepare, convert = (guide.arguments(line, "db.runCommand")[0] for line in block.splitlines())
        self.client.command(self.database, prepare)
        with self.assertRaises(CommandFailed):
            self.client.command(self.database, convert)
        self.without_copies()
        self.client.command(self.database, convert)
        with self.bootstrap(REPLACE) as runtime:
            self.assertEqual(self.answer(runtime, element(1, UPDATE)), DONE)
        self.assertEqual(self.shown()["Test-001"], UPDATE["dynamodb"]["NewImage"]["StringKey"]["S"])

    def test_nothing_is_copied_without_a_scan(self):
        self.check_that_nothing_is_copied_without_a_scan(REPLACE)

    def test_what_the_old_function_left_behind(self):
        self.without_copies()
        self.make_index()
        [other] = self.add_without_key(1)
        exact = {**ITEM, "price": {"N": "12345678901234567890.5"}, "photo": {"B": "/9g="}}
        self.copy(REPLACE, exact, {**ITEM, "customerId": {"S": "Test-002"}})
        block = REPLACE.block("deleteMany", "find(")
        [query] = guide.arguments(block, "db.customers.find")
        left = self.client.documents(self.database, "customers", query)
        self.assertEqual([dict(document.content)["customerId"].content for document in left], ["Test-003"])
        [removed] = guide.arguments(block, "db.customers.deleteMany")
        self.client.delete(self.database, "customers", removed)
        first, second, without_key = self.documents("customers")
        self.assertEqual(without_key["_id"], other)
        self.assertEqual((first["photo"], first["price"]), (b"\xff\xd8", (False, 123456789012345678905, -1)))
        self.assertEqual((first["_id"], second["_id"]), (self.ids[0].content, self.ids[4].content))


if __name__ == "__main__":
    unittest.main()
