# SPDX-License-Identifier: Apache-2.0
"""What test scripts share that run by themselves, for long, with a seed and a folder of their own."""

import argparse
import os
import pathlib
import random
import shutil
import tempfile


class Failed(Exception):
    """The program did what it must not."""


def make_parser(description):
    """With the options that all have but `--seed` and `--timeout`, which mean something else to each."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    program = os.environ.get("DYNATLAS", "build/release/dynatlas")
    parser.add_argument("--dynatlas", default=program, help="the program (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="leave the temporary folder where it is")
    return parser


def parse(parser):
    arguments = parser.parse_args()
    arguments.dynatlas = os.path.abspath(arguments.dynatlas)
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(2**32)
    return arguments


def run_test(test, arguments, prefix, log, keep_failed=False):
    """test(arguments, folder) in a folder of its own. Returns the exit code."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
    try:
        test(arguments, folder)
    except Failed as failure:
        arguments.keep = arguments.keep or keep_failed
        log(f"FAILED with seed {arguments.seed}: {failure}")
        return 1
    finally:
        if arguments.keep:
            log(f"kept {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    log("passed")
    return 0
