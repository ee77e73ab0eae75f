# SPDX-License-Identifier: Apache-2.0
"""A function below Lambda's runtime interface emulator, and what its process costs."""

import os
import pathlib
import re
import sys
import time

from check_convert import Difference
from run_convert import BUILD, ROOT, WORK

sys.path.insert(0, str(ROOT / "tests" / "end_to_end"))
from lambda_emulator import Environment  # noqa: E402

STARTED = BUILD / "bench" / "dynatlas_bench_started"
STAMP = WORK / "lambda" / "started"
SECONDS_FOR_AN_ANSWER = 120
TICKS = os.sysconf("SC_CLK_TCK")

MEMORY_MEGABYTES = 512  # of which the heap of Java is 85 % (lambda_programs.py)


class MeasuredFunction(Environment):
    """A context manager. The emulator starts the function with the first event."""

    def __init__(self, name, command, uri):
        self._name = name
        whole = [str(part) for part in (STARTED, STAMP, *command)]
        variables = {"MONGODB_URI": uri, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY_MEGABYTES)}
        super().__init__(SECONDS_FOR_AN_ANSWER, whole, **variables)

    def apply(self, event):
        """Gives it an event, all of which it must say to have applied."""
        outcome = self.invoke(event)
        if outcome.kind != "response" or outcome.body != {"batchItemFailures": []}:
            raise Difference(f"{self._name} answered {str(outcome)[:300]}; its log ends with\n{self.log()[-2000:]}")

    def cold_seconds(self, event):
        """From the start of the process to the answer to its first event."""
        self.apply(event)
        return time.monotonic() - int(STAMP.read_text()) / 1e9

    def cpu_seconds(self):
        """User and system, until now."""
        fields = self._of_process("stat").rpartition(")")[2].split()
        return sum(int(field) for field in fields[11:13]) / TICKS

    def peak_bytes(self):
        """Resident at most."""
        return int(re.search(r"VmHWM:\s+(\d+) kB", self._of_process("status"))[1]) * 1024

    def _of_process(self, file):
        [process] = self.processes()
        if children := pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split():
            raise Difference(f"{self._name} has started {children}, which nobody counts")
        return pathlib.Path(f"/proc/{process}/{file}").read_text()
