# SPDX-License-Identifier: Apache-2.0
"""Compares the documents that a program wrote with the items it was given, one by one.

The reader of BSON and the reader of the items are this file's own, so that no program judges itself.
"""

import base64
import json
import struct
from decimal import Context, Decimal

EXACT = Context(prec=200)
DECIMAL128_DIGITS = 34

INT32 = struct.Struct("<i")
INT64 = struct.Struct("<q")
DOUBLE = struct.Struct("<d")


class Difference(Exception):
    """An answer that is not the right one; says where."""


def read_decimal128(data, at):
    bits = int.from_bytes(data[at : at + 16], "little")
    if bits >> 125 & 3 == 3:
        raise Difference("a Decimal128 of a form that no value here needs")
    digits = Decimal(bits & (1 << 113) - 1).scaleb((bits >> 113 & 0x3FFF) - 6176, EXACT)
    return digits.copy_negate() if bits >> 127 else digits  # a plain minus would round


def read_value(kind, data, at):
    """The value at `at` and the place behind it.

    A document is a list of (name, value), so that order is seen; an array is a tuple.
    """
    if kind == 0x02:
        end = at + 4 + INT32.unpack_from(data, at)[0]
        return data[at + 4 : end - 1].decode(), end
    if kind == 0x10:
        return INT32.unpack_from(data, at)[0], at + 4
    if kind == 0x12:
        return INT64.unpack_from(data, at)[0], at + 8
    if kind == 0x01:
        return DOUBLE.unpack_from(data, at)[0], at + 8
    if kind == 0x13:
        return read_decimal128(data, at), at + 16
    if kind == 0x08:
        return data[at] == 1, at + 1
    if kind == 0x0A:
        return None, at
    if kind == 0x05:
        end = at + 5 + INT32.unpack_from(data, at)[0]
        if data[at + 4] != 0:
            raise Difference(f"binary subtype {data[at + 4]}")
        return data[at + 5 : end], end
    if kind == 0x03:
        return read_document(data, at)
    if kind == 0x04:
        elements, end = read_document(data, at)
        if [name for name, _ in elements] != [str(n) for n in range(len(elements))]:
            raise Difference("the indexes of an array do not count up")
        return tuple(value for _, value in elements), end
    raise Difference(f"BSON type 0x{kind:02x}")


def read_document(data, at):
    end = at + INT32.unpack_from(data, at)[0]
    at += 4
    elements = []
    while at < end - 1:
        kind = data[at]
        name_end = data.index(0, at + 1)
        name = data[at + 1 : name_end].decode()
        value, at = read_value(kind, data, name_end + 1)
        elements.append((name, value))
    if at != end - 1 or data[at] != 0:
        raise Difference("a document's length is wrong")
    return elements, end


def documents(data):
    at = 0
    while at < len(data):
        document, at = read_document(data, at)
        yield document


def count_documents(file):
    """How many documents a file of BSON has, by their lengths alone."""
    count = 0
    while length := file.read(4):
        file.seek(INT32.unpack(length)[0] - 4, 1)
        count += 1
    return count


def items(file, form):
    """The items (new images) of an input file, in DynamoDB JSON with their binaries base64 once."""
    for line in file:
        if form == "export":
            yield json.loads(line)["Item"]
        else:
            for record in json.loads(line)["Records"]:
                image = json.loads(base64.b64decode(record["kinesis"]["data"]))["dynamodb"]["NewImage"]
                for value in image.values():
                    decode_binaries_once(value)
                yield image


def decode_binaries_once(value):
    [(kind, inner)] = value.items()
    if kind == "B":
        value["B"] = base64.b64decode(inner, validate=True)
    elif kind == "BS":
        value["BS"] = [base64.b64decode(member, validate=True) for member in inner]
    elif kind == "M":
        for member in inner.values():
            decode_binaries_once(member)
    elif kind == "L":
        for member in inner:
            decode_binaries_once(member)


class Comparison:
    """What a program promises.

    exact: every number by value, else the nearest double will do. ordered: attributes stay in the order received.
    """

    def __init__(self, exact, ordered):
        self.exact = exact
        self.ordered = ordered

    def same_number(self, text, actual):
        kind = type(actual)
        if kind is float:
            if not self.exact:
                return actual == float(text)
            actual = Decimal(repr(actual))
        elif kind is str:
            return (
                self.exact
                and Decimal(actual) == Decimal(text)
                and len(Decimal(text).as_tuple().digits) > DECIMAL128_DIGITS
            )
        elif kind is not int and kind is not Decimal:
            return False
        return Decimal(text) == actual

    def value(self, expected, actual, path):
        [(kind, inner)] = expected.items()
        if kind == "M":
            return self.attributes(inner, actual, path)
        if kind == "L":
            return self.elements(inner, actual, path)
        if kind in ("SS", "NS", "BS"):
            return self.elements([{kind[0]: member} for member in inner], actual, path)
        if kind == "N":
            same = self.same_number(inner, actual)
        elif kind == "B":
            same = actual == base64.b64decode(inner, validate=True)
        elif kind == "NULL":
            same = actual is None
        else:
            same = type(actual) is type(inner) and actual == inner
        if not same:
            raise Difference(f"{path}: {inner!r:.100} became {actual!r:.100}")

    def elements(self, expected, actual, path):
        if type(actual) is not tuple or len(actual) != len(expected):
            raise Difference(f"{path}: {len(expected)} elements became {actual!r:.100}")
        for n, (member, element) in enumerate(zip(expected, actual)):
            self.value(member, element, f"{path}[{n}]")

    def attributes(self, expected, actual, path):
        if type(actual) is not list:
            raise Difference(f"{path}: a map became {actual!r:.100}")
        names = [name for name, _ in actual]
        wanted = list(expected)
        if names != wanted if self.ordered else sorted(names) != sorted(wanted):
            raise Difference(f"{path}: the names {wanted} became {names}")
        for name, value in actual:
            self.value(expected[name], value, f"{path}.{name}")

    def document(self, item, actual, path):
        """Only dynatlas adds `_id`, where it knows the key; the others are spared that."""
        if actual and actual[0][0] == "_id":
            self.value(item["pk"], actual[0][1], f"{path}._id")
            actual = actual[1:]
        self.attributes(item, actual, path)


def check(input_path, form, output_path, exact, ordered):
    """How many documents were compared; raises Difference at the first that is wrong."""
    comparison = Comparison(exact, ordered)
    with open(output_path, "rb") as file:
        written = documents(file.read())
    count = 0
    with open(input_path, "rb") as file:
        for item in items(file, form):
            document = next(written, None)
            if document is None:
                raise Difference(f"only {count} documents were written")
            comparison.document(item, document, f"document {count}")
            count += 1
    if next(written, None) is not None:
        raise Difference(f"more than {count} documents were written")
    return count


def count_json(path):
    """What walk.cc counts, counted slowly."""
    counts = {"records": 0, "names": 0, "scalars": 0, "text_bytes": 0}

    def count(value):
        if isinstance(value, dict):
            for name, member in value.items():
                counts["names"] += 1
                counts["text_bytes"] += len(name.encode())
                count(member)
        elif isinstance(value, list):
            for member in value:
                count(member)
        else:
            counts["scalars"] += 1
            if value is True:
                counts["text_bytes"] += 1
            elif isinstance(value, str):
                counts["text_bytes"] += len(value.encode())

    with open(path, "rb") as file:
        for line in file:
            # A number stays its text, as it is in the file.
            count(json.loads(line, parse_int=str, parse_float=str))
            counts["records"] += 1
    return counts
