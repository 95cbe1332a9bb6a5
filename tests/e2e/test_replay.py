"""Replays, and an independent reckoning of what they report."""

import json
import os
import subprocess
import sys
import unittest

from tests.e2e.site import BINARY, LONG, PASSWORD, ROOT, SHARED, Site

VERIFY = os.path.join(ROOT, "tools/verify_trace.py")
MESHES = os.path.join(SHARED, "data/topology-freifunk")
TEXTS = "disaster_response_validation.csv"


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


class Replay(unittest.TestCase):
    def setUp(self):
        self.site = ReplaySite()
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

    def small(self, *more):
        return ("--scenario", "kahramanmaras-2023", "--phones", "60", "--minutes", "3", "--seed", "7", *more)

    def test_a_small_disaster_is_reported_as_it_was(self):
        status, report, trace = self.replay(*self.small())
        self.assert_reckoned_alike(report, trace)
        self.assertEqual(status, 0 if report["held"] else 1, report)
        self.assertTrue(report["held"], report)
        self.assertGreater(report["messages"], 50)
        delivered = sum(entry["delivered"] for entry in report["classes"].values())
        self.assertGreater(delivered, 0)

    def test_one_seed_is_one_stimulus(self):
        def stimulus(trace):
            keep = {"node", "power", "link", "uplink"}
            plan = [(line["e"], line.get("n"), line.get("a"), line.get("b"), line.get("up"))
                    for line in lines_of(trace) if line["e"] in keep]
            sent = sorted((line["m"], line["n"], line["to"], line["c"], line["ttl"], line["bytes"])
                          for line in lines_of(trace) if line["e"] == "submit")
            return plan, sent

        first = stimulus(self.replay(*self.small(), name="first")[2])
        second = stimulus(self.replay(*self.small(), name="second")[2])
        self.assertEqual(first, second)

    def assert_mesh_holds(self, name, nodes, *more):
        """Real texts over a real mesh: a few minutes of it, or with --all as long as a user's run."""
        mesh, texts = os.path.join(MESHES, name), os.path.join(SHARED, "data/messages-disaster", TEXTS)
        for path in (mesh, texts):
            if not os.path.exists(path):
                self.skipTest(f"{path} is not there")
        status, report, trace = self.replay("--topology", mesh, "--messages", texts, "--seed", "3", *more,
                                            *(() if LONG else ("--minutes", "3")))
        self.assert_reckoned_alike(report, trace)
        self.assertEqual(report["nodes"], nodes)
        self.assertGreater(report["messages"], 2000)
        self.assertTrue(report["held"], report)
        self.assertEqual(status, 0)

    def test_a_real_mesh_plain(self):
        self.assert_mesh_holds("freifunk-bielefeld.json", 246)

    def test_a_real_mesh_that_comes_and_goes(self):
        self.assert_mesh_holds("freifunk-bielefeld.json", 246, "--churn", "0.3")

    def test_a_raw_meshviewer_file(self):
        self.assert_mesh_holds("freifunk-altdorf-meshviewer.json", 660)

    def test_a_speed_that_the_site_does_not_announce_is_refused(self):
        result = subprocess.run(self.site.replay_command(*self.small("--speed", "20")), capture_output=True,
                                text=True, timeout=60, check=False)
        self.assertNotEqual(result.returncode, 0, result.stdout)
