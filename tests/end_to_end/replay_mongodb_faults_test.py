#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `dynatlas replay --to mongodb://..` does where the target is wrong, refuses, fails, or goes away for a while.

It says what to change and ends with exit code 2 or 3, or goes on; nothing half-done is reported as done.
"""

import contextlib
import json
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import program
from mongodb_case import MongodbTest
from mongodb_server import MongodbServer, with_database
from records import kinesis, kinesis_removal, lines
from tcp_proxy import TcpProxy

PASSWORD = "SECRETpassword"
CONTENT = "SECRETcontent"


class Running:
    """A replay that is fed by hand. A context manager."""

    def __init__(self, uri, folder, *arguments):
        self.summary = folder / "running.json"
        command = [program.path(), "replay", f"--to={uri}", f"--summary={self.summary}", "--jobs=1", *arguments]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._child.kill()
        self._child.wait()
        if self._child.stdin is not None:
            self.close()
        self._child.stderr.close()

    def send(self, records):
        with contextlib.suppress(BrokenPipeError):  # it ended: its exit code says why
            self._child.stdin.write(lines(*records).encode())
            self._child.stdin.flush()

    def close(self):
        """The input ends here."""
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.close()
        self._child.stdin = None

    def signal(self, number):
        self._child.send_signal(number)

    def ended(self, seconds=120):
        """(exit code, what it said)"""
        _, errors = self._child.communicate(timeout=seconds)
        return self._child.returncode, errors.decode()


class FaultTest(MongodbTest):
    own = True

    def refused(self, uri, *arguments, code=3, says=(), text=None):
        """Nothing was written, and the message helps without telling secrets."""
        began = time.monotonic()
        text = text or [kinesis("1", 1, content={"S": CONTENT})]
        ended = program.run("replay", f"--to={uri}", *arguments, text=lines(*text))
        self.assertEqual(ended.code, code, ended.errors)
        for word in (says,) if isinstance(says, str) else says:
            self.assertIn(word, ended.errors)
        for secret in (PASSWORD, CONTENT):
            self.assertNotIn(secret, ended.errors)
        self.assertLess(time.monotonic() - began, 60)
        return ended.errors


class UriTest(FaultTest):
    """Exit code 2, before anything is asked of a server."""

    def test_what_is_no_uri(self):
        for uri in ("mongodb://", "mongodb://:1", "mongodb://127.0.0.1:port/", "mongodb+srv://a,b/", f"mongodb://u:{PASSWORD}@/"):
            with self.subTest(uri):
                self.refused(uri, code=2, says="URI")

    def test_what_would_weaken_the_guard_or_is_mistyped(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(0.05)
            base = f"mongodb://user:{PASSWORD}@127.0.0.1:{listener.getsockname()[1]}/x?directConnection=true"
            for option, says in (("tlss=true", "tlss"), ("w=1", "w"), ("w=0", "w"), ("readConcernLevel=local", "readConcernLevel")):
                with self.subTest(option):
                    self.refused(f"{base}&{option}", code=2, says=says)
                    self.assertRaises(TimeoutError, listener.accept)  # it was not even asked


class UnreachableTest(FaultTest):
    def test_a_server_that_is_down(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        uri = f"mongodb://user:{PASSWORD}@127.0.0.1:{port}/x?serverSelectionTimeoutMS=1000"
        self.refused(uri, says="127.0.0.1")

    def test_a_name_that_there_is_not(self):
        self.refused("mongodb://no-such-host.invalid/?serverSelectionTimeoutMS=1000", says="no-such-host.invalid")
        self.refused("mongodb+srv://cluster.no-such-host.invalid/?serverSelectionTimeoutMS=1000", says="no-such-host.invalid")

    def test_something_that_is_no_mongodb(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            uri = f"mongodb://127.0.0.1:{listener.getsockname()[1]}/?serverSelectionTimeoutMS=1000&connectTimeoutMS=1000"
            self.refused(uri)  # it takes the connection, and never answers


class UsersTest(unittest.TestCase):
    def test_what_a_user_may_not_do(self):
        """One server, for its start takes longer than the runs."""
        records = lines(kinesis("1", 1, content={"S": CONTENT}))
        with MongodbServer("--sync-on-commit", own=True) as server:
            client = server.client()
            for user, roles in (("writer", ["readWrite"]), ("reader", ["read"]), ("nobody", [])):
                given = [{"role": role, "db": server.database} for role in roles]
                client.command("admin", {"createUser": user, "pwd": PASSWORD, "roles": given})
            client.close()
            server.stop()
            server.start("--auth")

            def replay(credentials, code):
                uri = server.uri.replace("://", f"://{credentials}").replace("?", "?authSource=admin&")
                ended = program.run("replay", f"--to={uri}", text=records)
                self.assertEqual(ended.code, code, ended.errors)
                for secret in (PASSWORD, CONTENT):
                    self.assertNotIn(secret, ended.errors)
                return ended.errors

            with self.subTest("wrong password"):
                self.assertRegex(replay("writer:wrong@", 3), "(?i)password|credentials")
            with self.subTest("no user"):
                self.assertRegex(replay("", 3), "(?i)permission|authenticat|credentials|authori[sz]")
            for user in ("reader", "nobody"):
                with self.subTest(user):
                    self.assertRegex(replay(f"{user}:{PASSWORD}@", 3), "(?i)permission|role|authori[sz]")
            with self.subTest("the right one"):
                self.assertIn("upserted 1", replay(f"writer:{PASSWORD}@", 0))
            reader = server.client(server.server_uri.replace("://", f"://reader:{PASSWORD}@"))
            self.assertEqual([d["pk"] for d in map(dict_of, reader.documents(server.database, "t"))], ["1"])
            reader.close()


def dict_of(document):
    return {name: value.content for name, value in document.content}


class CollectionTest(FaultTest):
    """Collections that cannot be written under the guard, and documents that cannot be written into them."""

    def test_a_collation(self):
        self.client.command(self.database, {"create": "t", "collation": {"locale": "en", "strength": 2}})
        self.refused(self.uri(), says=("collation", f"{self.database}.t"))
        self.assertEqual(self.documents(), [])
        self.replay("--set=tables.*.guard=off", text=[kinesis("1", 1)])  # without a guard it does no harm

    def test_a_view(self):
        self.client.command(self.database, {"create": "t", "viewOn": "somewhere", "pipeline": []})
        self.refused(self.uri(), says=("view", f"{self.database}.t"))

    def test_a_unique_index_that_cannot_be_made(self):
        self.client.insert(self.database, "t", {"_id": 1, "pk": "1"}, {"_id": 2, "pk": "1"})
        self.refused(self.uri(), "--set=tables.*.id=objectid", says=f"{self.database}.t")
        self.assertEqual(len(self.documents()), 2)

    def test_what_a_validator_refuses_is_parked_and_the_rest_proceeds(self):
        self.client.command(self.database, {"create": "t", "validator": {"n": {"$lt": 10}}})
        records = [kinesis(str(n), 1, n={"N": str(n)}, content={"S": CONTENT}) for n in range(20)]
        path = self.folder / "summary.json"
        ended = self.replay(f"--summary={path}", text=records, code=1)
        self.assertEqual(self.summary(path), {"read": 20, "upserted": 10, "parked": 10})
        self.assertNotIn(CONTENT, ended.errors)
        self.assertEqual(sorted(document["n"] for document in self.documents()), list(range(10)))
        letters = self.dead_letters()
        self.assertEqual(sorted(json.loads(letter["record"])["dynamodb"]["NewImage"]["n"]["N"] for letter in letters), sorted(map(str, range(10, 20))))
        self.assertEqual({"121" in letter["cause"] for letter in letters}, {True})
        self.assertNotIn(CONTENT, "".join(letter["cause"] for letter in letters))


class ComesBackTest(FaultTest):
    """A target that fails for a while changes nothing but the time it takes."""

    RECORDS = [kinesis(str(n % 20), n, n={"N": str(n)}) for n in range(60)] + [kinesis_removal(str(n), 90) for n in range(5)]
    SUMMARY = {"read": 65, "upserted": 15, "removed": 5, "coalesced": 45}

    def check_documents(self):
        self.assertEqual({document["_id"]: document["n"] for document in self.documents()}, {str(n): n + 40 for n in range(5, 20)})
        self.assertEqual(sorted(stone["_id"] for stone in self.tombstones()), sorted("01234"))

    def fail(self, mode, **data):
        self.client.command("admin", {"configureFailPoint": "failCommand", "mode": mode, "data": data})
        off = {"configureFailPoint": "failCommand", "mode": "off"}
        self.addCleanup(self.client.command, "admin", off)

    def test_commands_that_fail(self):
        elections = {"errorCode": 112}
        unacknowledged = {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}}
        for name, fault in (("closed connections", {"closeConnection": True}), ("write conflicts", elections), ("no majority", unacknowledged)):
            with self.subTest(name):
                self.database = self.fresh_database()
                self.fail({"times": 3}, failCommands=["update", "delete", "insert"], **fault)
                self.assertEqual(self.counted(text=self.RECORDS), self.SUMMARY)
                self.check_documents()

    def test_looking_up_that_fails(self):
        self.fail({"times": 3}, failCommands=["find", "listCollections", "listIndexes", "createIndexes"], closeConnection=True)
        self.assertEqual(self.counted(text=self.RECORDS), self.SUMMARY)
        self.check_documents()

    def test_a_connection_that_is_lost_at_any_write(self):
        """Before the server has the command, within it, and after it was carried out: a lost reply."""
        with TcpProxy(self.server.address) as proxy:
            proxy.set_trap(None, None)
            self.replay(to=self.uri_through(proxy), text=self.RECORDS)
            writes = proxy.writes
        self.assertGreater(writes, 2)
        for number in range(1, writes + 1):
            for where in (TcpProxy.BEFORE, TcpProxy.WITHIN, TcpProxy.AFTER):
                with self.subTest(number=number, where=where), TcpProxy(self.server.address) as proxy:
                    self.database = self.fresh_database()
                    proxy.set_trap(number, where)
                    with Running(self.uri_through(proxy), self.folder) as running:
                        running.send(self.RECORDS)
                        running.close()
                        self.assertTrue(proxy.trapped.wait(60))
                        proxy.cut()
                        proxy.restore()
                        code, errors = running.ended()
                    self.assertEqual(code, 0, errors)
                    self.assertEqual(self.summary(running.summary), self.SUMMARY)
                    self.check_documents()

    def test_a_server_that_is_away_for_a_while(self):
        with TcpProxy(self.server.address) as proxy, Running(self.uri_through(proxy), self.folder) as running:
            proxy.set_trap(1, TcpProxy.AFTER)
            running.send(self.RECORDS)
            running.close()
            self.assertTrue(proxy.trapped.wait(60))
            proxy.cut()
            time.sleep(3)  # all connections are refused
            proxy.restore()
            code, errors = running.ended()
            self.assertEqual(code, 0, errors)
            self.assertEqual(self.summary(running.summary), self.SUMMARY)
        self.check_documents()

    def test_a_server_that_is_started_again(self):
        with MongodbServer("--sync-on-commit", own=True) as server, TcpProxy(server.address) as proxy:
            with Running(self.uri_through(proxy), self.folder) as running:
                proxy.set_trap(1, TcpProxy.AFTER)
                running.send(self.RECORDS)
                running.close()
                self.assertTrue(proxy.trapped.wait(60))
                server.stop()
                proxy.cut()
                server.start()
                proxy.restore()
                code, errors = running.ended()
            self.assertEqual(code, 0, errors)
            self.assertEqual(self.summary(running.summary), self.SUMMARY)
            with self.client_of(server.server_uri) as self.client:
                self.check_documents()

    def test_a_signal_while_the_server_is_away(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number), TcpProxy(self.server.address) as proxy:
                code, errors = self.left_alone(proxy, lambda running: running.signal(number))
                self.assertEqual(code, 3, errors)
                self.assertIn("signal", errors)

    def test_a_server_that_stays_away(self):
        with TcpProxy(self.server.address) as proxy:
            code, errors = self.left_alone(proxy, lambda running: None, "--set=limits.patience=1s")
        self.assertEqual(code, 3, errors)
        self.assertIn("the same command continues", errors)
        self.replay(text=self.RECORDS)
        self.check_documents()

    def left_alone(self, proxy, meanwhile, *arguments):
        """What a replay ends with, soon, whose server goes away at its first write; nothing is counted as done."""
        with Running(self.uri_through(proxy), self.folder, *arguments) as running:
            proxy.set_trap(1, TcpProxy.BEFORE)
            running.send(self.RECORDS)
            running.close()
            self.assertTrue(proxy.trapped.wait(60))
            proxy.cut()
            meanwhile(running)
            ended = running.ended(seconds=30)
            self.assertEqual(self.summary(running.summary), {})
        return ended

    def uri_through(self, proxy):
        return with_database(f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true&serverSelectionTimeoutMS=2000", self.database)


class WaitingTest(FaultTest):
    """A unique index of the user's: items have no order among each other, so that a value may become free later.

    What waits for one does so for half a minute; meanwhile the other tests run.
    """

    @classmethod
    def begin(cls):
        cls.waiting_server = cls._server_of(True)
        cls.waiting_database = f"{cls.waiting_server.database}_waiting"
        folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory()))
        path = folder / "records.ndjson"
        path.write_text(lines(kinesis("1", 1, email={"S": "kept"}), kinesis("2", 1, email={"S": "freed"}), kinesis("3", 1)))
        client = cls.waiting_server.client()
        index = {"key": {"email": 1}, "name": "email", "unique": True}
        client.command(cls.waiting_database, {"createIndexes": "t", "indexes": [index]})
        client.insert(cls.waiting_database, "t", {"_id": "mine", "email": "kept"}, {"_id": "gone", "email": "freed"})
        uri = with_database(cls.waiting_server.server_uri, cls.waiting_database)
        cls.running = unittest.enterModuleContext(Running(uri, folder, str(path)))
        cls.wait_for_the_others(client)
        client.delete(cls.waiting_database, "t", {"_id": "gone"})
        client.close()

    @classmethod
    def wait_for_the_others(cls, client):
        """They are written at once."""
        deadline = time.monotonic() + 20
        while not client.documents(cls.waiting_database, "t", {"_id": "3"}):
            if time.monotonic() > deadline:
                raise TimeoutError("changes wait for others that meet a unique index")
            time.sleep(0.05)

    def setUp(self):
        super().setUp()
        self.database = self.waiting_database

    def test_it_ends_where_the_value_becomes_free_and_parks_the_others(self):
        code, errors = self.running.ended()
        self.assertEqual(code, 1, errors)
        self.assertEqual(self.summary(self.running.summary), {"read": 3, "upserted": 2, "parked": 1})
        self.assertEqual([document["_id"] for document in self.documents()], ["2", "3", "mine"])
        (letter,) = self.dead_letters()
        self.assertEqual(letter["key"], "1")
        self.assertIn("email", letter["cause"])
        self.assertNotIn("kept", letter["cause"])


def setUpModule():
    WaitingTest.begin()


if __name__ == "__main__":
    unittest.main()
