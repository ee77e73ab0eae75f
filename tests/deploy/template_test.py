#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""deploy/sam/template.yaml passes cfn-lint, and has what cfn-lint does not know to be needed."""

import functools
import itertools
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PYTHON = ROOT / "build/test-servers/cfn-lint/bin/python"
if pathlib.Path(sys.prefix) != PYTHON.parents[1]:  # what is imported below is there only
    if not PYTHON.exists():
        sys.exit(f"{PYTHON} is missing: run scripts/install-test-servers")
    sys.exit(subprocess.call([PYTHON, *sys.argv]))

import yaml

from cloudformation import Deployed, RefusedParameters, read

TEMPLATE = ROOT / "deploy/sam/template.yaml"
SETUP = (ROOT / "apps/lambda/setup.cc").read_text()

SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:mongodb-AbCdEf"
PARAMETER = "arn:aws:ssm:eu-west-1:111122223333:parameter/dynatlas/uri"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"
STREAM = "arn:aws:kinesis:eu-west-1:111122223333:stream/cdc"
TABLE_STREAM = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/2026-01-01T00:00:00.000"
FROM_TABLE = {"Source": "DynamoDBStreams", "SourceArn": TABLE_STREAM}
IAM_URI = "mongodb+srv://cluster.example.mongodb.net/shop?authMechanism=MONGODB-AWS&authSource=%24external"

# Every condition of the template is true in one of these and false in another.
SETS = {
    "kinesis": {"MongodbUriSecretArn": SECRET},
    "stream that exists": {"MongodbUriParameterArn": PARAMETER, "SourceArn": STREAM, "StartAt": 1772442001, "SourceKeyArn": KEY},
    "new table": {"MongodbUri": IAM_URI, "TableKey": "id", "ShardCount": 2, "Config": "{tables: []}"},
    "table's stream": {"MongodbUriSecretArn": SECRET, **FROM_TABLE, "SourceKeyArn": KEY, "UriKeyArn": KEY},
    "new table's stream": {"MongodbUriSecretArn": SECRET, "Source": "DynamoDBStreams", "TableKey": "id"},
    "limited": {"MongodbUriSecretArn": SECRET, "MaximumRetryAttempts": 100, "AlarmTopicArn": "arn:aws:sns:eu-west-1:111122223333:t"},
    "limited in age": {"MongodbUriSecretArn": SECRET, "MaximumRecordAge": 3600},
    "vpc": {"MongodbUriSecretArn": SECRET, "SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"},
}


@functools.cache
def template():
    return read(TEMPLATE)


def deployed(**parameters):
    return Deployed(template(), **{"TableName": "orders", **parameters})


def for_every_set(test):
    def run(self):
        for name, parameters in SETS.items():
            with self.subTest(name):
                test(self, deployed(**parameters), parameters)

    return run


def statements(stack):
    roles = [policy for role in stack.of_type("AWS::IAM::Role").values() for policy in role["Policies"]]
    for policy in [*roles, *stack.of_type("AWS::IAM::RolePolicy").values()]:
        yield from policy["PolicyDocument"]["Statement"]


def listed(value):
    return value if isinstance(value, list) else [value]


class TemplateTest(unittest.TestCase):
    def test_cfn_lint_says_nothing(self):
        lint = PYTHON.parent / "cfn-lint"
        done = subprocess.run([lint, "--include-checks", "I", "--", TEMPLATE], capture_output=True, text=True, check=False)
        self.assertEqual((done.stdout + done.stderr, done.returncode), ("", 0))

    def test_it_has_no_aliases_which_cloudformation_does_not_read(self):
        tokens = yaml.scan(TEMPLATE.read_text())
        self.assertFalse([token for token in tokens if isinstance(token, (yaml.AnchorToken, yaml.AliasToken))])

    def test_every_condition_is_tried_both_ways(self):
        stacks = [deployed(**parameters) for parameters in SETS.values()]
        for name in template()["Conditions"]:
            self.assertEqual({stack.holds(name) for stack in stacks}, {True, False}, name)

    def test_every_parameter_is_described(self):
        guide = (ROOT / "docs/deploy-lambda.md").read_text()
        for name in template()["Parameters"]:
            self.assertIn(f"`{name}`", guide)


class RulesTest(unittest.TestCase):
    def test_parameters_that_do_not_fit(self):
        for parameters in (
            {},
            {"MongodbUriSecretArn": SECRET, "MongodbUri": IAM_URI},
            {"MongodbUriSecretArn": SECRET, "MongodbUriParameterArn": PARAMETER},
            {"MongodbUri": "mongodb://user:password@host/"},
            {"MongodbUriSecretArn": SECRET, "Source": "DynamoDBStreams"},
            {"MongodbUriSecretArn": SECRET, **FROM_TABLE, "StartAt": 1},
            {"MongodbUriSecretArn": SECRET, **FROM_TABLE, "TableKey": "id"},
            {"MongodbUriSecretArn": SECRET, "Timeout": 59},
            {"MongodbUriSecretArn": SECRET, "SubnetIds": "subnet-1"},
            {"MongodbUriSecretArn": SECRET, "SecurityGroupIds": "sg-1"},
            {"MongodbUriSecretArn": SECRET, "SubnetIds": "sg-1", "SecurityGroupIds": "subnet-1"},
        ):
            with self.subTest(parameters), self.assertRaises(RefusedParameters):
                deployed(**parameters)

    def test_what_can_be_a_source(self):
        partitions = ("aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-eusc")
        for kind, partition in itertools.product(({"SourceArn": STREAM}, FROM_TABLE), partitions):
            source = kind["SourceArn"].replace("arn:aws:", f"arn:{partition}:")
            stack = deployed(**{"MongodbUriSecretArn": SECRET, **kind, "SourceArn": source})
            self.assertEqual(stack.outputs["SourceArn"], source)
        table = TABLE_STREAM.partition("/stream/")[0]
        of_stream = (f"{STREAM}/consumer/c:1772442001", STREAM.removesuffix("cdc"), f" {STREAM}", "cdc")
        for wrong in (table, f"{table}/stream/", f"{table}/index/i", *of_stream):
            with self.subTest(wrong), self.assertRaises(RefusedParameters):
                deployed(MongodbUriSecretArn=SECRET, SourceArn=wrong)

    def test_ages_of_records(self):
        ages = (-1, 60, 99, 100, 99999, 100000, 599999, 600000, 603999, 604000, 604799, 604800)
        for age in ages:
            mapping = deployed(MongodbUriSecretArn=SECRET, MaximumRecordAge=age).resources["Mapping"]
            self.assertEqual(mapping["MaximumRecordAgeInSeconds"], str(age))
        for age in ("", "-2", "0", "1", "59", "060", "604801", "605000", "610000", "700000", "1000000"):
            with self.subTest(age), self.assertRaises(RefusedParameters):
                deployed(MongodbUriSecretArn=SECRET, MaximumRecordAge=age)


class ResourcesTest(unittest.TestCase):
    @for_every_set
    def test_the_function(self, stack, parameters):
        [function] = stack.of_type("AWS::Serverless::Function").values()
        self.assertEqual((function["Runtime"], function["Handler"]), ("provided.al2023", "bootstrap"))
        self.assertGreaterEqual(function["Timeout"], 60)
        self.assertEqual(function["LoggingConfig"], {"LogGroup": "<FunctionLogs>"})
        vpc = {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]} if "SubnetIds" in parameters else None
        self.assertEqual(function.get("VpcConfig"), vpc)
        self.assertEqual(stack.resources["FunctionLogs"]["RetentionInDays"], 30)

    def test_the_function_knows_its_variables(self):
        given = {}
        for parameters in SETS.values():
            given |= deployed(**parameters).resources["Function"]["Environment"]["Variables"]
        known = set(re.findall(r'"(MONGODB_URI\w*|DYNATLAS_CONFIG)"', SETUP))
        self.assertEqual(set(given), known)

    @for_every_set
    def test_nothing_is_acknowledged_that_failed(self, stack, parameters):
        mapping = stack.resources["Mapping"]
        self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"])
        self.assertEqual(mapping["BisectBatchOnFunctionError"], True)
        self.assertGreaterEqual(mapping["MaximumBatchingWindowInSeconds"], 1)  # for batches of more than ten
        self.assertEqual(mapping["MaximumRetryAttempts"], parameters.get("MaximumRetryAttempts", -1))
        self.assertEqual(mapping["MaximumRecordAgeInSeconds"], str(parameters.get("MaximumRecordAge", -1)))
        self.assertNotEqual(mapping["StartingPosition"], "LATEST")  # it skips what comes while the mapping is made

    @for_every_set
    def test_what_is_given_up_goes_to_a_bucket(self, stack, parameters):
        mapping = stack.resources["Mapping"]
        if not {"MaximumRetryAttempts", "MaximumRecordAge"} & set(parameters):
            self.assertNotIn("DestinationConfig", mapping)
            return
        self.assertEqual(mapping["DestinationConfig"], {"OnFailure": {"Destination": "<FailedBatches.Arn>"}})
        allowed = {(each["Action"], each["Resource"]) for each in statements(stack) if isinstance(each["Action"], str)}
        wanted = {("s3:PutObject", "<FailedBatches.Arn>/*"), ("s3:ListBucket", "<FailedBatches.Arn>")}
        self.assertEqual(allowed & wanted, wanted)
        self.assertEqual(template()["Resources"]["FailedBatches"]["DeletionPolicy"], "Retain")

    @for_every_set
    def test_the_stream_has_microseconds_and_what_reads_it_may(self, stack, parameters):
        source = stack.resources["Mapping"]["EventSourceArn"]
        self.assertEqual(stack.outputs["SourceArn"], source)
        kinesis = parameters.get("Source") != "DynamoDBStreams"
        [reading] = [each for each in statements(stack) if each["Resource"] == source]
        service = {action.split(":")[0] for action in reading["Action"]}
        self.assertEqual(service, {"kinesis" if kinesis else "dynamodb"})
        for table in stack.of_type("AWS::DynamoDB::Table").values():
            if kinesis:
                wanted = {"StreamArn": source, "ApproximateCreationDateTimePrecision": "MICROSECOND"}
                self.assertEqual(table["KinesisStreamSpecification"], wanted)
            else:
                self.assertIn(table["StreamSpecification"]["StreamViewType"], ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"))
        command = stack.outputs.get("DestinationCommand")
        self.assertEqual(command is not None, kinesis and "TableKey" not in parameters)
        if command:
            self.assertIn(f"--table-name orders --stream-arn {source} ", command)
            self.assertTrue(command.endswith("ApproximateCreationDateTimePrecision=MICROSECOND"))

    @for_every_set
    def test_the_role_may_do_no_more_than_it_needs(self, stack, parameters):
        actions = set()
        for each in statements(stack):
            actions |= set(listed(each["Action"]))
            if "*" in listed(each["Resource"]):
                self.assertEqual({action.split(":")[0] for action in each["Action"]}, {"ec2"})
                self.assertIn("SubnetIds", parameters)
        self.assertFalse([action for action in actions if "*" in action])
        self.assertEqual("secretsmanager:GetSecretValue" in actions, "MongodbUriSecretArn" in parameters)
        self.assertEqual("ssm:GetParameter" in actions, "MongodbUriParameterArn" in parameters)
        self.assertEqual("kms:Decrypt" in actions, bool({"UriKeyArn", "SourceKeyArn"} & set(parameters)))

    def test_the_program_may_not_use_what_lambda_needs_for_a_vpc(self):
        stack = deployed(**SETS["vpc"])
        effects = {each["Effect"]: each for each in statements(stack) if each["Resource"] == "*"}
        self.assertEqual(effects["Allow"]["Action"], effects["Deny"]["Action"])
        self.assertEqual(effects["Deny"]["Condition"], {"ArnEquals": {"lambda:SourceFunctionArn": "<Function.Arn>"}})

    @for_every_set
    def test_a_tick_reaches_the_function(self, stack, _):
        [target] = stack.resources["Tick"]["Targets"]
        self.assertEqual(target["Arn"], "<Function.Arn>")
        self.assertNotIn("Input", target)  # the rule's own event has the source aws.events, which the function knows
        permission = stack.resources["TickPermission"]
        self.assertEqual(permission["Principal"], "events.amazonaws.com")
        self.assertEqual(permission["SourceArn"], "<Tick.Arn>")

    @for_every_set
    def test_alarms(self, stack, parameters):
        log = (ROOT / "apps/lambda/log.cc").read_text()
        alarms = stack.of_type("AWS::CloudWatch::Alarm")
        names = set(re.findall(r"\b(?:MetricName': '|SELECT (?:MAX|SUM)\()(\w+)", str(alarms)))
        wanted = {"IteratorAge", "Throttles", "Errors", "FailedInvokeEventCount", "Parked"}
        if parameters.get("Source") != "DynamoDBStreams":
            wanted |= {"AgeOfOldestUnreplicatedRecord", "FailedToReplicateRecordCount"}
        if {"MaximumRetryAttempts", "MaximumRecordAge"} & set(parameters):
            wanted |= {"OnFailureDestinationDeliveredEventCount", "DroppedEventCount"}
        self.assertEqual(names, wanted)
        parked = alarms["ParkedAlarm"]
        self.assertIn(f'"Namespace":"{parked["Namespace"]}","Dimensions":[["{parked["Dimensions"][0]["Name"]}"]]', log)
        self.assertIn('{"Parked", ', log)
        for alarm in alarms.values():
            self.assertEqual("AlarmActions" in alarm, "AlarmTopicArn" in parameters)
        self.assertEqual(stack.resources["Mapping"]["MetricsConfig"], {"Metrics": ["EventCount"]})


if __name__ == "__main__":
    unittest.main()
