# SPDX-License-Identifier: Apache-2.0
"""Our signatures and endpoints against botocore's, which is what the AWS CLI uses.

DYNATLAS_TEST_SEED=N DYNATLAS_TEST_ITEMS=1 brings back request N alone.
"""

import datetime
import os
import pathlib
import random
import subprocess
import sys
import unittest
import urllib.parse
from unittest import mock

import aws_driver

PYTHON = pathlib.Path(__file__).resolve().parents[2] / "build/test-servers/botocore/bin/python"

UTF8 = "äß€한국어😀"
CHARACTERS = "abcXYZ019-._~ !\"#$%&'()*+,/:;<=>?@[]^`{|}" + UTF8
SERVICES = ("dynamodb", "kinesis", "sts", "secretsmanager", "ssm", "s3", "s3")
REGIONS = ("us-east-1", "cn-north-1", "us-gov-west-1", "eu-central-1")
HEADERS = ("Content-Type", "X-Amz-Target", "X-Amz-Meta-A", "x-amz-meta-a", "X-AMZ-META-AB", "Range", "Accept", "If-Match")
UNSIGNED = ("User-Agent", "Expect", "Connection", "X-Amzn-Trace-Id", "TE", "Transfer-Encoding")


def text(dice, most, characters=CHARACTERS):
    return "".join(dice.choice(characters) for _ in range(dice.randint(0, most)))


def path(dice, s3):
    segments = [text(dice, 6) for _ in range(dice.randint(0, 4))]
    segments += dice.choice(([], [".", "a"], ["..", "b"], ["", ""]))
    dice.shuffle(segments)
    return "/" + urllib.parse.quote("/".join(segments), safe="/-_.~")


def query(dice):
    names = [text(dice, 3, "abA-+ €") or "x" for _ in range(dice.randint(0, 5))]
    pairs = []
    for name in names + names[:1]:
        pair = urllib.parse.quote(name, safe="-_.~")
        pairs.append(pair if dice.random() < 0.2 else pair + "=" + urllib.parse.quote(text(dice, 5), safe="-_.~"))
    return "?" + "&".join(pairs) if pairs else ""


def value(dice):
    words = [text(dice, 5, "abcAB019;,=/€") for _ in range(dice.randint(0, 4))]
    return dice.choice(("", " ", "  ")) + dice.choice((" ", "   ")).join(words) + dice.choice(("", " "))


def request(seed):
    dice = random.Random(seed)
    service = dice.choice(SERVICES)
    scheme, port = dice.choice((("https", ""), ("https", ":443"), ("http", ":4566"), ("http", ":80"), ("https", ":8443")))
    host = dice.choice(("dynamodb.us-east-1.amazonaws.com", "Localhost", "127.0.0.1", "my-bucket.s3.eu-central-1.amazonaws.com"))
    headers = [[name, value(dice)] for name in dice.sample(HEADERS, dice.randint(0, 5))]
    headers += [[name, "1"] for name in dice.sample(UNSIGNED, dice.randint(0, 2))]
    dice.shuffle(headers)
    return {
        "method": dice.choice(("GET", "POST", "PUT", "HEAD", "DELETE")),
        "url": f"{scheme}://{host}{port}{path(dice, service == 's3')}{query(dice)}",
        "headers": headers,
        "body": text(dice, 200),
        "key": "AK" + text(dice, 18, "ABCDEF0123456789"),
        "secret": text(dice, 40, "abcdefXYZ0123456789/+=") or "s",
        "token": text(dice, 300, "abcdefXYZ0123456789/+=") if dice.random() < 0.6 else "",
        "region": dice.choice(REGIONS),
        "service": service,
        "at": dice.randint(1_000_000_000, 2_000_000_000),
    }


def by_botocore(task):
    """What botocore adds, by the name in lower case."""
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials

    made = botocore.awsrequest.AWSRequest(method=task["method"], url=task["url"], data=task["body"].encode())
    for name, content in task["headers"]:
        made.headers[name] = content
    made.context["payload_signing_enabled"] = True
    credentials = botocore.credentials.Credentials(task["key"], task["secret"], task["token"] or None)
    kind = botocore.auth.S3SigV4Auth if task["service"] == "s3" else botocore.auth.SigV4Auth
    now = datetime.datetime.fromtimestamp(task["at"], datetime.timezone.utc)
    with mock.patch("botocore.auth.get_current_datetime", return_value=now):
        kind(credentials, task["service"], task["region"]).add_auth(made)
    return {name.lower(): content for name, content in made.headers.items() if name.lower() in ADDED}


ADDED = ("authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256")


class AwsSignatureTest(unittest.TestCase):
    def setUp(self):
        self.driver = aws_driver.Driver()
        self.addCleanup(self.driver.close)

    def test_signs_random_requests_as_botocore_does(self):
        items = int(os.environ.get("DYNATLAS_TEST_ITEMS", "1000"))
        first = int(os.environ.get("DYNATLAS_TEST_SEED") or random.SystemRandom().randrange(10**9))
        print(f"DYNATLAS_TEST_SEED={first} DYNATLAS_TEST_ITEMS={items}", file=sys.stderr)
        for seed in range(first, first + items):
            task = request(seed)
            ours = {name.lower(): content for name, content in self.driver.ask(do="sign", **task)["headers"]}
            added = {name: content for name, content in ours.items() if name in ADDED}
            self.assertEqual(added, by_botocore(task), f"DYNATLAS_TEST_SEED={seed} DYNATLAS_TEST_ITEMS=1: {task}")

    def test_a_difference_is_seen(self):
        task = request(1)
        ours = dict(self.driver.ask(do="sign", **{**task, "body": task["body"] + " "})["headers"])
        self.assertNotEqual(ours["Authorization"], by_botocore(task)["authorization"])

    def test_finds_the_endpoints_that_botocore_finds(self):
        import botocore.endpoint_provider
        import botocore.loaders

        loader = botocore.loaders.Loader()
        partitions = loader.load_data("partitions")
        regions = [name for partition in partitions["partitions"] for name in partition["regions"] if "global" not in name]
        compared = 0
        for service in ("dynamodb", "dynamodbstreams", "kinesis", "secretsmanager", "ssm", "sts"):
            rules = loader.load_service_model(service, "endpoint-rule-set-1")
            provider = botocore.endpoint_provider.EndpointProvider(rules, partitions)
            for region in regions:
                for fips, dual_stack in ((False, False), (True, False), (False, True), (True, True)):
                    if fips and region.startswith("cn-"):
                        continue  # China has no FIPS endpoints
                    theirs = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual_stack).url
                    environment = {
                        "AWS_USE_FIPS_ENDPOINT": str(fips).lower(),
                        "AWS_USE_DUALSTACK_ENDPOINT": str(dual_stack).lower(),
                    }
                    ours = self.driver.ask(do="endpoint", service=service, region=region, environment=environment)
                    self.assertEqual(ours, {"url": theirs}, (service, region, fips, dual_stack))
                    compared += 1
        self.assertGreater(compared, 500)


if __name__ == "__main__":
    if pathlib.Path(sys.prefix) != PYTHON.parents[1]:
        if not PYTHON.exists():
            sys.exit(f"{PYTHON} is missing: run scripts/install-test-servers")
        sys.exit(subprocess.call([PYTHON, *sys.argv]))
    unittest.main()
