#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""MongoDB's AWS IAM authentication by the whole programs, with the credentials of every source that docs/aws.md has: from a fake
of it, through libcurl and libmongoc, to a server that checks what was signed."""

import json
import os
import time

import program
from fake_aws import CONTAINER_TOKEN, FakeAws
from iam_proxy import IamProxy
from lambda_runtime import LambdaRuntime, element, event
from mongodb_case import MongodbTest
from mongodb_server import with_database
from records import kinesis

DONE = {"batchItemFailures": []}
ROLE = "arn:aws:iam::111122223333:role/cdc"


class IamTest(MongodbTest):
    own = True

    def setUp(self):
        super().setUp()
        self.aws = self.enterContext(FakeAws())
        self.proxy = self.enterContext(IamProxy(self.server.address, self.aws.known))
        self.to = with_database(self.proxy.uri, self.database)
        # Nothing of this machine's own: an instance's metadata service is asked where no other source is set up.
        self.variables = {"HOME": str(self.folder), "AWS_ENDPOINT_URL": self.aws.url, "AWS_EC2_METADATA_DISABLED": "true"}

    def file(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return str(path)

    def environment(self, **variables):
        known = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and "proxy" not in name.lower()}
        return {**known, **self.variables, **variables}

    def user(self, name="USER"):
        keys = self.aws.user(name)
        return {"AWS_ACCESS_KEY_ID": keys.id, "AWS_SECRET_ACCESS_KEY": keys.secret}

    def expect(self, login, *arguments, **variables):
        """Replay connects as `login`, and writes."""
        before = len(self.proxy.logins)
        variables.setdefault("AWS_REGION", "eu-central-1")
        ended = self.replay(*arguments, to=self.to, text=[kinesis(login, 1)], env=self.environment(**variables))
        self.assertEqual(self.proxy.logins[before:], [login])
        self.assertIn(login, [document["_id"] for document in self.documents()])
        self.assertNotIn("HUSH", ended.errors)


class SourcesTest(IamTest):
    def test_the_environment(self):
        self.expect("AKUSER", **self.user())
        role = self.aws.hand_out("ENV")
        self.expect(role.id, AWS_ACCESS_KEY_ID=role.id, AWS_SECRET_ACCESS_KEY=role.secret, AWS_SESSION_TOKEN=role.token)

    def test_a_web_identity(self):
        token = self.file("token", "header.HUSH.signature")
        self.expect("AKWEB1", AWS_WEB_IDENTITY_TOKEN_FILE=token, AWS_ROLE_ARN=ROLE, AWS_ROLE_SESSION_NAME="pod")
        self.assertEqual(self.aws.asked, [f"AssumeRoleWithWebIdentity {ROLE} - pod by header.HUSH.signature"])

    def test_a_profile(self):
        keys = self.aws.user("FILE")
        self.file(".aws/credentials", f"[p]\naws_access_key_id = {keys.id}\naws_secret_access_key = {keys.secret}\n")
        self.expect("AKFILE", AWS_PROFILE="p")
        self.expect("AKFILE", "--set=aws.profile=p", **self.user())  # which passes by the environment

    def test_the_role_of_a_profile(self):
        keys = self.aws.user("FILE")
        role = f"[default]\nrole_arn = {ROLE}\nrole_session_name = s\nexternal_id = x\nregion = us-east-2\n"
        base = f"[profile base]\naws_access_key_id = {keys.id}\naws_secret_access_key = {keys.secret}\n"
        self.file(".aws/config", f"{role}source_profile = base\n{base}")
        self.expect("AKROLE1", AWS_REGION="")
        self.file(".aws/config", f"{role}credential_source = Environment\n")
        self.expect("AKROLE2", "--set=aws.profile=default", AWS_REGION="", **self.user())
        self.file(".aws/config", f"{role}web_identity_token_file = {self.file('token', 'HUSHjwt')}\n")
        self.expect("AKWEB1", AWS_REGION="")
        assumed = f"AssumeRole {ROLE} x s by"
        by_token = f"AssumeRoleWithWebIdentity {ROLE} - s by HUSHjwt"
        self.assertEqual(self.aws.asked, [f"{assumed} AKFILE in us-east-2", f"{assumed} AKUSER in us-east-2", by_token])

    def test_the_command_of_a_profile(self):
        keys = self.aws.hand_out("PROCESS")
        said = {"Version": 1, "AccessKeyId": keys.id, "SecretAccessKey": keys.secret, "SessionToken": keys.token}
        self.file(".aws/config", f"[default]\ncredential_process = cat {self.file('said', json.dumps(said))}\n")
        self.expect(keys.id)

    def test_the_container(self):
        variables = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.aws.url}/container"}
        self.expect("AKCONTAINER1", **variables, AWS_CONTAINER_AUTHORIZATION_TOKEN=CONTAINER_TOKEN)
        token = self.file("token", CONTAINER_TOKEN)
        self.expect("AKCONTAINER2", **variables, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token)
        self.file(".aws/config", f"[default]\nrole_arn = {ROLE}\ncredential_source = EcsContainer\n")
        self.expect("AKROLE1", **variables, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token)
        self.assertIn("by AKCONTAINER3 in eu-central-1", self.aws.asked[-1])

    def test_the_instance(self):
        variables = {"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.aws.url, "AWS_REGION": ""}
        self.expect("AKINSTANCE1", **variables)
        self.aws.has_imds_v2 = False
        self.expect("AKINSTANCE2", **variables)
        self.aws.has_imds_v2 = True
        self.file(".aws/config", f"[default]\nrole_arn = {ROLE}\ncredential_source = Ec2InstanceMetadata\n")
        self.expect("AKROLE1", **variables)  # at the STS of the instance's region
        self.assertIn("by AKINSTANCE3 in eu-north-1", self.aws.asked[-1])

    def test_the_role_and_the_region_of_the_configuration(self):
        config = f"aws: {{region: ap-south-1, role_arn: '{ROLE}', external_id: outside, endpoints: {{sts: '{self.aws.url}'}}}}\n"
        self.expect("AKROLE1", f"--config={self.file('c.yaml', config)}", AWS_ENDPOINT_URL="http://127.0.0.1:1", **self.user())
        [asked] = self.aws.asked
        self.assertRegex(asked, f"^AssumeRole {ROLE} outside dynatlas-\\d+ by AKUSER in ap-south-1$")

    def test_dead_letters_are_listed_by_the_same_login(self):
        self.expect("AKUSER", **self.user())
        listed = program.run("dlq", "list", f"--to={self.to}", env=self.environment(**self.user()))
        self.assertEqual((listed.code, listed.errors), (0, ""))
        self.assertEqual(set(self.proxy.logins), {"AKUSER"})


class RefusalsTest(IamTest):
    def refused(self, *parts, **variables):
        ended = self.replay(to=self.to, text=[kinesis("1", 1)], code=3, env=self.environment(**variables))
        for part in parts:
            self.assertIn(part, ended.errors)
        self.assertNotIn("HUSH", ended.errors)
        self.assertEqual(self.documents(), [])

    def test_mongodb_does_not_know_us(self):
        self.refused(
            "MongoDB refused the AWS credentials of the environment",
            "database user",
            AWS_ACCESS_KEY_ID="AKNOBODY",
            AWS_SECRET_ACCESS_KEY="HUSHkey",
        )
        self.assertEqual(self.proxy.logins, ["!AKNOBODY"])

    def test_a_wrong_secret(self):
        self.refused("MongoDB refused", AWS_ACCESS_KEY_ID=self.aws.user().id, AWS_SECRET_ACCESS_KEY="HUSHother")

    def test_there_are_no_credentials(self):
        self.refused("no AWS credentials were found")
        self.assertEqual(self.proxy.logins, [])


class RenewalTest(IamTest):
    def bootstrap(self, **variables):
        given = {"MONGODB_URI": self.to, "AWS_REGION": "eu-central-1", **self.variables, **variables}
        return self.enterContext(LambdaRuntime(**given))

    def apply(self, runtime, number, seconds=30):
        answered = runtime.invoke(event(element(number, kinesis(str(number), number))), seconds)
        self.assertEqual((answered.kind, answered.body), ("response", DONE))

    def test_keys_that_expire_are_followed_by_others(self):
        self.aws.life = 1
        container = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.aws.url}/container"}
        runtime = self.bootstrap(**container, AWS_CONTAINER_AUTHORIZATION_TOKEN=CONTAINER_TOKEN)
        self.apply(runtime, 1)
        self.assertEqual(self.proxy.logins, ["AKCONTAINER1"])
        time.sleep(1.1)
        self.aws.life = 3600
        self.apply(runtime, 2)
        self.assertEqual(self.proxy.logins, ["AKCONTAINER1", "AKCONTAINER2"])
        self.proxy.cut()
        self.proxy.restore()
        self.apply(runtime, 3)
        self.assertEqual(self.proxy.logins, ["AKCONTAINER1", "AKCONTAINER2", "AKCONTAINER2"])
        self.assertEqual([document["_id"] for document in self.documents()], ["1", "2", "3"])
        self.assertEqual(self.aws.count("container"), 2)

    def test_a_silent_aws_takes_no_event_from_a_connection_that_is_there(self):
        self.aws.life = 1
        role = {"AWS_WEB_IDENTITY_TOKEN_FILE": self.file("token", "jwt"), "AWS_ROLE_ARN": ROLE}
        runtime = self.bootstrap(**role)
        self.apply(runtime, 1)
        time.sleep(1.1)
        self.aws.talks.clear()
        began = time.monotonic()
        self.apply(runtime, 2, seconds=10)
        self.assertLess(time.monotonic() - began, 7.5)  # the invocation ends by then, three quarters of its time
        self.aws.talks.set()
        self.assertEqual(self.proxy.logins, ["AKWEB1"])

    def test_keys_that_mongodb_ceases_to_take_are_followed_by_others_within_the_event(self):
        role = {"AWS_WEB_IDENTITY_TOKEN_FILE": self.file("token", "jwt"), "AWS_ROLE_ARN": ROLE}
        runtime = self.bootstrap(**role)
        self.apply(runtime, 1)
        del self.aws.known["AKWEB1"]  # the role's sessions were revoked
        self.proxy.cut()
        self.proxy.restore()
        self.apply(runtime, 2)
        self.assertEqual(self.proxy.logins, ["AKWEB1", "!AKWEB1", "AKWEB2"])


if __name__ == "__main__":
    import unittest

    unittest.main()
