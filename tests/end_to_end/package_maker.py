# SPDX-License-Identifier: Apache-2.0
"""Makes a package of the build in DYNATLAS_BUILD, as scripts/package does after it built."""

import os
import pathlib
import subprocess
import sys

MAKERS = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "package"


def make(maker, folder):
    """The package, made in this folder by this script of deploy/package."""
    command = [sys.executable, str(MAKERS / maker), os.environ["DYNATLAS_BUILD"], folder]
    made = subprocess.run(command, env={**os.environ, "SOURCE_DATE_EPOCH": "1772442001"}, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return pathlib.Path(made.stdout.strip())
