#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares a dump folder with the tables that it should hold, exactly: types, values, order, metadata, nothing extra.

  tests/end_to_end/compare.py DUMP HISTORY      HISTORY is the folder that history.py wrote
"""

import base64
import json
import pathlib
import re
import sys
from decimal import Decimal

import bson
import history
from bson import Value

METADATA = "_dynatlas"
PLACE_IN_FILES = re.compile(r"f\d{20}")


def differences(folder, rows, database="dynamodb"):
    """What is wrong with the dump in `folder`, as lines for people; empty when it is equal to `rows`.

    `rows` is what history.make_history says of each table; its collections are `database`.TABLE.
    """
    folder = pathlib.Path(folder)
    found = []
    paths = {path.relative_to(folder).as_posix(): path for path in bson_files(folder)}
    for table, table_rows in rows.items():
        path = paths.pop(f"{database}/{table}.bson", None)
        if path is None:
            found.append(f"{table}: no {database}/{table}.bson")
            continue
        found += [f"{table}: {line}" for line in _file_differences(path, table, table_rows)]
    return found + [f"{name}: a collection that nobody expects" for name in sorted(paths)]


def bson_files(folder):
    """The collections of a dump folder, without its working state."""
    files = pathlib.Path(folder).rglob("*.bson")
    return sorted(path for path in files if ".dynatlas" not in path.relative_to(folder).parts)


def expected_document(item, key):
    """What is stored for an item under the default mapping: (fields with `_id`, the metadata's types)."""
    types = {}
    named = [(_stored_name(name, True), typed) for name, typed in item.items()]
    fields = [(name, _stored(typed, _path("", name), types)) for name, typed in named]
    if len(key) == 1:
        identity = _stored_key(item[key[0]])
    else:
        identity = Value("document", [(_stored_name(name, False), _stored_key(item[name])) for name in key])
    return [("_id", identity), *fields], types


# ---- The mapping: a plain reading of the documented one ----


def _stored(typed, path, types):
    ((kind, value),) = typed.items()
    if kind == "N":
        number = _number(value)
        if number.type == "string":
            types[path] = "N"
        return number
    if kind in ("SS", "NS", "BS"):
        types[path] = kind
        return Value("array", [_number(v) if kind == "NS" else _stored({kind[0]: v}, path, types) for v in value])
    if kind == "L":
        return Value("array", [_stored(v, f"{path}.{i}", types) for i, v in enumerate(value)])
    if kind == "M":
        stored = [(_stored_name(name, False), inner) for name, inner in value.items()]
        return Value("document", [(name, _stored(inner, _path(path, name), types)) for name, inner in stored])
    if kind == "B":
        return Value("binary", base64.b64decode(value, validate=True))
    return {"S": Value("string", value), "BOOL": Value("bool", value), "NULL": Value("null", None)}[kind]


def _stored_key(typed):
    ((kind, value),) = typed.items()
    return _number(value, may_be_double=False) if kind == "N" else _stored(typed, "", {})


def _number(text, may_be_double=True):
    number = Decimal(text)
    sign, digits, exponent = number.as_tuple()
    while len(digits) > 1 and digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    if exponent >= 0 or number == 0:
        if -(2**31) <= number < 2**31:
            return Value("int32", int(number))
        if -(2**63) <= number < 2**63:
            return Value("int64", int(number))
    # Beyond 2^63 repr() and the program may spell a double's digits differently; the histories have no such number.
    if may_be_double and Decimal(repr(float(number))) == number:
        return Value("double", float(number))
    if len(digits) <= 34:
        return Value("decimal", (bool(sign), int("".join(map(str, digits))), exponent))
    return Value("string", f"{number:f}")


def _stored_name(name, top_level):
    if name in ("", "%"):
        return {"": "%", "%": "%25"}[name]
    stored = re.sub(r"%(?=[0-9A-Fa-f]{2})", "%25", name).replace("\0", "%00")
    if name[0] == "$" or (top_level and name in ("_id", METADATA)):
        stored = f"%{ord(name[0]):02X}{stored[1:]}"
    return stored


def _path(parent, stored):
    segment = re.sub(r"([.\\])", r"\\\1", stored)
    return f"{parent}.{segment}" if parent else segment


# ---- The comparison ----


def _file_differences(path, table, rows):
    try:
        documents = list(bson.read_documents(path.read_bytes()))
    except ValueError as error:
        return [f"{path.name} cannot be read: {error}"]
    return _metadata_file_differences(path, table) + collection_differences(documents, table, rows)


def collection_differences(documents, table, rows):
    """What is wrong with a table's documents, wherever they were read."""
    key = history.TABLES[table]
    expected = {}
    for row in rows:
        fields, types = expected_document(row.item, key)
        expected[repr(fields[0][1])] = (row, fields, types)
    found = []
    seen = set()
    for document in documents:
        fields = document.content
        if not fields or fields[0][0] != "_id":
            found.append("a document without _id in front")
            continue
        identity = repr(fields[0][1])
        if identity in seen:
            found.append(f"{identity} is there twice")
        elif identity not in expected:
            found.append(f"{identity} should not be there")
        else:
            found += [f"{identity} {line}" for line in _document_differences(fields, *expected[identity])]
        seen.add(identity)
    return found + [f"{identity} is missing" for identity in expected if identity not in seen]


def _document_differences(fields, row, expected, types):
    if fields[-1][0] != METADATA:
        return [f"has no {METADATA} at its end"]
    found = [f"has {is_} where {should} belongs" for is_, should in zip(fields[:-1], expected) if is_ != should]
    if len(fields) - 1 != len(expected):
        found.append(f"has {len(fields) - 1} fields where {len(expected)} belong")
    return found + _version_differences(fields[-1][1], row, types)


def _version_differences(metadata, row, types):
    if metadata.type != "document":
        return [f"has a {metadata.type} for metadata"]
    names = [name for name, _ in metadata.content]
    if names != ["t", "s"] + ["types"] * bool(types):
        return [f"has the metadata fields {names}"]
    values = dict(metadata.content)
    found = []
    if values["t"] != Value("int64", row.t):
        found.append(f"has t {values['t']} where {row.t} belongs")
    if values["s"].type != "string" or not _is_version(values["s"].content, row.s):
        found.append(f"has s {values['s']} where {row.s or 'a place in files'} belongs")
    expected = sorted((path, Value("string", kind)) for path, kind in types.items())
    if types and (values["types"].type != "document" or sorted(values["types"].content) != expected):
        found.append(f"has types {values['types']} where {expected} belong")
    return found


def _is_version(text, expected):
    return text == expected if expected is not None else PLACE_IN_FILES.fullmatch(text) is not None


def _metadata_file_differences(path, table):
    metadata = path.with_name(f"{table}.metadata.json")
    try:
        name = json.loads(metadata.read_text(encoding="utf-8")).get("collectionName", table)
    except (OSError, ValueError) as error:
        return [f"{metadata.name} cannot be read: {error}"]
    return [] if name == table else [f"{metadata.name} says the collection is {name!r}"]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    found = differences(sys.argv[1], history.read_rows(sys.argv[2]))
    print("\n".join(found[:50]) or "equal")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
