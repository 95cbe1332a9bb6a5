"""Sites for replays, and tests that check what a replay reports."""

import json
import os
import subprocess
import sys
import unittest

from tests.e2e.site import BINARY, PASSWORD, ROOT, Site

VERIFY = os.path.join(ROOT, "tools/verify_trace.py")


class ReplaySite(Site):
    """A site that is faster than the wall, with an operator whose password lies in a file."""

    def __init__(self, *options, scale=10):
        super().__init__("--time-scale", str(scale), *options)
        self.password_file = os.path.join(self.data, "operator.password")

    def start_with_operator(self):
        self.start()
        with open(self.password_file, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        self.make_operator()

    def replay_command(self, *options):
        return [BINARY, "replay", "--url", self.url, "--user", "operator", "--password-file",
                self.password_file, *options]

    def report_path(self, name):
        return os.path.join(self.data, name)


def lines_of(trace):
    with open(trace, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


class ReplayTest(unittest.TestCase):
    scale = 10

    def setUp(self):
        self.site = ReplaySite(scale=self.scale)
        self.addCleanup(self.site.remove)
        self.site.start_with_operator()

    def replay(self, *options, name="run", timeout=900):
        """Runs a replay; returns (exit status, report, path of the trace)."""
        report, trace = self.site.report_path(f"{name}.json"), self.site.report_path(f"{name}.jsonl")
        result = subprocess.run(
            self.site.replay_command(*options, "--json", report, "--trace", trace),
            capture_output=True, text=True, timeout=timeout, check=False)
        self.assertTrue(os.path.exists(report), result.stdout + result.stderr + self.site.tail())
        with open(report, encoding="utf-8") as file:
            return result.returncode, json.load(file), trace

    def assert_reckoned_alike(self, report, trace):
        result = subprocess.run(
            [sys.executable, VERIFY, trace, "--report", os.path.splitext(trace)[0] + ".json"],
            capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(report["twice"], 0)
