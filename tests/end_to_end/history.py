#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A random history of changes in three DynamoDB tables, as the change records that AWS delivers, and how it ends.

  orders     Lambda events of Kinesis records: ascending sequence numbers, microseconds that may be equal, binaries
             base64 twice; key customerId (S), orderNo (N)
  customers  bare Kinesis records: no sequence number, no two times equal; key customerId (S)
  sessions   DynamoDB Streams records: ascending sequence numbers, whole seconds; key sessionId (B)

Each record comes at least once, 30 % come twice, all in random order. The same seed gives the same bytes.

  tests/end_to_end/history.py --changes 10000 --keys 100 --seed 1 --files 8 /tmp/history

writes the input as changes-*.ndjson, some of them gzipped, and expected/TABLE.ndjson with each table's final items.
"""

import argparse
import base64
import gzip
import hashlib
import json
import pathlib
import random
from typing import NamedTuple

REGION = "ap-northeast-2"
STREAM_ARN = f"arn:aws:dynamodb:{REGION}:123456789012:table/sessions/stream/2024-07-11T23:10:33.012"
KINESIS_ARN = f"arn:aws:kinesis:{REGION}:123456789012:stream/orders-changes"
TABLES = {"orders": ["customerId", "orderNo"], "customers": ["customerId"], "sessions": ["sessionId"]}
REPEATED = 0.3
SHARDS = 2
BEGIN_US = 1_720_740_233_012_995


class Row(NamedTuple):
    """An item at the end of the history: its DynamoDB JSON, and the version of the change that made it so.

    `s` is None where it depends on the place in the input.
    """

    item: dict
    t: int
    s: str | None


class History(NamedTuple):
    lines: list  # (text, number of records in it), in the order of the input
    rows: dict  # table to its Rows


class Change(NamedTuple):
    key: dict
    name: str  # INSERT, MODIFY, REMOVE
    new: dict | None
    old: dict | None
    t: int
    sequence: int


def make_history(seed, changes, keys):
    dice = random.Random(seed)
    split = _split(changes, len(TABLES)), _split(keys, len(TABLES))
    lines, rows = [], {}
    for table, table_changes, table_keys in zip(TABLES, *split):
        happened = list(_CHANGES[table](dice, table_changes, table_keys))
        lines += _LINES[table](dice, happened)
        rows[table] = _rows(table, happened)
    dice.shuffle(lines)
    return History(lines, rows)


def make_order_shards(seed, changes, keys, shards):
    """Changes of the table `orders` alone, each once: (the elements of Lambda events by shard, in its order; the Rows)."""
    happened = list(_order_changes(random.Random(seed), changes, keys, shards))
    elements = [[] for _ in range(shards)]
    for change in happened:
        shard = _shard(change.key, shards)
        elements[shard].append(_kinesis_event_record(change, shard))
    return elements, _rows("orders", happened)


def write_history(history, folder, files):
    """Splits the input over files in `folder`. Returns (path, number of records) for each."""
    folder = pathlib.Path(folder)
    written = []
    for number in range(files):
        part = history.lines[number::files]
        text = "".join(line + "\n" for line, _ in part).encode()
        path = folder / f"changes-{number}.ndjson"
        if number % 3 == 2:
            path = path.with_suffix(".ndjson.gz")
            text = gzip.compress(text, compresslevel=1, mtime=0)
        path.write_bytes(text)
        written.append((path, sum(records for _, records in part)))
    expected = folder / "expected"
    expected.mkdir(exist_ok=True)
    for table, table_rows in history.rows.items():
        lines = [_json({"Item": row.item, "t": row.t, "s": row.s}) + "\n" for row in table_rows]
        (expected / f"{table}.ndjson").write_text("".join(lines), encoding="utf-8")
    return written


def read_rows(folder):
    """The final rows that `write_history` wrote."""
    rows = {}
    for table in TABLES:
        text = (pathlib.Path(folder) / "expected" / f"{table}.ndjson").read_text(encoding="utf-8")
        rows[table] = [Row(row["Item"], row["t"], row["s"]) for row in map(json.loads, text.splitlines())]
    return rows


# ---- What happens ----


def _order_changes(dice, changes, keys, shards=SHARDS):
    # Some number of digits ends half way: text order alone would then be wrong.
    sequences = [10**56 - 50 * (changes // shards // 2) - 49 * 10**40 * shard for shard in range(shards)]
    t = BEGIN_US
    for key, name, new, old in _happenings(dice, changes, keys, _order_key, "orders"):
        shard = _shard(key, shards)
        sequences[shard] += dice.randint(1, 100)
        t += dice.choice([0, 0, 1, 7, 990, 12_345])
        yield Change(key, name, new, old, t, sequences[shard])


def _customer_changes(dice, changes, keys):
    t = BEGIN_US
    for key, name, new, old in _happenings(dice, changes, keys, _customer_key, "customers"):
        t += dice.choice([1, 2, 500, 12_345])
        if dice.random() < 0.1:
            t += -t % 1000  # such a one is told in milliseconds
        yield Change(key, name, new, old, t, 0)


def _session_changes(dice, changes, keys):
    sequence = 10**21 - 50 * (changes // 2)
    t = BEGIN_US // 1_000_000 * 1_000_000
    for key, name, new, old in _happenings(dice, changes, keys, _session_key, "sessions"):
        sequence += dice.randint(1, 100)
        if dice.random() < 0.05:
            t += 1_000_000 * dice.randint(1, 3)
        yield Change(key, name, new, old, t, sequence)


def _happenings(dice, changes, keys, make_key, table):
    items = [None] * keys
    for number in range(changes):
        # Every fourth change meets one of a few hot keys.
        index = dice.randrange(min(keys, 4) if dice.random() < 0.25 else keys)
        key, old = make_key(index), items[index]
        if old is None:
            name, new = "INSERT", _item(dice, key, table, number)
        elif dice.random() < 0.25:
            name, new = "REMOVE", None
        else:
            name, new = "MODIFY", _item(dice, key, table, number)
        items[index] = new
        yield key, name, new, old


def _rows(table, happened):
    last = {}
    for change in happened:
        last[_json(change.key)] = change
    return [Row(c.new, c.t, _version(table, c)) for _, c in sorted(last.items()) if c.new is not None]


def _version(table, change):
    digits = str(change.sequence)
    if table == "orders":
        return f"k{len(digits):03}{digits}"
    if table == "sessions":
        return f"d{hashlib.sha256(STREAM_ARN.encode()).hexdigest()[:8]}{len(digits):03}{digits}"
    return None


# ---- Items ----


def _order_key(index):
    # An int32, an int64 and a fraction by turns: in `_id` the last is a Decimal128, not a double.
    number = [str(index), str(5_000_000_000 + index), f"{index}.5"][index % 3]
    return {"customerId": {"S": f"customer-{index // 5}"}, "orderNo": {"N": number}}


def _customer_key(index):
    return {"customerId": {"S": f"고객|{index}"}}


def _session_key(index):
    return {"sessionId": {"B": _base64(hashlib.sha256(str(index).encode()).digest()[: 4 + index % 3])}}


def _item(dice, key, table, number):
    item = dict(key)
    item["change"] = {"N": str(number)}  # no two images are equal
    for _ in range(dice.randrange(4)):
        name = dice.choice(["name", "price", "tags", "address", "$set", "a.b", "100%25", "_id", "메모", "back\\slash"])
        item[name] = _value(dice, 0)
    if table == "orders" and dice.random() < 0.2:
        item = dict(reversed(item.items()))  # the key need not come first
    return item


def _value(dice, nesting):
    kinds = ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS"] + ["L", "M"] * (nesting < 3)
    kind = dice.choice(kinds)
    if kind in ("S", "N", "B"):
        return {kind: _scalar(dice, kind)}
    if kind in ("SS", "NS", "BS"):
        return {kind: list(dict.fromkeys(_scalar(dice, kind[0]) for _ in range(dice.randint(1, 3))))}
    if kind == "BOOL":
        return {"BOOL": dice.random() < 0.5}
    if kind == "NULL":
        return {"NULL": True}
    if kind == "L":
        return {"L": [_value(dice, nesting + 1) for _ in range(dice.randrange(3))]}
    names = [dice.choice(["a", "b.c", "$d", "", "%"]) for _ in range(dice.randrange(3))]
    return {"M": {name: _value(dice, nesting + 1) for name in names}}


def _scalar(dice, kind):
    if kind == "S":
        return "".join(dice.choices("abc 가나\n\"\\\u0001😀", k=dice.randrange(12)))
    if kind == "B":
        return _base64(dice.randbytes(dice.randrange(12)))
    return dice.choice(
        [
            str(dice.randint(-1000, 1000)),
            str(dice.randint(-(2**63), 2**63 - 1)),
            f"{dice.randint(0, 99)}.{dice.randint(1, 9)}",
            f"-0.{dice.randint(10**20, 10**21) * 10 + 7}",  # a Decimal128
            str(dice.randint(10**36, 10**37) * 10 + 7),  # 38 digits: a string
            "10000000000000000000000000",  # a double
        ]
    )


# ---- Records ----


def _order_lines(dice, happened):
    repeated = [change for change in happened if dice.random() < REPEATED]
    return _events(dice, happened) + _events(dice, repeated)


def _events(dice, happened):
    """Lambda events of up to ten records, each event of one shard and in its order."""
    lines = []
    for shard in range(SHARDS):
        records = [_kinesis_event_record(change, shard) for change in happened if _shard(change.key) == shard]
        while records:
            size = dice.randint(1, 10)
            lines.append((_json({"Records": records[:size]}), len(records[:size])))
            del records[:size]
    return lines


def _shard(key, shards=SHARDS):
    return hashlib.sha256(_json(key).encode()).digest()[0] % shards


def _kinesis_event_record(change, shard):
    data = _kinesis_record("orders", change)
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": hashlib.md5(_json(change.key).encode()).hexdigest().upper(),
            "sequenceNumber": str(change.sequence),
            "data": _base64(_json(data).encode()),
            "approximateArrivalTimestamp": change.t / 1e6,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-{shard:012}:{change.sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/reader",
        "awsRegion": REGION,
        "eventSourceARN": KINESIS_ARN,
    }


def _customer_lines(dice, happened):
    return [(_json(_kinesis_record("customers", change)), 1) for change in _with_repeats(dice, happened)]


def _session_lines(dice, happened):
    return [(_json(_streams_record(change)), 1) for change in _with_repeats(dice, happened)]


def _with_repeats(dice, happened):
    return happened + [change for change in happened if dice.random() < REPEATED]


def _kinesis_record(table, change):
    if table == "customers" and change.t % 1000 == 0:
        time = {"ApproximateCreationDateTime": change.t // 1000}
    else:
        time = {"ApproximateCreationDateTime": change.t, "ApproximateCreationDateTimePrecision": "MICROSECOND"}
    return {
        "awsRegion": REGION,
        "eventID": _event_id(table, change)[:36],
        "eventName": change.name,
        "userIdentity": None,
        "recordFormat": "application/json",
        "tableName": table,
        "dynamodb": {**time, **_images(change, _base64_twice)},
        "eventSource": "aws:dynamodb",
    }


def _streams_record(change):
    return {
        "eventID": _event_id("sessions", change)[:32],
        "eventName": change.name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": change.t // 1_000_000,
            **_images(change, lambda text: text),
            "SequenceNumber": str(change.sequence),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": STREAM_ARN,
    }


def _images(change, binary):
    images = {"Keys": change.key, "NewImage": change.new, "OldImage": change.old}
    images = {name: _with_binaries(image, binary) for name, image in images.items() if image is not None}
    return {**images, "SizeBytes": len(_json(images))}


def _with_binaries(attributes, binary):
    return {name: _typed_with_binaries(typed, binary) for name, typed in attributes.items()}


def _typed_with_binaries(typed, binary):
    ((kind, value),) = typed.items()
    if kind == "B":
        return {"B": binary(value)}
    if kind == "BS":
        return {"BS": [binary(member) for member in value]}
    if kind == "L":
        return {"L": [_typed_with_binaries(element, binary) for element in value]}
    if kind == "M":
        return {"M": _with_binaries(value, binary)}
    return typed


def _event_id(table, change):
    return hashlib.sha256(f"{table} {change.t} {change.sequence} {_json(change.key)}".encode()).hexdigest()


def _base64(data):
    return base64.b64encode(data).decode()


def _base64_twice(text):
    return _base64(text.encode())


def _json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _split(total, parts):
    return [total // parts + (part < total % parts) for part in range(parts)]


_CHANGES = {"orders": _order_changes, "customers": _customer_changes, "sessions": _session_changes}
_LINES = {"orders": _order_lines, "customers": _customer_lines, "sessions": _session_lines}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--keys", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    history = make_history(arguments.seed, arguments.changes, arguments.keys)
    for path, records in write_history(history, arguments.folder, arguments.files):
        print(path, records)


if __name__ == "__main__":
    main()
