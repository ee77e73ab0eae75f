# SPDX-License-Identifier: Apache-2.0
"""How the end-to-end tests run the program: its path comes from the environment variable DYNATLAS."""

import hashlib
import json
import os
import pathlib
import subprocess
from typing import NamedTuple

TESTDATA = pathlib.Path(__file__).resolve().parent.parent / "testdata"


class Ended(NamedTuple):
    code: int
    out: bytes
    errors: str

    def lines(self):
        return self.out.decode("utf-8").splitlines()

    def complaints(self):
        """What was said on standard error, without the count of numbers that became strings."""
        return "".join(line for line in self.errors.splitlines(keepends=True) if not line.startswith("numbers kept as strings, "))

    def documents(self):
        """What was printed, one JSON value a line; objects as lists of pairs, so that their order counts."""
        return [json.loads(line, object_pairs_hook=list) for line in self.out.split(b"\n") if line]


def fewer(count):
    """The share of `count` that DYNATLAS_TEST_PERCENT says, as the presets with sanitizers have it: of what is large or many."""
    return max(1, count * int(os.environ.get("DYNATLAS_TEST_PERCENT", "100")) // 100)


def path():
    return os.path.abspath(os.environ["DYNATLAS"])


def run(*arguments, text=b"", **options):
    """Runs `dynatlas` with `arguments` and `text` on its standard input."""
    if isinstance(text, str):
        text = text.encode("utf-8")
    command = [path(), *map(str, arguments)]
    child = subprocess.run(command, input=text, capture_output=True, timeout=120, check=False, **options)
    return Ended(child.returncode, child.stdout, child.stderr.decode("utf-8"))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def item(name, **others):
    """An item with the key `pk`."""
    return {"pk": {"S": name}, **others}
