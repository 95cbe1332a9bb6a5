"""kill -9 at random moments under load, and a ledger kept outside of what was acknowledged."""

import json
import os
import random
import subprocess
import time
import unittest

from tests.e2e.site import LONG, eventually
from tests.e2e.replay_site import VERIFY, ReplaySite, lines_of

KILLS = 40 if LONG else 22
MINUTES = 24 if LONG else 12


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Crash(unittest.TestCase):
    def setUp(self):
        self.site = ReplaySite()
        self.addCleanup(self.site.remove)
        self.site.start_with_operator()
        self.seed = int(os.environ.get("IMECE_SEED", random.randrange(10**6)))
        print(f"seed {self.seed}", end=" ")
        self.dice = random.Random(self.seed)

    def replay_while_killing(self, trace, report):
        """Returns how often the server was killed while the replay ran."""
        output = open(os.path.join(self.site.data, "replay.log"), "wb")
        self.addCleanup(output.close)
        replay = subprocess.Popen(self.site.replay_command(
            "--scenario", "kahramanmaras-2023", "--phones", "80", "--minutes", str(MINUTES),
            "--seed", str(self.seed), "--trace", trace, "--json", report),
            stdout=output, stderr=subprocess.STDOUT)
        self.addCleanup(lambda: replay.poll() is None and replay.kill())
        # Enrolment comes first; load is what the kills are to meet.
        self.assertTrue(eventually(lambda: "acknowledged" in read(output.name), 60), read(output.name))
        share = MINUTES * 60 / 10 * 0.8 / KILLS  # Wall seconds a kill, within the replay's time.
        killed = 0
        while killed < KILLS and replay.poll() is None:
            time.sleep(self.dice.uniform(0.1, 1.0) * share)
            self.site.kill()
            self.site.start()
            killed += 1
        replay.wait(600)
        self.assertTrue(os.path.exists(report), self.site.tail())
        return killed

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

    def test_nothing_acknowledged_is_lost_and_nothing_is_delivered_twice(self):
        trace, report = self.site.report_path("run.jsonl"), self.site.report_path("run.json")
        killed = self.replay_while_killing(trace, report)
        self.assertEqual(killed, KILLS, "the replay ended before the last kill")

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
        self.assertEqual([key for key, times in delivered.items() if times > 1], [])

        stored = self.all_messages()
        lost = [name for name in accepted if name not in stored]
        self.assertEqual(lost, [], f"{len(lost)} of {len(accepted)} accepted messages are gone")
        unlearned = [name for name, nodes in acknowledged.items()
                     if sum(copy["state"] == "DELIVERED" for copy in stored[name]["copies"]) < len(nodes)]
        self.assertEqual(unlearned, [], "receipts that were confirmed are gone")
        print(f"{killed} kills, {len(accepted)} accepted, {len(acknowledged)} acknowledged", end=" ")

        result = subprocess.run(["python3", VERIFY, trace, "--report", report], capture_output=True,
                                text=True, timeout=300, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        with open(report, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["twice"], 0)
