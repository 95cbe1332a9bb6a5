"""The built-in disaster in small, and an independent reckoning of what is reported of it."""

import subprocess

from tests.e2e.replay_site import ReplayTest, lines_of


class Replay(ReplayTest):
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

    def test_a_speed_that_the_site_does_not_announce_is_refused(self):
        result = subprocess.run(self.site.replay_command(*self.small("--speed", "20")), capture_output=True,
                                text=True, timeout=60, check=False)
        self.assertNotEqual(result.returncode, 0, result.stdout)
