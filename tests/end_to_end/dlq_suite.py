# SPDX-License-Identifier: Apache-2.0
"""What `dynatlas dlq` promises, on every target. A target's script adds where the letters are and what is stored:

to, stored(collection, database), contents(), everything(), start_again(), other_database(), letters(), put_letter(letter),
forget_letter(id), forget_tombstones(collection); the table `t` goes to the collection `t` of the target's usual database.
"""

import base64
import contextlib
import json
import time

import program
from bson import Value, plain
from program import compact, item
from records import BEGIN, kinesis, kinesis_removal, lines, streams

SECRET = "SECRETcontent"
FORMS = program.TESTDATA / "forms"
NO_BRAKE = "--set=limits.parked_in_a_row=0"
DAY_MS = 24 * 3600 * 1000
ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2024-07-11T00:00:00.000"


def two_keys(name, t, **others):
    """A change that is parked where nobody says the order of its key."""
    return kinesis(name, t, keys=("pk", "a"), a={"N": "2"}, secret={"S": SECRET}, **others)


def two_keys_removal(name, t):
    record = kinesis_removal(name, t)
    record["dynamodb"]["Keys"]["a"] = {"N": "2"}
    return record


class DlqSuite:
    KEY = "--key=t=pk,a"

    # ---- How the program is run

    def run_replay(self, *arguments, text="", code=0, to=None):
        text = text if isinstance(text, (str, bytes)) else lines(*text)
        ended = program.run("replay", f"--to={to or self.to}", *arguments, text=text)
        self.assertEqual(ended.code, code, ended.errors)

    def park(self, *records, arguments=()):
        """Of records that are all parked."""
        self.run_replay(NO_BRAKE, *arguments, text=list(records), code=1)
        return [plain(letter) for letter in self.letters()]

    def dlq(self, verb, *arguments, code=0):
        ended = program.run("dlq", verb, f"--to={self.to}", *arguments)
        self.assertEqual(ended.code, code, ended.errors)
        self.assertNotIn(SECRET, ended.errors)
        if verb in ("replay", "drop"):
            self.assertEqual(ended.out, b"")  # what was done is no data
        return ended

    def replayed(self, *arguments, code=0, dry=False):
        """The counts of `dlq replay` that are not 0."""
        ended = self.dlq("replay", *arguments, code=code)
        line = ended.errors.splitlines()[-1]
        self.assertEqual(line.startswith("dry run, nothing was written: "), dry)
        counts = line.removeprefix("dry run, nothing was written: ").replace("; left:", ",").split(", ")
        named = {name: int(number) for name, number in (count.rsplit(" ", 1) for count in counts)}
        self.assertEqual(list(named), ["applied", "stale", "filtered", "refused", "too old", "unknown"])
        return {name: number for name, number in named.items() if number}

    def ids(self):
        return [plain(letter)["_id"] for letter in self.letters()]

    @contextlib.contextmanager
    def altered(self, identity):
        """The letter's members, to be changed: it is stored again with them."""
        (letter,) = [letter for letter in self.letters() if plain(letter)["_id"] == identity]
        members = dict(letter.content)
        yield members
        self.forget_letter(identity)
        self.put_letter(members)

    # ---- Looking at them

    def test_without_any(self):
        self.run_replay(text=[kinesis("1", 1)])
        self.assertEqual(self.dlq("list").out, b"")
        self.assertEqual(self.replayed("--all"), {})

    def test_list_prints_a_line_for_each_without_its_record(self):
        letters = self.park(two_keys("1", 1), two_keys("2", 2), item("3", secret={"S": SECRET}))
        ended = self.dlq("list")
        self.assertNotIn(SECRET.encode(), ended.out)
        found = [json.loads(line) for line in ended.lines()]
        self.assertEqual([line["id"] for line in found], sorted(letter["_id"] for letter in letters))
        for line, letter in zip(found, letters, strict=True):
            self.assertEqual(list(line), ["id", "table", "to", "key", "position", "cause", "at", "attempts"])
            for name in ("table", "to", "position", "cause"):
                self.assertEqual(line[name], letter[name])
            self.assertEqual(line["at"], {"$date": {"$numberLong": str(letter["at"])}})
            self.assertEqual(line["attempts"], {"$numberInt": "1"})

    def test_list_goes_through_all_of_them_in_order(self):
        self.park(*(two_keys(str(number), number) for number in range(40)))
        found = [json.loads(line)["id"] for line in self.dlq("list").lines()]
        self.assertEqual(found, sorted(found))
        self.assertEqual(len(set(found)), 40)

    def test_list_says_the_key_with_its_types(self):
        self.park(kinesis("1", 1, n={"N": "no number"}))
        (line,) = self.dlq("list").documents()
        self.assertIn(["key", "1"], [list(pair) for pair in line])

    def test_show_prints_the_record_as_text(self):
        record = two_keys("é\n", 1)
        (letter,) = self.park(record)
        shown = json.loads(self.dlq("show", letter["_id"]).out)
        self.assertEqual(shown["record"], compact(record))
        self.assertEqual(list(shown), list(letter))
        self.assertEqual(shown["version"]["s"], letter["version"]["s"])

    def test_show_prints_what_is_no_text_as_binary(self):
        self.run_replay("--key=pk", text=b'{"pk":{"S":"\xff"}}\n', code=1)
        shown = json.loads(self.dlq("show", self.ids()[0]).out)
        self.assertEqual(base64.b64decode(shown["record"]["$binary"]["base64"]), b'{"pk":{"S":"\xff"}}')

    def test_one_that_is_not_there(self):
        (letter,) = self.park(two_keys("1", 1))
        before = self.contents()
        for verb in ("show", "drop", "replay"):
            ended = self.dlq(verb, "files:none", code=1)
            self.assertIn("files:none: there is no such dead letter", ended.errors)
            self.assertEqual(self.contents(), before)
        self.dlq("drop", "files:none", letter["_id"], code=1)  # the others are dropped all the same
        self.assertEqual(self.ids(), [])

    def test_ids_of_any_characters(self):
        odd = ['files:é "\\\n$x.%', "-x", "[a,b", "", "a b", "{}", "'; DROP TABLE dead_letters; --"]
        (letter,) = self.letters_of(self.park(two_keys("1", 1)))
        self.forget_letter(plain(letter)["_id"])
        for identity in odd:
            self.put_letter({**dict(letter.content), "_id": identity})
        self.assertEqual([json.loads(line)["id"] for line in self.dlq("list").lines()], sorted(odd, key=str.encode))
        for identity in odd:
            self.assertEqual(json.loads(self.dlq("show", "--", identity).out)["_id"], identity)
        self.assertEqual(self.replayed("--", odd[0], code=1), {"refused": 1})
        self.assertEqual(self.replayed(self.KEY, "--", odd[0], odd[1]), {"applied": 1, "stale": 1})
        self.dlq("drop", "--", *odd[2:])
        self.assertEqual(self.ids(), [])

    def letters_of(self, letters):
        wanted = {letter["_id"] for letter in letters}
        return [letter for letter in self.letters() if plain(letter)["_id"] in wanted]

    # ---- Dropping

    def test_drop_takes_away_what_it_is_told(self):
        letters = self.park(*(two_keys(str(number), number) for number in range(4)))
        twice = [letters[1]["_id"], letters[2]["_id"], letters[1]["_id"]]
        self.assertIn("dropped 2", self.dlq("drop", *twice).errors)
        self.assertEqual(self.ids(), [letters[0]["_id"], letters[3]["_id"]])
        self.assertEqual(self.stored("t"), [])

    def test_a_dry_run_writes_nothing(self):
        self.run_replay(self.KEY, text=[two_keys("other", 1)])
        letters = self.park(two_keys("1", 1), kinesis("2", 1, n={"N": "x"}))
        before = self.contents()
        self.assertIn("dropped 2", self.dlq("drop", "--dry-run", *(letter["_id"] for letter in letters)).errors)
        self.assertEqual(self.contents(), before)
        ended = self.dlq("replay", "--dry-run", "--all", self.KEY, code=1)
        self.assertIn("dry run, nothing was written: applied 1, ", ended.errors)
        self.assertIn("refused 1", ended.errors)
        self.assertEqual(self.contents(), before)

    # ---- Replaying

    def test_what_was_parked_for_want_of_its_key_is_applied(self):
        first, second = two_keys("1", 1), two_keys("2", 2)
        self.park(first, second)
        self.assertEqual(self.replayed("--all", self.KEY), {"applied": 2})
        self.assertEqual(self.ids(), [])
        self.assertEqual([d["_id"] for d in self.stored("t")], [{"pk": "1", "a": 2}, {"pk": "2", "a": 2}])
        # Under the place where it stood.
        versions = [d["_dynatlas"] for d in self.stored("t")]
        self.assertEqual(versions, [{"t": BEGIN + 1, "s": f"f{0:020}"}, {"t": BEGIN + 2, "s": f"f{1:020}"}])

    def test_every_form_gives_the_change_that_it_would_have_been(self):
        key, table = "--key=customerId,orderNo", "--table=items"
        for form in sorted(path.stem for path in FORMS.glob("*.json")):
            with self.subTest(form):
                self.start_again()
                self.run_replay(key, table, FORMS / f"{form}.json")
                expected = self.everything()
                self.start_again()
                self.run_replay(NO_BRAKE, table, FORMS / f"{form}.json", code=1)
                self.assertEqual(self.everything(), {})
                self.assertEqual(set(self.replayed("--all", key)) - {"stale"}, {"applied"})
                self.assertEqual(self.everything(), expected)
                self.assertEqual(self.ids(), [])

    def test_the_form_that_was_forced_is_read_again(self):
        # An item with such attribute names would be taken for a wrapper.
        odd = {"Item": {"M": {"pk": {"S": "1"}}}}
        self.park(odd, arguments=["--from=item", "--table=t", "--key=pk"])
        with self.altered(self.ids()[0]) as letter:
            letter["cause"] = Value("string", "mended meanwhile")
        self.assertIn("missing from the item", self.dlq("replay", "--all", "--key=pk", code=1).errors)

    def test_items_of_a_page_are_never_taken_for_wrappers(self):
        page = {"Items": [{"Item": {"pk": {"S": "in"}}}]}  # a wrapper, were it not an item of a page, and poison as that
        self.run_replay("--table=t", "--key=pk", text=compact(page), code=1)
        self.assertEqual(self.replayed("--all", "--key=pk", code=1), {"refused": 1})
        self.assertEqual(self.stored("t"), [])

    def test_items_of_responses_know_their_table(self):
        same = item("1")
        page = compact({"Responses": {"tab.a": [same], "tab.b": [same]}})
        self.run_replay(text=page, code=1)
        self.assertEqual(len(self.ids()), 2)
        self.assertEqual(self.replayed("--all", "--key=pk", "--table=other"), {"applied": 2})
        for name in ("tab.a", "tab.b"):
            self.assertEqual([d["_id"] for d in self.stored(name)], ["1"])
        self.assertEqual(self.stored("other"), [])

    def test_an_item_whose_table_a_syntax_error_hides(self):
        page = '{"Responses":{"tab.a":[],"tab.b":5}}\n{"pk":{"S":"2"}}\n'
        self.run_replay("--key=pk", text=page, code=1)
        lost = [plain(letter) for letter in self.letters() if b'"2"' in plain(letter)["record"]]
        self.assertEqual([letter["table"] for letter in lost], [""])
        identity = lost[0]["_id"]
        self.assertIn("--table", self.dlq("replay", "--key=pk", identity, code=1).errors)
        self.assertEqual(self.replayed("--key=pk", "--table=tab.b", identity), {"applied": 1})
        self.assertEqual([d["_id"] for d in self.stored("tab.b")], ["2"])

    def test_what_is_no_record_is_not_applied(self):
        self.run_replay("--key=pk", text='{"pk":{"S":"1"}\n{"Items":[{"pk":{"S":"2"}}] {"pk":{"S":"3"}}}\n', code=1)
        count = len(self.ids())
        self.assertGreaterEqual(count, 2)
        ended = self.dlq("replay", "--all", "--key=pk", code=1)
        self.assertEqual(ended.errors.count("it is no whole record"), count)
        self.assertEqual([d["_id"] for d in self.stored("items")], ["2"])

    def test_removals_are_applied(self):
        self.run_replay(self.KEY, text=[two_keys("1", 1), two_keys("2", 1)])
        self.park(two_keys_removal("1", 2))
        self.assertEqual(self.replayed("--all", self.KEY), {"applied": 1})
        self.assertEqual([d["_id"]["pk"] for d in self.stored("t")], ["2"])
        self.run_replay(self.KEY, text=[two_keys("1", 1)])  # the tombstone is there
        self.assertEqual([d["_id"]["pk"] for d in self.stored("t")], ["2"])

    def test_soft_deletes_are_applied(self):
        soft = "--set=tables.*.deletes=soft"
        self.run_replay(soft, self.KEY, text=[two_keys("1", 1)])
        self.park(two_keys_removal("1", 2), two_keys_removal("2", 2), arguments=[soft])
        self.assertEqual(self.replayed(soft, self.KEY, "--all"), {"applied": 2})
        self.assertEqual([d["_dynatlas"]["deleted"] for d in self.stored("t")], [True, True])

    def test_documents_with_ids_of_the_target(self):
        objectid = "--set=tables.*.id=objectid"
        self.run_replay(objectid, self.KEY, text=[two_keys("1", 1)])
        (before,) = self.stored("t")
        self.park(two_keys("1", 3, n={"N": "3"}), two_keys("2", 3), arguments=[objectid])
        self.assertEqual(self.replayed(objectid, self.KEY, "--all"), {"applied": 2})
        found = {d["pk"]: d for d in self.stored("t")}
        self.assertEqual((found["1"]["_id"], found["1"]["n"]), (before["_id"], 3))
        self.assertEqual(len(found["2"]["_id"]), 12)

    def test_what_a_newer_change_overtook_is_stale(self):
        self.park(two_keys("1", 1), two_keys_removal("2", 1))
        self.run_replay(self.KEY, text=[two_keys("1", 2), two_keys("2", 2)])
        before = self.stored("t")
        self.assertEqual(set(self.replayed("--all", self.KEY)) - {"applied"}, {"stale"})
        self.assertEqual(self.stored("t"), before)
        self.assertEqual(self.ids(), [])

    def test_a_tombstone_of_that_time_counts_when_it_is_gone(self):
        self.run_replay(text=[kinesis_removal("1", 5)])
        self.park(kinesis("1", 3, n={"N": "x"}))
        identity = self.ids()[0]
        good = compact(kinesis("1", 3)).encode()
        self.put_record(identity, good)
        self.forget_tombstones("t")
        self.assertEqual(self.replayed("--all"), {"stale": 1})
        self.assertEqual(self.stored("t"), [])
        self.assertEqual(self.ids(), [])

    def test_what_is_too_old_stays(self):
        self.park(two_keys("1", 1), two_keys("2", 2))
        first, second = self.ids()
        now = int(time.time() * 1000)
        for identity, days in ((first, 30.1), (second, 29.9)):
            with self.altered(identity) as letter:
                letter["at"] = Value("date", now - int(days * DAY_MS))
        self.assertEqual(self.replayed("--all", self.KEY, code=1), {"applied": 1, "too old": 1})
        self.assertEqual(self.ids(), [first])
        (letter,) = map(plain, self.letters())
        self.assertEqual(letter["attempts"], 1)
        self.assertEqual(self.replayed("--all", self.KEY, "--set=limits.tombstone_life=31d"), {"applied": 1})

    def test_what_was_cut_stays(self):
        self.park(two_keys("1", 1))
        with self.altered(self.ids()[0]) as letter:
            letter["record_size"] = Value("int64", 13 * 1024 * 1024)
        self.assertIn("12 MiB", self.dlq("replay", "--all", self.KEY, code=1).errors)
        self.assertEqual((len(self.ids()), self.stored("t")), (1, []))

    def test_what_is_refused_again_stays_and_is_counted(self):
        self.park(two_keys("1", 1), kinesis("2", 1, n={"N": SECRET}), two_keys("3", 1))
        ended = self.dlq("replay", "--all", self.KEY, code=1)
        self.assertIn("attribute `n` is no number", ended.errors)
        self.assertEqual(len(self.stored("t")), 2)
        (letter,) = map(plain, self.letters())
        self.assertEqual(letter["attempts"], 2)
        self.assertIn("`n`", letter["cause"])  # of the first time
        self.assertEqual(self.replayed("--all", code=1), {"refused": 1})
        (line,) = [json.loads(line) for line in self.dlq("list").lines()]
        self.assertEqual(line["attempts"], {"$numberInt": "3"})

    def test_an_id_given_twice_is_replayed_once(self):
        self.park(two_keys("1", 1))
        self.assertEqual(self.replayed(self.KEY, *self.ids() * 2), {"applied": 1})

    def test_one_that_a_crash_left_is_stale(self):
        self.park(two_keys("1", 1), two_keys_removal("2", 1))
        letters = self.letters()
        self.assertEqual(self.replayed("--all", self.KEY), {"applied": 2})
        before = self.stored("t")
        for letter in letters:
            self.put_letter(dict(letter.content))
        self.assertEqual(self.replayed("--all", self.KEY), {"stale": 2})
        self.assertEqual((self.stored("t"), self.ids()), (before, []))

    def test_they_go_where_they_were_to_go(self):
        other = self.other_database()
        self.park(two_keys("1", 1), two_keys("2", 2), arguments=[f"--map=t={other}.c"])
        first, second = self.ids()
        self.assertEqual(self.replayed("--key=t=pk,a", first), {"applied": 1})
        self.assertEqual(len(self.stored("c", other)), 1)
        self.assertEqual(self.replayed("--key=t=pk,a", f"--map=t={other}.d", second), {"applied": 1})
        self.assertEqual(len(self.stored("d", other)), 1)
        self.assertEqual(self.stored("t"), [])

    def test_a_letter_that_names_no_collection_is_refused(self):
        self.park(two_keys("1", 1))
        for to in ("nodot", "a.", ".b", "t.dynatlas.tombstones.x", "$.x"):
            with self.altered(self.ids()[0]) as letter:
                letter["to"] = Value("string", to)
            self.assertIn("--map", self.dlq("replay", "--all", self.KEY, code=1).errors)
        self.assertEqual(len(self.ids()), 1)

    def test_copied_items_keep_their_time(self):
        self.park(item("1"), item("2"), arguments=["--table=t", "--as-of=2024-07-11T23:23:53.5Z"])
        self.run_replay(text=[kinesis("1", 500_001)])
        self.assertEqual(self.replayed("--all", "--key=pk"), {"applied": 1, "stale": 1})
        found = {d["_id"]: d["_dynatlas"] for d in self.stored("t")}
        self.assertEqual(found["2"], {"t": BEGIN + 500_000, "s": ""})

    def test_items_without_a_time_fill_in_what_is_absent(self):
        self.park(item("1", late={"BOOL": True}), item("2"), arguments=["--table=t"])
        self.run_replay(text=[kinesis("1", 1)])
        self.assertEqual(self.replayed("--all", "--key=pk"), {"applied": 1, "stale": 1})
        self.assertNotIn("late", self.stored("t")[0])
        self.assertNotIn("_dynatlas", self.stored("t")[1])

    def test_changes_keep_the_stream_that_the_run_named(self):
        record = streams("1", 5)
        record["dynamodb"]["Keys"]["n"] = {"N": "5"}
        self.park(record, arguments=["--table=t", f"--stream={ARN}"])
        self.assertEqual(self.replayed("--all", "--key=t=pk,n"), {"applied": 1})
        self.run_replay("--table=t", "--key=t=pk,n", f"--stream={ARN}", text=[record])  # of the same kind
        self.assertNotIn("d00000000", self.stored("t")[0]["_dynatlas"]["s"])

    def test_binaries_are_read_as_the_configuration_says(self):
        once = "--set=source.kinesis.binary=once"
        record = two_keys("1", 1, b={"B": base64.b64encode(b"12345678").decode()})
        event = {"Records": [{"kinesis": {"sequenceNumber": "9", "data": base64.b64encode(compact(record).encode()).decode()}}]}
        self.run_replay(once, text=compact(event), code=1)
        self.assertEqual(self.replayed(once, "--all", self.KEY), {"applied": 1})
        (document,) = self.stored("t")
        self.assertEqual((document["b"], document["_dynatlas"]["s"]), (b"12345678", "k0019"))

    def test_without_the_guard_none_is_replayed(self):
        off = "--set=tables.*.guard=off"
        self.park(two_keys("1", 1), arguments=[off])
        self.assertIn("guard: off", self.dlq("replay", "--all", off, self.KEY, code=1).errors)
        self.assertEqual(len(self.ids()), 1)

    def test_removals_by_ttl_that_a_rule_leaves_out_go(self):
        record = two_keys_removal("1", 1)
        self.park({**record, "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}})
        self.assertEqual(self.replayed("--all", self.KEY, "--set=tables.*.ttl_deletes=skip"), {"filtered": 1})
        self.assertEqual(self.ids(), [])

    def test_another_mapping_stops_the_run(self):
        self.run_replay(self.KEY, text=[two_keys("0", 1)])
        self.park(two_keys("1", 1))
        before = self.stored("t")
        self.assertIn("mapping", self.dlq("replay", "--all", self.KEY, "--set=tables.*.id=string", code=3).errors)
        self.assertEqual((len(self.ids()), self.stored("t")), (1, before))

    def test_two_tables_with_one_target_stop_the_run(self):
        both = [two_keys("1", 1), {**two_keys("1", 2), "tableName": "u"}]
        self.park(*both)
        self.dlq("replay", "--all", "--key=*=pk,a", "--map=t=x.c", "--map=u=x.c", code=2)
        self.assertEqual(len(self.ids()), 2)

    # ---- Letters that somebody damaged

    def test_damaged_letters_are_told_and_the_others_go_on(self):
        self.park(two_keys("1", 1), two_keys("2", 2), two_keys("3", 3))
        damaged, newer, good = self.ids()
        with self.altered(damaged) as letter:
            del letter["record"]
        with self.altered(newer) as letter:
            letter["format"] = 2
        ended = self.dlq("list", code=1)
        self.assertEqual([json.loads(line)["id"] for line in ended.lines()], [good])
        self.assertIn(f"{damaged}: it is damaged: its `record`", ended.errors)
        self.assertIn(f"{newer}: it has format 2, which is newer", ended.errors)
        for identity in (damaged, newer):
            self.assertEqual(self.dlq("show", identity, code=1).out, b"")
        self.assertEqual(self.replayed("--all", self.KEY, code=1), {"applied": 1, "refused": 2})
        self.assertIn("newer", self.dlq("drop", damaged, newer, code=1).errors)
        self.assertEqual(self.ids(), [newer])

    def test_a_record_that_is_another_is_not_applied(self):
        self.park(two_keys("1", 1))
        with self.altered(self.ids()[0]) as letter:
            letter["record"] = compact(two_keys("7", 1)).encode()
            letter["record_size"] = Value("int64", len(letter["record"]))
        self.assertIn("damaged", self.dlq("replay", "--all", self.KEY, code=1).errors)
        self.assertEqual((len(self.ids()), self.stored("t")), (1, []))

    def test_texts_that_are_no_single_record_are_not_applied(self):
        (letter,) = self.park(two_keys("1", 1))
        record = compact(two_keys("1", 1))
        texts = ["", " ", "{}", "[]", "1", f"[{record}]", f"{record}{record}", record[:-1], f'{{"Records":[{record}]}}', "\xff"]
        for text in texts:
            with self.subTest(text[:20]):
                self.put_record(letter["_id"], text.encode("latin-1"))
                self.assertEqual(self.replayed("--all", self.KEY, code=1), {"refused": 1})
        self.assertEqual(self.stored("t"), [])
        self.put_record(letter["_id"], f" {record}\n".encode())
        self.assertEqual(self.replayed("--all", self.KEY), {"applied": 1})

    def test_a_form_that_nobody_knows_is_refused(self):
        self.park(two_keys("1", 1))
        with self.altered(self.ids()[0]) as letter:
            letter["form"] = Value("string", "morse")
        self.assertIn("`form`", self.dlq("replay", "--all", self.KEY, code=1).errors)

    def put_record(self, identity, record):
        """Makes it the letter's record, as if it had been parked so."""
        with self.altered(identity) as letter:
            letter["record"] = record
            letter["record_size"] = Value("int64", len(record))
            letter["record_sha256"] = Value("string", program.sha256(record))

    # ---- The command line

    def test_wrong_command_lines_change_nothing(self):
        (letter,) = self.park(two_keys("1", 1))
        before = self.contents()
        wrong = [
            ["replay"], ["replay", "--all", letter["_id"]], ["replay", "--all", "--table=a b"], ["replay", "--all", "--no-such"],
            ["drop"], ["show"], ["show", "a", "b"], ["list", "x"], ["bury"], [], ["list", "--set=x=1"],
        ]
        for arguments in wrong:
            with self.subTest(arguments):
                ended = program.run("dlq", *arguments, *([f"--to={self.to}"] if arguments else []))
                self.assertEqual(ended.code, 2, ended.errors)
                self.assertEqual(self.contents(), before)
        for to in ("", "ftp://x", "dump:"):
            self.assertEqual(program.run("dlq", "list", f"--to={to}", cwd=self.folder).code, 2)
