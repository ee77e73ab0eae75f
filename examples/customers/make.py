#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the sample data beside it: a `customers` table as an export holds it, and changes to it as AWS delivers them."""

import base64
import datetime
import hashlib
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
STREAM = "arn:aws:kinesis:ap-northeast-2:111122223333:stream/customers-cdc"


def microseconds(text):
    return int(datetime.datetime.fromisoformat(text).timestamp()) * 1_000_000


def customer(number, name, tier, visits, **more):
    return {
        "customerId": {"S": f"c-{number}"},
        "name": {"S": name},
        "tier": {"S": tier},
        "visits": {"N": str(visits)},
        **more,
    }


EXPORTED = [
    customer(1001, "김민준", "silver", 11),
    customer(1002, "Maria Rossi", "bronze", 2),
    customer(1003, "Sam Okafor", "gold", 40),
    customer(1004, "Lena Vogel", "bronze", 1),
]

# Every type that DynamoDB has, nested and mixed. A full export and a scan hold binaries as they are here, base64 once.
EVERY_TYPE = {
    "customerId": {"S": "c-1005"},
    "name": {"S": "Seo-yeon Lee"},
    "note": {"S": ""},
    "visits": {"N": "7"},
    "points": {"N": "9007199254740993"},
    "balance": {"N": "1250.75"},
    "rate": {"N": "1.23456789012345678901"},
    "ledger": {"N": "12345678901234567890123456789012345678"},
    "active": {"BOOL": True},
    "referrer": {"NULL": True},
    "photo": {"B": "/9j/4AAQ"},
    "tags": {"SS": ["new", "kr"]},
    "scores": {"NS": ["3", "1.5"]},
    "devices": {"BS": ["AQI="]},
    "address": {"M": {"city": {"S": "Seoul"}, "floor": {"N": "3"}}},
    "events": {"L": [{"S": "joined"}, {"M": {"at": {"N": "2026"}}}]},
}


def base64_of(text):
    return base64.b64encode(text.encode()).decode()


def encoded_twice(value):
    """The same item as a Kinesis record holds it: the base64 of each binary is encoded once more."""
    ((kind, held),) = value.items()
    if kind == "B":
        return {kind: base64_of(held)}
    if kind == "BS":
        return {kind: [base64_of(member) for member in held]}
    if kind == "L":
        return {kind: [encoded_twice(member) for member in held]}
    if kind == "M":
        return {kind: {name: encoded_twice(member) for name, member in held.items()}}
    return value


def change(at, new, old):
    """One change as DynamoDB puts it into a Kinesis data stream."""
    images = {"NewImage": new, "OldImage": old}
    images = {name: encoded_twice({"M": image})["M"] for name, image in images.items() if image}
    key = (new or old)["customerId"]
    return {
        "awsRegion": "ap-northeast-2",
        "eventID": hashlib.md5(f"{at}{key}".encode()).hexdigest(),
        "eventName": "INSERT" if not old else "MODIFY" if new else "REMOVE",
        "userIdentity": None,
        "recordFormat": "application/json",
        "tableName": "customers",
        "dynamodb": {
            "ApproximateCreationDateTime": microseconds(at),
            "Keys": {"customerId": key},
            **images,
            "SizeBytes": len(json.dumps(images)),
            "ApproximateCreationDateTimePrecision": "MICROSECOND",
        },
        "eventSource": "aws:dynamodb",
    }


def data_of(record):
    return base64_of(json.dumps(record, ensure_ascii=False))


def partition_key(record):
    return hashlib.md5(record["dynamodb"]["Keys"]["customerId"]["S"].encode()).hexdigest().upper()


def sequence_number(place):
    return str(49660000000000000000000000000000000000000000000000000000 + place)


def lambda_record(place, record):
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": partition_key(record),
            "sequenceNumber": sequence_number(place),
            "data": data_of(record),
            "approximateArrivalTimestamp": record["dynamodb"]["ApproximateCreationDateTime"] / 1e6 + 0.4,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{sequence_number(place)}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::111122223333:role/customers-cdc",
        "awsRegion": "ap-northeast-2",
        "eventSourceARN": STREAM,
    }


def page_record(place, record):
    return {
        "SequenceNumber": sequence_number(place),
        "ApproximateArrivalTimestamp": "2026-03-02T09:10:00.412000+00:00",
        "Data": data_of(record),
        "PartitionKey": partition_key(record),
    }


KIM_UPGRADED = customer(1001, "김민준", "gold", 12)
MARIA_FIRST = customer(1002, "Maria Rossi", "bronze", 3)
MARIA_SECOND = customer(1002, "Maria Rossi", "silver", 4)
SAM_SEEN = customer(1003, "Sam Okafor", "gold", 41)

EVENT = [  # what Lambda was handed; places in the stream
    (1, change("2026-03-02T09:00:01+00:00", KIM_UPGRADED, EXPORTED[0])),
    (2, change("2026-03-02T09:00:02+00:00", EVERY_TYPE, None)),
    (3, change("2026-03-02T09:00:04+00:00", MARIA_SECOND, MARIA_FIRST)),
    (4, change("2026-03-02T09:00:06+00:00", None, SAM_SEEN)),
]
PAGE = [  # what was read from the same stream later
    EVENT[0],  # once more: read again
    (5, change("2026-03-02T09:00:03+00:00", MARIA_FIRST, EXPORTED[1])),  # late: before what place 3 tells
    (6, change("2026-03-02T09:00:05+00:00", SAM_SEEN, EXPORTED[2])),  # late: before the removal at place 4
    (7, change("2026-03-02T09:00:08+00:00", customer(1006, "Ana Souza", "bronze", 1), None)),  # new
]


def write(name, *lines):
    (HERE / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def one_line(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main():
    attributes = ",\n".join(f"  {one_line(name)}:{one_line(value)}" for name, value in EVERY_TYPE.items())
    write("item.json", "{\n" + attributes + "\n}")
    write("export.ndjson", *(one_line({"Item": item}) for item in EXPORTED))
    event = {"Records": [lambda_record(place, record) for place, record in EVENT]}
    write("lambda-event.json", json.dumps(event, indent=2))
    page = {
        "Records": [page_record(place, record) for place, record in PAGE],
        "NextShardIterator": "AAAAAAAAAAEXAMPLE",
        "MillisBehindLatest": 0,
    }
    write("kinesis-page.json", json.dumps(page, indent=4))


if __name__ == "__main__":
    main()
