"""Data that an earlier version wrote is read by this one: each site of tests/golden/sites is restored and looked at."""

import json
import os
import shutil
import time
import unittest

from tests.e2e.golden import SITES, look
from tests.e2e.site import Site, eventually


class Golden(unittest.TestCase):
    def test_sites_of_earlier_versions_are_read(self):
        versions = sorted(os.listdir(SITES))
        self.assertTrue(versions)
        for version in versions:
            with self.subTest(version):
                self.look_at(os.path.join(SITES, version))

    def look_at(self, golden):
        with open(os.path.join(golden, "held.json"), encoding="utf-8") as file:
            then = json.load(file)
        site = Site()
        self.addCleanup(site.remove)
        site.log.close()
        shutil.rmtree(site.data)
        result = site.run("restore", os.path.join(golden, "backup"), "--data", site.data)
        self.assertEqual(result.returncode, 0, result)
        # An exercise whose clock goes on from when the backup was made: nothing in it has run out.
        with open(os.path.join(site.data, "clock"), "w", encoding="ascii") as file:
            file.write(f"1 {int(time.time() * 1000)} {then['unixMs']}\n")
        site.log = open(os.path.join(site.data, "server.log"), "ab")
        site.start()
        operator = site.login()["accessToken"]

        def differences():
            now = look(site, operator)
            # What is appended since is not in question.
            now["audit"] = now["audit"][:len(then["held"]["audit"])]
            return {key: (then["held"][key], now[key]) for key in now if now[key] != then["held"][key]}
        eventually(lambda: not differences(), 10)
        self.assertEqual(differences(), {})
