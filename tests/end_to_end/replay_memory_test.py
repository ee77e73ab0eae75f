#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`dynatlas replay` into MongoDB stays small, however large its input is and however long the server takes.

Changes of about 1 kB, each of a key of its own, come through a pipe and go to a server that keeps nothing and stops
answering for a while in the middle. At most 300 MiB may be resident, and nothing may be lost.

  tests/end_to_end/replay_memory_test.py                                2 GB, and a server that is silent for a minute
  tests/end_to_end/replay_memory_test.py --megabytes 100 --stall 2      as `ctest` runs it
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from null_mongod import NullMongod
from records import kinesis, lines

RECORDS_IN_A_PIECE = 1000
MARK = "@@@@@@@@"  # of the piece, in each key


def piece():
    """Lines whose keys hold the mark."""
    address = {"street": {"S": "12 Long Street"}, "geo": {"L": [{"N": "37.566535"}, {"N": "126.977969"}]}}
    orders = {"L": [{"M": {"orderId": {"S": f"{n:012}"}, "total": {"N": "12.5"}, "paid": {"BOOL": True}}} for n in range(5)]}
    others = {"address": {"M": address}, "orders": orders, "tags": {"SS": ["a", "b"]}, "text": {"S": "x" * 300}}
    return lines(*(kinesis(f"customer#{MARK}{n:04}", n, **others) for n in range(RECORDS_IN_A_PIECE))).encode()


def feed(pipe, server, arguments):
    """How many records were written."""
    template, number, written, stall_at = piece(), 0, 0, arguments.megabytes * 1e6 / 2
    while written < arguments.megabytes * 1e6:
        if stall_at is not None and written >= stall_at:
            server.stall(arguments.stall)
            stall_at = None
        pipe.write(template.replace(MARK.encode(), b"%08d" % number))
        written += len(template)
        number += 1
    return number * RECORDS_IN_A_PIECE


def faults_of(arguments, server, summary):
    command = [arguments.dynatlas, "replay", "--to", server.uri, "--summary", str(summary)]
    began = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        records = feed(child.stdin, server, arguments)
        child.stdin.close()
    except BrokenPipeError:
        return ["it ended before its input did"]
    finally:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds, mebibytes, counts = time.monotonic() - began, usage.ru_maxrss / 1024, server.counts()
    print(f"{records} records in {seconds:.1f} s: {mebibytes:.0f} MiB resident at most; the server counted {counts}")
    faults = [f"{mebibytes:.0f} MiB were resident, and {arguments.mebibytes} are allowed"] * (mebibytes > arguments.mebibytes)
    if child.returncode != 0:
        return [*faults, f"exit code {child.returncode}"]
    counted = json.loads(summary.read_text())
    if counted["read"] != records or counted["upserted"] != records:
        faults.append(f"{records} records were counted as {counted}")
    if counts["updates"] < records:
        faults.append(f"the server got only {counts['updates']} of {records}")
    if seconds < arguments.stall:
        faults.append("it did not wait for the server")
    return faults


def main():
    build = pathlib.Path(__file__).resolve().parent.parent.parent / "build" / "release"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dynatlas", default=os.environ.get("DYNATLAS", build / "dynatlas"), help="(%(default)s)")
    server = os.environ.get("DYNATLAS_NULL_MONGOD", build / "bench" / "dynatlas_null_mongod")
    parser.add_argument("--server", default=server, help="the target dynatlas_null_mongod (%(default)s)")
    parser.add_argument("--megabytes", type=int, default=2000, help="of input (%(default)s)")
    parser.add_argument("--stall", type=int, default=60, help="seconds for which the server is silent (%(default)s)")
    parser.add_argument("--mebibytes", type=int, default=300, help="that may be resident (%(default)s)")
    arguments = parser.parse_args()
    with NullMongod(arguments.server) as server, tempfile.TemporaryDirectory() as folder:
        faults = faults_of(arguments, server, pathlib.Path(folder) / "summary.json")
    print("\n".join(f"FAILED: {fault}" for fault in faults) or "passed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
