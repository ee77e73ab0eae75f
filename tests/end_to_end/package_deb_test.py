#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The package for Debian, as scripts/package makes it of the build in DYNATLAS_BUILD: dpkg installs it into a root of its own, which has
the machine's list of packages, so that what it depends on is checked; the program runs from there; nothing is left behind.
"""

import gzip
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import package_maker
import program
from mongodb_server import MongodbServer

EXAMPLE = program.TESTDATA.parent.parent / "examples" / "customers" / "lambda-event.json"


def setUpModule():
    global folder, package
    folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory()))
    package = package_maker.make("debian.py", folder / "package")


def dpkg(root, *arguments):
    # A user who is not root may install into a folder of his own, where no script of a package needs more.
    command = ["dpkg", f"--root={root}", "--force-not-root", "--no-triggers", *map(str, arguments)]
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    return subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)


class PackageTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(dir=folder))
        state = self.root / "var" / "lib" / "dpkg"
        for name in ("info", "updates", "triggers"):
            (state / name).mkdir(parents=True)
        shutil.copy("/var/lib/dpkg/status", state / "status")
        for name in ("arch", "available"):
            if os.path.exists(f"/var/lib/dpkg/{name}"):
                shutil.copy(f"/var/lib/dpkg/{name}", state / name)

    def test_the_same_build_gives_the_same_bytes(self):
        self.assertEqual(package_maker.make("debian.py", folder / "again").read_bytes(), package.read_bytes())

    def test_it_depends_on_what_its_modules_need(self):
        fields = subprocess.run(["dpkg-deb", "--field", package, "Depends"], capture_output=True, text=True, check=True).stdout
        needed = {depended.split()[0] for depended in fields.split(",")}
        self.assertLessEqual({"libc6", "libmongoc-1.0-0", "libcurl4", "libssl3", "libsqlite3-0"}, needed)

    def test_it_is_installed_runs_and_is_removed(self):
        installed = dpkg(self.root, "--install", package)
        self.assertEqual(installed.returncode, 0, installed.stderr)
        dynatlas = self.root / "usr" / "bin" / "dynatlas"
        version = subprocess.run([dynatlas, "--version"], capture_output=True, text=True, check=True).stdout
        self.assertRegex(version, r"\d+\.\d+\.\d+")
        self.assert_manual_has_each_verb(subprocess.run([dynatlas, "--help"], capture_output=True, text=True, check=True).stdout)
        with MongodbServer() as server:  # by the module, which lies in another folder
            command = [dynatlas, "replay", "--to", server.uri, EXAMPLE]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            client = server.client()
            self.assertEqual(len(client.documents(server.database, "customers")), 3)
            client.close()
        removed = dpkg(self.root, "--purge", "dynatlas")
        self.assertEqual(removed.returncode, 0, removed.stderr)
        self.assertEqual([path for path in self.root.rglob("*dynatlas*")], [])

    def assert_manual_has_each_verb(self, shown):
        verbs = re.findall(r"^  (\w+)  ", shown[shown.index("Subcommands:") :], re.MULTILINE)
        manual = gzip.decompress((self.root / "usr/share/man/man1/dynatlas.1.gz").read_bytes()).decode()
        self.assertEqual(re.findall(r"^\.TP\n\.B ([a-z]+)$", manual, re.MULTILINE), verbs)


if __name__ == "__main__":
    unittest.main()
