#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the input of the convert benchmark: five shapes of items, each in two forms.

    customer     nested, about 1 kB, the shape of most tables
    key_value    a key, a short value and a time
    attributes   40 flat attributes of every kind
    big          about 24 kB: long text with escapes, binaries, a little structure
    numbers      60 numbers of every size

    SHAPE.kinesis.ndjson   Lambda events, one a line, with up to 100 base64 records each (at most 4 MB, as Lambda limits
                           them); every second record is an INSERT, the others are a MODIFY with its OldImage;
                           binaries are base64 twice
    SHAPE.records.ndjson   the same records decoded, one a line: what the simdjson walk reads
    SHAPE.export.ndjson    the lines of a full export, {"Item":{..}}

The same seed gives the same bytes. Numbers are written as DynamoDB prints them: plain, no zeros at either end. Decimals
have 2 to 15 digits, so a double holds them; one number in ten of the shape `numbers` has 16 to 38 digits. Integers of
19 and 20 digits are left out: serde_dynamo reads them as u64, which BSON does not have.
"""

import argparse
import base64
import concurrent.futures
import hashlib
import json
import pathlib
import random
import sys

EVENT_RECORDS_MAX = 100
EVENT_BYTES_MAX = 4_000_000
EXPORT, KINESIS = "export", "kinesis"
FORMS = (KINESIS, EXPORT)

WORDS = (
    "the of and to in is that it was for on are with as his they be at one have this from or had by hot "
    "word but what some we can out other were all there when up use your how said an each she which do "
    "their time if will way about many then them write would like so these her long make thing see him "
    "two has look more day could go come did number sound no most people over know water than call first "
    "who may down side been now find delivery customer parcel invoice warehouse refund subscription "
    "größer naïve café 배송 주문 고객 東京 façade coöperate "
).split()
CITIES = ("Seoul", "Busan", "Lyon", "Zürich", "São Paulo", "Portland", "Osaka", "Leeds")


class Maker:
    """Random attribute values, in DynamoDB's JSON."""

    def __init__(self, seed, binary_rounds):
        self.random = random.Random(seed)
        self.binary_rounds = binary_rounds

    def text(self, words):
        return " ".join(self.random.choices(WORDS, k=words))

    def prose(self, length):
        """Sentences with what makes a JSON string hard: quotes, line ends, a few characters beyond ASCII."""
        parts, size = [], 0
        while size < length:
            sentence = self.text(self.random.randint(6, 20)).capitalize()
            if self.random.random() < 0.15:
                sentence = f'"{sentence}", he said'
            sentence += ".\n" if self.random.random() < 0.2 else ". "
            parts.append(sentence)
            size += len(sentence)
        return "".join(parts)

    def token(self, length):
        return f"{self.random.getrandbits(4 * length):0{length}x}"

    def digits(self, count):
        return str(self.random.randrange(10 ** (count - 1), 10**count))

    def integer(self, low, high):
        return {"N": str(self.random.randint(low, high))}

    def decimal_text(self, digits):
        """A decimal of exactly `digits` digits that is no integer and ends in none of its zeros."""
        text = self.digits(digits - 1) + str(self.random.randint(1, 9))
        if self.random.random() < 0.1:
            text = "0." + "0" * self.random.randint(0, 4) + text
        else:
            point = self.random.randint(1, min(digits - 1, 14))
            text = text[:point] + "." + text[point:]
        return ("-" if self.random.random() < 0.3 else "") + text

    def decimal(self, low_digits, high_digits):
        return {"N": self.decimal_text(self.random.randint(low_digits, high_digits))}

    def price(self):
        cents = self.random.randint(100, 99999)
        return {"N": f"{cents // 100}.{cents % 100:02d}".rstrip("0").rstrip(".")}

    def day(self):
        r = self.random
        date = f"20{r.randint(15, 25)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}"
        return f"{date}T{r.randint(0, 23):02d}:{r.randint(0, 59):02d}:{r.randint(0, 59):02d}Z"

    def boolean(self):
        return {"BOOL": self.random.random() < 0.5}

    def binary_text(self, length):
        data = self.random.randbytes(length)
        for _ in range(self.binary_rounds):
            data = base64.b64encode(data)
        return data.decode()

    def binary(self, length):
        return {"B": self.binary_text(length)}


def customer(make, number):
    r = make.random
    first, last = r.choice(WORDS).capitalize(), r.choice(WORDS).capitalize()
    return {
        "pk": {"S": f"CUSTOMER#{number:09d}"},
        "name": {"M": {"first": {"S": first}, "last": {"S": last}, "middle": {"NULL": True}}},
        "email": {"S": f"{first}.{last}{number}@example.com".lower()},
        "active": make.boolean(),
        "createdAt": {"S": make.day()},
        "points": make.integer(0, 100_000),
        "rating": {"N": f"{r.randint(1, 4)}.{r.randint(1, 9)}"},
        "address": {
            "M": {
                "street": {"S": f"{r.randint(1, 400)} {make.text(2)}"},
                "city": {"S": r.choice(CITIES)},
                "zip": {"S": make.digits(5)},
                "geo": {"L": [make.decimal(8, 9), make.decimal(8, 9)]},
            }
        },
        "tags": {"SS": r.sample(WORDS, 3)},
        "orders": {
            "L": [
                {
                    "M": {
                        "orderId": {"S": make.token(12)},
                        "total": make.price(),
                        "items": make.integer(1, 9),
                        "paid": make.boolean(),
                    }
                }
                for _ in range(3)
            ]
        },
        "settings": {
            "M": {"newsletter": make.boolean(), "language": {"S": r.choice(("ko", "en", "fr"))}, "theme": {"M": {}}}
        },
    }


def key_value(make, number):
    return {
        "pk": {"S": f"session#{number:09d}"},
        "value": {"S": make.token(24)},
        "expiresAt": make.integer(1_700_000_000, 1_800_000_000),
    }


def attributes(make, number):
    item = {"pk": {"S": f"DEVICE#{number:09d}"}}
    for n in range(1, 40):
        kind = n % 8
        if kind in (0, 1, 2):
            value = {"S": make.text(2)}
        elif kind in (3, 4):
            value = make.integer(0, 1_000_000)
        elif kind == 5:
            value = make.decimal(3, 8)
        elif kind == 6:
            value = make.boolean()
        else:
            value = {"NULL": True} if make.random.random() < 0.3 else {"S": make.day()}
        item[f"attribute_{n:02d}"] = value
    return item


def big(make, number):
    return {
        "pk": {"S": f"DOCUMENT#{number:09d}"},
        "title": {"S": make.text(8)},
        "body": {"S": make.prose(9000)},
        "summary": {"S": make.prose(1500)},
        "version": make.integer(1, 500),
        "thumbnail": make.binary(4096),
        "signature": make.binary(256),
        "chunks": {"BS": [make.binary_text(512) for _ in range(3)]},
        "comments": {
            "L": [
                {
                    "M": {
                        "by": {"S": make.token(10)},
                        "at": {"S": make.day()},
                        "text": {"S": make.prose(220)},
                        "likes": make.integer(0, 999),
                    }
                }
                for _ in range(12)
            ]
        },
        "labels": {"SS": make.random.sample(WORDS, 6)},
    }


def mixed_number(make):
    r = make.random
    kind = r.random()
    if kind < 0.45:
        text = make.digits(r.randint(1, 15))
        return text if text == "0" or r.random() < 0.7 else "-" + text
    if kind < 0.90:
        return make.decimal_text(r.randint(2, 15))
    if kind < 0.95:
        digits = r.choice((16, 17, 18, *range(21, 38)))
        return make.digits(digits - 1) + str(r.randint(1, 9))
    return make.decimal_text(r.randint(16, 38))


def numbers(make, number):
    return {
        "pk": {"S": f"SENSOR#{number:09d}"},
        "at": make.integer(1_700_000_000_000, 1_800_000_000_000),
        "set": {"NS": list({mixed_number(make): None for _ in range(8)})},
        "readings": {"L": [{"N": mixed_number(make)} for _ in range(30)]},
        "limits": {"M": {name: {"N": mixed_number(make)} for name in ("low", "high", "step", "offset", "gain")}},
        **{f"n{n:02d}": {"N": mixed_number(make)} for n in range(16)},
    }


SHAPES = {shape.__name__: shape for shape in (customer, key_value, attributes, big, numbers)}


def to_json(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def kinesis_record(make, item, number):
    """What DynamoDB puts into a Kinesis stream for one change."""
    dynamodb = {
        "ApproximateCreationDateTime": 1_720_740_233_012_995 + 137 * number,
        "ApproximateCreationDateTimePrecision": "MICROSECOND",
        "Keys": {"pk": item["pk"]},
        "NewImage": item,
    }
    if number % 2:
        old = dict(item)
        name = list(item)[1 + number % (len(item) - 1)]
        old[name] = {"S": make.text(3)}
        dynamodb["OldImage"] = old
    dynamodb["SizeBytes"] = 100 + number % 1000
    token = make.token(32)
    return to_json(
        {
            "awsRegion": "eu-west-1",
            "eventID": f"{token[:8]}-{token[8:12]}-{token[12:16]}-{token[16:20]}-{token[20:]}",
            "eventName": "MODIFY" if number % 2 else "INSERT",
            "userIdentity": None,
            "recordFormat": "application/json",
            "tableName": "bench",
            "dynamodb": dynamodb,
            "eventSource": "aws:dynamodb",
        }
    ).encode()


def event_record(data, number):
    """The same, as the Lambda event source wraps it."""
    sequence_number = f"4959{number:052d}"
    return to_json(
        {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": f"{number * 0x9E3779B97F4A7C15 % 2**128:032X}",
                "sequenceNumber": sequence_number,
                "data": base64.b64encode(data).decode(),
                "approximateArrivalTimestamp": 1720740233 + number / 1000,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"shardId-000000000000:{sequence_number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "arn:aws:iam::123456789012:role/bench",
            "awsRegion": "eu-west-1",
            "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/bench",
        }
    ).encode()


def write_export(folder, shape, size, seed):
    make = Maker(f"{seed}/{shape}", binary_rounds=1)
    number = written = 0
    with open(folder / f"{shape}.export.ndjson", "wb") as out:
        while written < size:
            written += out.write(to_json({"Item": SHAPES[shape](make, number)}).encode() + b"\n")
            number += 1
    return {"records": number, "bytes": written, "json_bytes": written}


def write_kinesis(folder, shape, size, seed):
    make = Maker(f"{seed}/{shape}", binary_rounds=2)
    number = written = json_written = 0
    with open(folder / f"{shape}.kinesis.ndjson", "wb") as events, open(
        folder / f"{shape}.records.ndjson", "wb"
    ) as records:
        while written < size:
            event, event_size = [], 0
            while len(event) < EVENT_RECORDS_MAX and event_size < EVENT_BYTES_MAX and written + event_size < size:
                data = kinesis_record(make, SHAPES[shape](make, number), number)
                json_written += records.write(data + b"\n")
                event.append(event_record(data, number))
                event_size += len(event[-1]) + 1
                number += 1
            written += events.write(b'{"Records":[' + b",".join(event) + b"]}\n")
    return {"records": number, "bytes": written, "json_bytes": json_written}


def write_file(folder, shape, form, size, seed):
    write = write_kinesis if form == KINESIS else write_export
    return write(pathlib.Path(folder), shape, size, seed)


def generate(folder, size, seed):
    """Makes every file that the folder does not have yet.

    Returns {"SHAPE.FORM": {"records", "bytes", "json_bytes"}}; json_bytes is what the walk reads.
    """
    folder = pathlib.Path(folder)
    made_of = {"size": size, "seed": seed, "generator": hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()}
    manifest = folder / "manifest.json"
    if manifest.exists():
        known = json.loads(manifest.read_text())
        if known["made_of"] == made_of:
            return known["files"]
    folder.mkdir(parents=True, exist_ok=True)
    manifest.unlink(missing_ok=True)
    with concurrent.futures.ProcessPoolExecutor() as pool:
        jobs = {
            f"{shape}.{form}": pool.submit(write_file, folder, shape, form, size, seed)
            for shape in SHAPES
            for form in FORMS
        }
        files = {name: job.result() for name, job in jobs.items()}
    manifest.write_text(json.dumps({"made_of": made_of, "files": files}, indent=1))
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="where the files go")
    parser.add_argument("--megabytes", type=float, default=64, help="size of each file (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="default %(default)s")
    arguments = parser.parse_args()
    for name, file in generate(arguments.folder, int(arguments.megabytes * 1e6), arguments.seed).items():
        print(f"{name:20} {file['records']:8} records {file['bytes'] / 1e6:8.1f} MB", file=sys.stderr)


if __name__ == "__main__":
    main()
