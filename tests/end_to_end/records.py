# SPDX-License-Identifier: Apache-2.0
"""Change records for tests of `replay`, as AWS delivers them, and the names of its counters."""

from program import compact, item

COUNTERS = ["read", "upserted", "removed", "stale", "coalesced", "parked", "filtered"]
BEGIN = 1_720_740_233_000_000  # µs: `t` below counts from here


def kinesis(name, t, table="t", keys=("pk",), **attributes):
    """A bare Kinesis record: an upsert of the item."""
    image = item(name, **attributes)
    return _record(image, keys, t, table, image)


def kinesis_removal(name, t, table="t", **others):
    return {**_record(item(name), ("pk",), t, table, None), **others}


def _record(image, keys, t, table, new):
    body = {
        "ApproximateCreationDateTime": BEGIN + t,
        "ApproximateCreationDateTimePrecision": "MICROSECOND",
        "Keys": {key: image[key] for key in keys},
    }
    if new is not None:
        body["NewImage"] = new
    return {
        "eventName": "REMOVE" if new is None else "MODIFY",
        "eventSource": "aws:dynamodb",
        "recordFormat": "application/json",
        "tableName": table,
        "dynamodb": body,
    }


def streams(name, number, new=True, **others):
    """A DynamoDB Streams record as `get-records` prints it: it names neither table nor stream."""
    image = item(name, n={"N": str(number)})
    body = {
        "ApproximateCreationDateTime": BEGIN // 1_000_000,
        "Keys": {"pk": image["pk"]},
        "SequenceNumber": str(number),
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    if new:
        body["NewImage"] = image
    return {"eventName": "MODIFY" if new else "REMOVE", "eventVersion": "1.1", "eventSource": "aws:dynamodb", "dynamodb": body, **others}


def lines(*records):
    return "".join(compact(record) + "\n" for record in records)
