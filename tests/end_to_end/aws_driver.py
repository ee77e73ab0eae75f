# SPDX-License-Identifier: Apache-2.0
"""The program tests/aws/aws_driver.cc, which does what it is told: one line of JSON in, one out."""

import json
import os
import subprocess


class Driver:
    def __init__(self, environment=None, by=()):
        """`by`: a command that runs it."""
        self.child = subprocess.Popen(
            [*by, os.environ["DYNATLAS_AWS_DRIVER"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )

    def ask(self, **task):
        self.child.stdin.write(json.dumps(task).encode() + b"\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def close(self):
        self.child.stdin.close()
        self.child.stdout.close()
        if self.child.wait(timeout=60) != 0:
            raise RuntimeError(f"the driver ended with {self.child.returncode}")
