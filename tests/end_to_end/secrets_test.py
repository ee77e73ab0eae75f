#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Passwords: that one which is rotated is found again, and that no secret is ever told.

Whatever must not be told has HUSH in it.
"""

import json
import os
import unittest

import program
from fake_aws import FakeAws
from iam_proxy import IamProxy
from lambda_runtime import LambdaRuntime, element, event
from mongodb_server import MongodbServer, with_database
from records import kinesis
from replay_case import ReplayCase
from tcp_proxy import TcpProxy

DONE = {"batchItemFailures": []}
ROLES = ["readWriteAnyDatabase"]
ROLE = "arn:aws:iam::111122223333:role/cdc"


def setUpModule():
    global server, admin
    server = MongodbServer(own=True)
    unittest.addModuleCleanup(server.__exit__)
    server.__enter__()
    client = server.client()
    client.command("admin", {"createUser": "admin", "pwd": "HUSHadmin", "roles": ["root"]})
    client.command("admin", {"createUser": "writer", "pwd": "HUSH0", "roles": ROLES})
    client.close()
    server.stop()
    server.start("--auth")
    admin = server.client(server.server_uri.replace("://", "://admin:HUSHadmin@"))
    unittest.addModuleCleanup(admin.close)


class SecretsCase(ReplayCase):
    _passwords = 0

    def setUp(self):
        super().setUp()
        self.aws = self.enterContext(FakeAws())
        self.proxy = self.enterContext(TcpProxy(server.address))
        self.database = f"{server.database}_{self._testMethodName[-20:]}"
        self.rotate()

    def rotate(self):
        """The server has another password from now on; so it is for connections that are made from now on."""
        SecretsCase._passwords += 1
        self.password = f"HUSH{SecretsCase._passwords}"
        admin.command("admin", {"updateUser": "writer", "pwd": self.password})
        self.proxy.cut()
        self.proxy.restore()

    def uri(self, password=None, database=None):
        plain = f"mongodb://127.0.0.1:{self.proxy.port}/?directConnection=true&authSource=admin"
        return with_database(plain.replace("://", f"://writer:{password or self.password}@"), database or self.database)

    def keep(self, uri=None):
        """In both places, as people do."""
        self.aws.secrets["cdc"] = json.dumps({"note": "HUSHnote", "MONGODB_URI": uri or self.uri()})
        self.aws.parameters["/cdc"] = uri or self.uri()

    def documents(self):
        return sorted(dict(document.content)["_id"].content for document in admin.documents(self.database, "t"))

    def variables(self, **others):
        role = self.aws.hand_out("ENV")
        aws = {"AWS_ENDPOINT_URL": self.aws.url, "AWS_REGION": "eu-central-1"}
        keys = {"AWS_ACCESS_KEY_ID": role.id, "AWS_SECRET_ACCESS_KEY": role.secret, "AWS_SESSION_TOKEN": role.token}
        return {**aws, **keys, "HOME": str(self.folder), **others}

    def bootstrap(self, **others):
        return self.enterContext(LambdaRuntime(**self.variables(**others)))

    def apply(self, runtime, number, seconds=30, key=None):
        answered = runtime.invoke(event(element(number, kinesis(key or str(number), number))), seconds)
        self.assertEqual(answered.kind, "response", answered.body)
        return answered.body


class RotationTest(SecretsCase):
    def test_a_rotated_secret_is_read_within_the_event(self):
        self.keep()
        runtime = self.bootstrap(MONGODB_URI_SECRET="cdc")
        self.assertEqual(self.apply(runtime, 1), DONE)
        self.rotate()
        self.keep()
        self.assertEqual(self.apply(runtime, 2), DONE)
        self.assertEqual(self.documents(), ["1", "2"])
        self.assertEqual(self.aws.count("secretsmanager.GetSecretValue cdc"), 2)

    def test_a_parameter_that_is_rotated_too_late(self):
        self.keep()
        config = 'aws: {endpoints: {ssm: "%s"}}\ntarget: {mongodb: {uri: "${MONGODB_URI}&appName=cdc"}}' % self.aws.url
        runtime = self.bootstrap(MONGODB_URI_PARAMETER="/cdc", AWS_ENDPOINT_URL="http://127.0.0.1:1", DYNATLAS_CONFIG=config)
        self.assertEqual(self.apply(runtime, 1), DONE)
        self.rotate()
        self.assertEqual(self.apply(runtime, 2, seconds=4), {"batchItemFailures": [{"itemIdentifier": "2"}]})
        asked = self.aws.count("AmazonSSM.GetParameter")
        self.assertEqual(asked, 3)  # as it lost its connection, and as it was refused
        self.keep()
        self.assertEqual(self.apply(runtime, 2), DONE)
        self.assertEqual(self.documents(), ["1", "2"])
        self.assertEqual(self.aws.count("AmazonSSM.GetParameter"), asked + 1)

    def test_a_network_that_is_away_is_no_reason_to_ask_all_the_time(self):
        self.keep()
        runtime = self.bootstrap(MONGODB_URI_SECRET="cdc")
        self.assertEqual(self.apply(runtime, 1), DONE)
        self.proxy.cut()
        for _ in range(3):
            self.assertNotEqual(self.apply(runtime, 2, seconds=1), DONE)
        self.assertEqual(self.aws.count("secretsmanager.GetSecretValue"), 2)

    def test_where_another_server_is_kept_another_process_writes_there(self):
        self.keep()
        runtime = self.bootstrap(MONGODB_URI_SECRET="cdc")
        self.assertEqual(self.apply(runtime, 1), DONE)
        self.proxy.cut()
        self.keep(self.uri(database=f"{self.database}_2"))
        self.assertNotEqual(self.apply(runtime, 2, seconds=4), DONE)
        self.assertEqual(runtime.exit_code(), 1)
        self.assertIn("another MongoDB server", runtime.log()[-1]["message"])
        self.proxy.restore()
        self.assertEqual(self.apply(self.bootstrap(MONGODB_URI_SECRET="cdc"), 2), DONE)
        self.assertEqual(self.documents(), ["1"])


class NothingIsToldTest(SecretsCase):
    """There is one level of logs, which is the most verbose."""

    BAD_URIS = (
        "HUSH",
        "mongodb://writer:HU@SH@127.0.0.1/HUSH@",
        "mongodb://writer:HUSH/@127.0.0.1/",
        "mongodb://writer:HUSH@127.0.0.1:HUSH/",
        "mongodb://writer:HUSH@127.0.0.1:1/?tls=HUSH",
        "mongodb://writer:HUSH@127.0.0.1:1/?HUSHoption=1",
        "mongodb://writer:HUSH@127.0.0.1:1/x?authMechanism=HUSH",
        "mongodb://writer:HUSH@127.0.0.1:1/x?serverSelectionTimeoutMS=300",
    )

    def check(self, *said):
        for text in map(str, said):
            self.assertNotIn("HUSH", text)

    def start_fails(self, part, **others):
        runtime = self.bootstrap(**others)
        told, code = runtime.start_error()
        self.assertEqual(code, 1)
        self.assertIn(part, told.body["errorMessage"])
        self.check(told.body, runtime.log())

    def events_of(self, runtime):
        """One that is applied, one with poison, one that is none, one whose password is wrong, one whose server is away."""
        items = [element(1, kinesis("HUSHkey", 1, value={"S": "HUSHvalue"})), element(2, "HUSHpoison")]
        items.append(element(3, kinesis("HUSHother", 3, number={"N": "HUSHnumber"})))
        answers = [runtime.invoke(event(*items)).body, runtime.invoke(event({"eventSource": "aws:sqs", "body": "HUSH"})).body]
        self.assertEqual(self.documents(), ["HUSHkey"])
        self.rotate()
        answers.append(self.apply(runtime, 4, seconds=2, key="HUSHkey"))
        self.proxy.cut()
        answers.append(self.apply(runtime, 5, seconds=1, key="HUSHkey"))
        self.proxy.restore()
        runtime.kill()
        self.check(*answers, runtime.log())
        return "\n".join(line["message"] for line in runtime.log() if "message" in line)

    def test_bootstrap_handles_events(self):
        self.keep()
        for secret in ("", "cdc"):
            with self.subTest(secret):
                said = self.events_of(self.bootstrap(MONGODB_URI=self.uri(), MONGODB_URI_SECRET=secret))
                self.assertIn("parked", said)
                self.assertIn("refused the user name or password", said)
                admin.drop_database(self.database)
                self.keep()

    def test_bootstrap_cannot_start(self):
        self.start_fails("refused the user name or password", MONGODB_URI=self.uri("HUSHwrong"))
        self.start_fails("AccessDenied", MONGODB_URI_SECRET="missing")
        self.start_fails("AccessDenied", MONGODB_URI_PARAMETER="/missing")
        self.aws.secrets["cdc"] = json.dumps({"HUSHname": "HUSH", "password": "HUSH"})
        self.start_fails("JSON object without", MONGODB_URI_SECRET="cdc")
        self.aws.secrets["cdc"] = '{"HUSH": "HUSH'
        self.start_fails("must begin with mongodb", MONGODB_URI_SECRET="cdc")
        self.start_fails("aws.endpoint", MONGODB_URI=self.uri(), DYNATLAS_CONFIG="aws: {endpoint: 'https://u:HUSH@h/'}")
        self.start_fails("secret_key", MONGODB_URI=self.uri(), DYNATLAS_CONFIG="aws: {secret_key: HUSH}")
        self.aws.refused_roles.add(ROLE)
        self.start_fails("AccessDenied", MONGODB_URI_SECRET="cdc", DYNATLAS_CONFIG=f"aws: {{role_arn: '{ROLE}'}}")

    def test_bootstrap_has_a_bad_uri(self):
        for uri in self.BAD_URIS:
            with self.subTest(uri):
                self.start_fails("MongoDB", MONGODB_URI=uri)
                self.keep(uri)
                self.start_fails("MongoDB", MONGODB_URI_SECRET="cdc")

    def run_dynatlas(self, code, part, *arguments, text=(), **others):
        known = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MONGODB_"))}
        text = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in text)
        ended = program.run(*arguments, text=text, env={**known, **self.variables(**others)})
        self.assertEqual(ended.code, code, ended.errors)
        self.assertIn(part, ended.errors)
        self.check(ended.out, ended.errors)

    def test_dynatlas_replays(self):
        records = [kinesis("HUSHkey", 1, value={"S": "HUSHvalue"}), "HUSHpoison\n", kinesis("HUSHx", 2, number={"N": "HUSH"})]
        self.run_dynatlas(1, "upserted 1", "replay", f"--to={self.uri()}", text=records)
        self.run_dynatlas(3, "refused the user name or password", "replay", f"--to={self.uri('HUSHwrong')}", text=records)
        self.run_dynatlas(3, "refused the user name or password", "dlq", "list", f"--to={self.uri('HUSHwrong')}")
        config = 'target: {mongodb: {uri: "${MONGODB_URI}"}}\nmetdata: HUSH'
        (self.folder / "c.yaml").write_text(config)
        self.run_dynatlas(2, "metdata", "replay", f"--config={self.folder}/c.yaml", MONGODB_URI=self.uri())

    def test_dynatlas_has_a_bad_uri(self):
        for uri in self.BAD_URIS:
            with self.subTest(uri):
                self.run_dynatlas(3 if "Timeout" in uri else 2, "", "replay", f"--set=target.mongodb.uri={uri}")
                self.run_dynatlas(3 if "Timeout" in uri else 2, "", "replay", f"--to={uri}")

    def test_dynatlas_signs_in_by_aws(self):
        proxy = self.enterContext(IamProxy(server.address, {}))
        to = f"--to={proxy.uri}"
        self.run_dynatlas(3, "MongoDB refused the AWS credentials", "replay", to)
        self.aws.refused_roles.add(ROLE)
        self.run_dynatlas(3, "AccessDenied", "replay", to, f"--set=aws.role_arn={ROLE}")
        (self.folder / "said").write_text('{"Version": 1, "AccessKeyId": "HUSH", "SecretAccessKey": ')
        (self.folder / ".aws").mkdir()
        (self.folder / ".aws/config").write_text(f"[profile p]\ncredential_process = cat {self.folder}/said\n")
        self.run_dynatlas(3, "credential_process", "replay", to, "--set=aws.profile=p")
        (self.folder / ".aws/config").write_text("[profile p]\nHUSH\n")
        self.run_dynatlas(3, "config:2", "replay", to, "--set=aws.profile=p")


if __name__ == "__main__":
    unittest.main()
