# SPDX-License-Identifier: Apache-2.0
"""A small strict reader of BSON: the types that dynatlas writes, each value with its type, so that 1 is not 1.0."""

import struct
from typing import NamedTuple


class Value(NamedTuple):
    """What a field holds: `type` in BSON's words, `content` as Python has it.

    document: a list of (name, Value) in stored order; array: a list of Value;
    decimal: (negative, coefficient, exponent).
    """

    type: str
    content: object


class BsonError(ValueError):
    """The bytes are no BSON, or hold a type that dynatlas never writes."""


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
    if length < 0 or end > len(data) or subtype != 0:
        raise BsonError(f"a binary at byte {at} of subtype {subtype} says it has {length} bytes")
    return Value("binary", bytes(data[at + 5 : end])), end


def _read_bool(data, at):
    byte = _unpack("B", data, at)
    if byte > 1:
        raise BsonError(f"a boolean at byte {at} is {byte}")
    return Value("bool", byte == 1), at + 1


def _read_object_id(data, at):
    return Value("objectid", bytes(_unpack("12s", data, at))), at + 12


def _read_decimal(data, at):
    return Value("decimal", decimal128(_unpack("<Q", data, at), _unpack("<Q", data, at + 8))), at + 16


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
    0x12: _number_reader("int64", "<q"),
    0x13: _read_decimal,
}
