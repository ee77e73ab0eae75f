# SPDX-License-Identifier: Apache-2.0
"""What the packages share: the build that they are made of, programs that are run, and times that do not change."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def stop(message):
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {message}")


def _done(command, folder):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=folder)


def printed(*command):
    """What the program prints, whether it succeeds or not."""
    return _done(command, None).stdout


def run(*command, folder=None):
    """What the program prints; it must succeed."""
    done = _done(command, folder)
    if done.returncode != 0:
        stop(f"{command[0]} failed:\n{done.stderr}")
    return done.stdout


def epoch():
    """The time that every file of a package has: the commit's, in seconds since 1970. scripts/package gives it."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given.isdigit():
        stop("SOURCE_DATE_EPOCH must be the commit's time in seconds since 1970")
    return int(given)


def of_cache(build, name):
    """What CMake has under this name in the build."""
    cache = build / "CMakeCache.txt"
    found = re.search(rf"^{name}:\w+=(.*)$", cache.read_text(), re.MULTILINE) if cache.exists() else None
    return found[1] if found else stop(f"{build} is no build of this project: run scripts/package")


def version(build):
    return of_cache(build, "CMAKE_PROJECT_VERSION")


def architecture():
    """In Debian's words: amd64, arm64."""
    return run("dpkg", "--print-architecture").strip()


def copy(source, target, mode=0o644):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def copy_stripped(source, target, mode=0o644):
    """Without debugging information and names; the build-id stays, by which a debugger finds both in the build."""
    target.parent.mkdir(parents=True, exist_ok=True)
    run("strip", "--strip-unneeded", "--remove-section=.comment", "-o", target, source)
    target.chmod(mode)
