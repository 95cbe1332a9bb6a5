"""kill -9 at random moments under load, and a ledger kept outside of what was acknowledged."""

import json
import os
import random
import subprocess
import time
import unittest

from tests.e2e.apart import READS, SERVICES, ApartSite
from tests.e2e.replay_site import VERIFY, ReplaySite, lines_of
from tests.e2e.site import LONG, eventually

KILLS = 40 if LONG else 22
GONE_SECONDS = 30 if LONG else 4


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class CrashTest(unittest.TestCase):
    """A replay, what is done to the site meanwhile, and what must hold after it."""

    minutes = 24 if LONG else 12  # Of the site's time, which runs ten times as fast as the wall's.

    def make_site(self):
        return ReplaySite()

    def setUp(self):
        self.site = self.make_site()
        self.addCleanup(self.site.remove)
        self.site.start_with_operator()
        self.seed = int(os.environ.get("IMECE_SEED", random.randrange(10**6)))
        print(f"seed {self.seed}", end=" ")
        self.dice = random.Random(self.seed)

    def replay_through(self, trouble, trace, report):
        """Calls `trouble()` once the replay has begun to send; returns what it gave, at the replay's end."""
        output = open(os.path.join(self.site.data, "replay.log"), "wb")
        self.addCleanup(output.close)
        replay = subprocess.Popen(self.site.replay_command(
            "--scenario", "kahramanmaras-2023", "--phones", "80", "--minutes", str(self.minutes),
            "--seed", str(self.seed), "--trace", trace, "--json", report),
            stdout=output, stderr=subprocess.STDOUT)
        self.addCleanup(lambda: replay.poll() is None and replay.kill())
        # Enrolment comes first; load is what the trouble is to meet.
        self.assertTrue(eventually(lambda: "acknowledged" in read(output.name), 60), read(output.name))
        self.under_load = lambda: self.assertIsNone(replay.poll(), "the replay ended before the last kill")
        result = trouble()
        replay.wait(600)
        self.assertTrue(os.path.exists(report), self.site.tail())
        return result

    def all_messages(self):
        """{message id: message} by the operator's list."""
        token = self.site.login()["accessToken"]
        found, page = {}, ""
        while True:
            answer = self.site.call("GET", f"/v1/messages?pageSize=1000&pageToken={page}", token=token)
            if answer.status == 429:
                time.sleep(int(answer.headers["retry-after"]))
                continue
            self.assertEqual(answer.status, 200, answer)
            for message in answer.json.get("messages", []):
                found[message["messageId"]] = message
            page = answer.json.get("nextPageToken", "")
            if not page:
                return found

    def check(self, trace, report):
        """What was acknowledged is there, what was confirmed is known, and nothing came twice; a summary."""
        accepted, acknowledged, delivered = set(), {}, {}
        for line in lines_of(trace):
            if line["e"] == "accepted":
                accepted.add(line["m"])
            elif line["e"] == "ack":
                acknowledged.setdefault(line["m"], set()).add(line["n"])
            elif line["e"] == "deliver":
                key = (line["m"], line["n"])
                delivered[key] = delivered.get(key, 0) + 1
        self.assertGreater(len(accepted), 100)
        self.site.drop_connection()  # It was idle for as long as the replay took.
        self.assertEqual([key for key, times in delivered.items() if times > 1], [])

        stored = self.all_messages()
        lost = [name for name in accepted if name not in stored]
        self.assertEqual(lost, [], f"{len(lost)} of {len(accepted)} accepted messages are gone")
        # What ran out before its receipt could come has ended so: the first ending of a copy stands.
        unlearned = [stored[name] for name, nodes in acknowledged.items()
                     if sum(copy["state"] in ("DELIVERED", "EXPIRED") for copy in stored[name]["copies"]) < len(nodes)]
        self.assertEqual(unlearned, [], "receipts that were confirmed are gone")

        late = sum(copy["state"] == "EXPIRED" for name in acknowledged for copy in stored[name]["copies"])
        self.assertLess(late, len(acknowledged) / 100)

        result = subprocess.run(["python3", VERIFY, trace, "--report", report], capture_output=True,
                                text=True, timeout=300, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        with open(report, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["twice"], 0)
        return f"{len(accepted)} accepted, {len(acknowledged)} acknowledged"

    def paths(self):
        return self.site.report_path("run.jsonl"), self.site.report_path("run.json")


class Crash(CrashTest):
    def kill_at_random(self):
        share = self.minutes * 60 / 10 * 0.8 / KILLS  # Wall seconds a kill, within the replay's time.
        for _ in range(KILLS):
            time.sleep(self.dice.uniform(0.1, 1.0) * share)
            self.under_load()
            self.site.kill()
            self.site.start()

    def test_nothing_acknowledged_is_lost_and_nothing_is_delivered_twice(self):
        trace, report = self.paths()
        self.replay_through(self.kill_at_random, trace, report)
        print(f"{KILLS} kills, {self.check(trace, report)}", end=" ")


class ApartCrash(CrashTest):
    """Each of the services killed in turn, and gone for a while, under load: all others answer, all the while."""

    minutes = 48 if LONG else 18

    def make_site(self):
        return ApartSite(scale=10)

    def asked_while_gone(self, gone, token):
        """{service: [calls that it answered, calls in all]}."""
        row = {name: [0, 0] for name in SERVICES}
        until = time.monotonic() + GONE_SECONDS
        while time.monotonic() < until:
            for name in SERVICES:
                row[name][0] += self.site.status(READS[name], token) == 200
                row[name][1] += 1
            time.sleep(0.1)  # Within the rate that one caller has.
        self.assertEqual(row[gone][0], 0, gone)
        return row

    def each_gone_in_turn(self):
        table = {}
        for gone in SERVICES:
            token = self.site.login()["accessToken"]
            self.under_load()
            self.site.kill_one(gone)
            table[gone] = self.asked_while_gone(gone, token)
            self.site.launch(gone)
            self.assertTrue(eventually(lambda gone=gone, token=token: self.site.status(READS[gone], token) == 200, 20),
                            f"{gone} did not come back\n{self.site.tail()}")
        return table

    def test_each_may_be_gone_under_load(self):
        trace, report = self.paths()
        table = self.replay_through(self.each_gone_in_turn, trace, report)
        print(f"\neach gone for {GONE_SECONDS} s\ngone        " + " ".join(f"{name[:9]:9}" for name in SERVICES))
        for gone, row in table.items():
            print(f"{gone:11} " + " ".join(f"{f'{row[name][0]}/{row[name][1]}':9}" for name in SERVICES))
        missed = [(gone, name, row[name]) for gone, row in table.items() for name in SERVICES
                  if name != gone and row[name][0] != row[name][1]]
        self.assertEqual(missed, [], self.site.tail())
        print(self.check(trace, report), end=" ")
