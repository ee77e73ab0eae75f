# SPDX-License-Identifier: Apache-2.0
"""The module that speaks with MongoDB: it is loaded when it is needed, from where it belongs, and missed by its name."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import program

MODULE = "dynatlas_mongodb.so"
NOBODY = "mongodb://127.0.0.1:1/shop"  # a port that nobody listens on


class MongodbModuleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.built = pathlib.Path(program.path()).parent / MODULE
        (self.folder / "bin").mkdir()
        self.program = self.folder / "bin" / "dynatlas"
        shutil.copy(program.path(), self.program)

    def replay(self, **options):
        command = [self.program, "replay", f"--to={NOBODY}"]
        child = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=False, **options)
        return child.returncode, child.stderr.decode()

    def test_says_what_is_missing_and_where_it_belongs(self):
        code, errors = self.replay()
        self.assertEqual(code, 3, errors)
        self.assertIn(f"{MODULE} is missing, which speaks with MongoDB: put it beside the program, into {self.folder}/bin", errors)

    def test_does_not_take_it_from_the_working_folder(self):
        shutil.copy(self.built, self.folder)
        code, errors = self.replay(cwd=self.folder)
        self.assertEqual(code, 3, errors)
        self.assertIn("is missing", errors)

    def test_takes_it_from_beside_the_program(self):
        shutil.copy(self.built, self.folder / "bin")
        code, errors = self.replay()
        self.assertEqual(code, 3, errors)
        self.assertIn("MongoDB on host 127.0.0.1 cannot be connected to", errors)

    def test_says_that_it_cannot_be_loaded(self):
        (self.folder / "bin" / MODULE).write_bytes(b"no library")
        code, errors = self.replay()
        self.assertEqual(code, 3, errors)
        self.assertIn("cannot be loaded", errors)

    def test_is_not_loaded_by_the_program_itself(self):
        libraries = subprocess.run(["ldd", program.path()], capture_output=True, check=True, text=True).stdout
        self.assertNotIn("mongoc", libraries)
        environment = {**os.environ, "LD_DEBUG": "files"}
        child = subprocess.run(
            [self.program, "convert"], input=b'{"pk":{"S":"1"}}', capture_output=True, env=environment, timeout=60, check=True
        )
        self.assertNotIn(b"mongoc", child.stderr)


if __name__ == "__main__":
    unittest.main()
