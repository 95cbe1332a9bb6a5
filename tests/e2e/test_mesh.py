"""Real texts over real meshes, as long as a user's run is."""

import os

from tests.e2e.replay_site import ReplayTest
from tests.e2e.site import SHARED

MESHES = os.path.join(SHARED, "data/topology-freifunk")
TEXTS = os.path.join(SHARED, "data/messages-disaster/disaster_response_validation.csv")


class Mesh(ReplayTest):
    scale = 20

    def assert_mesh_holds(self, name, nodes, *more):
        mesh = os.path.join(MESHES, name)
        for path in (mesh, TEXTS):
            if not os.path.exists(path):
                self.skipTest(f"{path} is not there")
        status, report, trace = self.replay("--topology", mesh, "--messages", TEXTS, "--seed", "3", *more)
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
