# SPDX-License-Identifier: Apache-2.0
"""A small strict reader of BSON, each value with its type, so that 1 is not 1.0; and a writer of what tests send.

It knows the types that dynatlas writes, and those that a server's replies have besides.
"""

import struct
from typing import NamedTuple


class Value(NamedTuple):
    """What a field holds: `type` in BSON's words, `content` as Python has it.

    document: a list of (name, Value) in stored order; array: a list of Value;
    decimal: (negative, coefficient, exponent); binary-N: a binary of subtype N, where that is not 0.
    """

    type: str
    content: object


class BsonError(ValueError):
    """The bytes are no BSON, or hold a type that neither dynatlas nor a reply has."""


def read_documents(data):
    """Yields the documents that stand back to back in `data`, as in a mongodump file."""
    at = 0
    while at < len(data):
        document, at = _read_document(data, at)
        yield document


def read_document(data):
    """The one document that `data` is."""
    document, end = _read_document(data, 0)
    if end != len(data):
        raise BsonError(f"{len(data) - end} bytes after the document")
    return document


def plain(value):
    """A value as Python would have it, documents as dict, to compare contents where types do not matter."""
    if value.type == "document":
        return {name: plain(inner) for name, inner in value.content}
    if value.type == "array":
        return [plain(inner) for inner in value.content]
    return value.content


def write_document(fields):
    """The BSON of a dict: of str, bytes, bool, None, float, int (an int32 where it fits), list, dict, and Value."""
    elements = b"".join(_element(name, value) for name, value in fields.items())
    return struct.pack("<i", len(elements) + 5) + elements + b"\0"


def decimal128(low, high):
    """(negative, coefficient, exponent) of the two halves of a Decimal128."""
    if (high >> 61) & 3 == 3:
        raise BsonError("a Decimal128 that is infinite, no number, or too large to be canonical")
    coefficient = (high & ((1 << 49) - 1)) << 64 | low
    return bool(high >> 63), coefficient, ((high >> 49) & 0x3FFF) - 6176


def _read_document(data, at):
    fields, end = _read_fields(data, at)
    return Value("document", fields), end


def _read_array(data, at):
    fields, end = _read_fields(data, at)
    for position, (name, _) in enumerate(fields):
        if name != str(position):
            raise BsonError(f"array position {position} is called {name!r}")
    return Value("array", [value for _, value in fields]), end


def _read_fields(data, start):
    length = _unpack("<i", data, start)
    end = start + length
    if length < 5 or end > len(data) or data[end - 1] != 0:
        raise BsonError(f"a document at byte {start} says it has {length} bytes")
    fields = []
    at = start + 4
    while at < end - 1:
        kind = data[at]
        stop = data.index(0, at + 1)
        name = data[at + 1 : stop].decode("utf-8")
        if kind not in _READERS:
            raise BsonError(f"field {name!r} has type 0x{kind:02x}")
        value, at = _READERS[kind](data, stop + 1)
        fields.append((name, value))
    if at != end - 1:
        raise BsonError(f"the document at byte {start} ends inside a value")
    return fields, end


def _read_string(data, at):
    length = _unpack("<i", data, at)
    end = at + 4 + length
    if length < 1 or end > len(data) or data[end - 1] != 0:
        raise BsonError(f"a string at byte {at} says it has {length} bytes")
    return Value("string", data[at + 4 : end - 1].decode("utf-8")), end


def _read_binary(data, at):
    length, subtype = _unpack("<i", data, at), _unpack("B", data, at + 4)
    end = at + 5 + length
    if length < 0 or end > len(data):
        raise BsonError(f"a binary at byte {at} says it has {length} bytes")
    return Value(f"binary-{subtype}" if subtype else "binary", bytes(data[at + 5 : end])), end


def _read_bool(data, at):
    byte = _unpack("B", data, at)
    if byte > 1:
        raise BsonError(f"a boolean at byte {at} is {byte}")
    return Value("bool", byte == 1), at + 1


def _read_object_id(data, at):
    return Value("objectid", bytes(_unpack("12s", data, at))), at + 12


def _read_decimal(data, at):
    return Value("decimal", decimal128(_unpack("<Q", data, at), _unpack("<Q", data, at + 8))), at + 16


def _element(name, value):
    kind, content = _written(value)
    return bytes([kind]) + name.encode("utf-8") + b"\0" + content


def _written(value):
    """The type's byte and the bytes of a value."""
    if isinstance(value, Value):
        return _written_typed(*value)
    if isinstance(value, dict):
        return 0x03, write_document(value)
    if isinstance(value, list):
        return 0x04, write_document({str(position): element for position, element in enumerate(value)})
    if isinstance(value, str):
        text = value.encode("utf-8")
        return 0x02, struct.pack("<i", len(text) + 1) + text + b"\0"
    if isinstance(value, bytes):
        return 0x05, struct.pack("<iB", len(value), 0) + value
    if value is None:
        return 0x0A, b""
    if isinstance(value, bool):
        return 0x08, bytes([value])
    if isinstance(value, float):
        return 0x01, struct.pack("<d", value)
    return (0x10, struct.pack("<i", value)) if -(2**31) <= value < 2**31 else (0x12, struct.pack("<q", value))


def _written_typed(kind, content):
    if kind == "document":
        return 0x03, write_document(dict(content))
    if kind == "objectid":
        return 0x07, content
    if kind in ("int64", "date"):
        return {"int64": 0x12, "date": 0x09}[kind], struct.pack("<q", content)
    if kind == "decimal":
        negative, coefficient, exponent = content
        high = negative << 63 | (exponent + 6176) << 49 | coefficient >> 64
        return 0x13, struct.pack("<QQ", coefficient & (2**64 - 1), high)
    return _written(content)


def _number_reader(name, layout):
    size = struct.calcsize(layout)
    return lambda data, at: (Value(name, _unpack(layout, data, at)), at + size)


def _unpack(layout, data, at):
    try:
        return struct.unpack_from(layout, data, at)[0]
    except struct.error as error:
        raise BsonError(f"the data end at byte {len(data)}, inside a value that begins at {at}") from error


_READERS = {
    0x01: _number_reader("double", "<d"),
    0x02: _read_string,
    0x03: _read_document,
    0x04: _read_array,
    0x05: _read_binary,
    0x07: _read_object_id,
    0x08: _read_bool,
    0x09: _number_reader("date", "<q"),
    0x0A: lambda data, at: (Value("null", None), at),
    0x10: _number_reader("int32", "<i"),
    0x11: _number_reader("timestamp", "<Q"),
    0x12: _number_reader("int64", "<q"),
    0x13: _read_decimal,
}
