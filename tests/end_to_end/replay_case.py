# SPDX-License-Identifier: Apache-2.0
"""What tests of `dynatlas replay` share, whatever the target."""

import json
import pathlib
import tempfile
import unittest

import program
from records import COUNTERS, lines


class ReplayCase(unittest.TestCase):
    """Subclasses say by target() what `--to` is."""

    maxDiff = 4000

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def replay(self, *arguments, text="", code=0, to=None, **options):
        """Runs replay into the test's target; the exit code must be `code`."""
        if not isinstance(text, (str, bytes)):
            text = lines(*text)
        ended = program.run("replay", f"--to={to or self.target()}", *arguments, text=text, **options)
        self.assertEqual(ended.code, code, ended.errors)
        self.assertEqual(ended.out, b"")  # data goes to the target only
        return ended

    def counted(self, *arguments, **options):
        """The summary of a run, as the numbers that are not 0."""
        path = self.folder / "summary.json"
        self.replay(f"--summary={path}", *arguments, **options)
        return self.summary(path)

    def summary(self, path):
        summary = json.loads(path.read_text())
        self.assertEqual(list(summary), [*COUNTERS, "seconds"])
        self.assertEqual(summary["read"], sum(summary[name] for name in COUNTERS[1:]), summary)
        return {name: summary[name] for name in COUNTERS if summary[name]}
