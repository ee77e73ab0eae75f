# SPDX-License-Identifier: Apache-2.0
"""The commands of a guide under docs/, as tests run them: the shell's as they stand, with an `aws` that does what a test says; the
arguments of mongosh's, which are written as JSON there."""

import json
import os
import pathlib
import re
import subprocess

import program

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"

# What follows in $AWS_DOES is run with the words behind `aws`.
AWS = '#!/bin/bash\nset -eu\nwords="$*"\n' + 'eval "$AWS_DOES"\n'


class Guide:
    def __init__(self, name):
        self._text = (DOCS / name).read_text(encoding="utf-8")

    def block(self, *words):
        """The one block of code that holds all of these words."""
        blocks = re.findall(r"^```\w+\n(.*?)^```$", self._text, re.DOTALL | re.MULTILINE)
        [found] = [block for block in blocks if all(word in block for word in words)]
        return found

    def config(self):
        """What it gives the parameter Config of the template."""
        return re.search(r"""'Config="(.*)"'""", self._text)[1]


def arguments(block, call):
    """The JSON values with which the block first calls a function of mongosh."""
    rest, values = block[block.index(call + "(") + len(call) + 1 :].lstrip(), []
    while not rest.startswith(")"):
        value, end = json.JSONDecoder().raw_decode(rest)
        values.append(value)
        rest = rest[end:].lstrip().removeprefix(",").lstrip()
    return values


def run(block, folder, aws, strict=True, **variables):
    """Runs a block of shell in the folder, up to the first command that fails if `strict`, otherwise as where it is pasted.

    `aws` is shell, and finds the words of its call in $words and $1, $2, .."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "aws").write_text(AWS)
    (programs / "aws").chmod(0o755)
    (programs / "dynatlas").unlink(missing_ok=True)
    (programs / "dynatlas").symlink_to(program.path())
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "AWS_DOES": aws, **variables}
    command = ["bash", *(["-euo", "pipefail"] if strict else []), "-c", block]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
