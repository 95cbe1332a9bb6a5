"""Analytics: what became of messages, exactly, whatever happens to the process."""

import contextlib
import http.client
import json
import os
import socket
import sqlite3
import threading
import time
import unittest

from tests.e2e.site import PASSWORD, Site, SiteTest, eventually
from tests.e2e.test_messages import Stream

REJECTED = 6
CLASSES = ["LIFE_CRITICAL", "SAFETY_CRITICAL", "OPERATIONAL", "COMMUNICATION", "MAINTENANCE"]
COUNTS = ("accepted", "delivered", "rejected", "expired", "expiredUnreachable")


def numbers(entry):
    return {name: int(entry.get(name, 0)) for name in COUNTS}


def rows_of(site):
    """All that analytics holds, of a site that is stopped."""
    with contextlib.closing(sqlite3.connect(os.path.join(site.data, "analytics/analytics.db"))) as store:
        return {table: store.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3" if table == "buckets"
                                     else f"SELECT * FROM {table} ORDER BY 1").fetchall()
                for table in ("buckets", "waiting", "progress", "islands", "island_nodes")}


class Watch:
    """GET /v1/overview:watch, read on a thread; when each overview came, and what it said."""

    def __init__(self, site, token, query=""):
        self.connection = http.client.HTTPConnection("127.0.0.1", site.http_port, timeout=60)
        self.connection.request("GET", f"/v1/overview:watch{query}",
                                headers={"authorization": f"Bearer {token}", "accept": "text/event-stream"})
        self.socket = self.connection.sock
        self.answer = self.connection.getresponse()
        self.got = []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        try:
            for line in self.answer:
                if line.startswith(b"data:"):
                    event = json.loads(line[5:])
                    event = event.get("result", event)
                    if "classes" in event:
                        self.got.append((time.monotonic(), event))
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass  # Closed.

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)
        self.connection.close()


class Analysed(unittest.TestCase):
    """A site of its own for each test: what is counted is all that happened."""

    exercise = True

    def setUp(self):
        self.site = Site(exercise=self.exercise)
        self.addCleanup(self.site.remove)
        self.site.start()
        self.operator = self.site.make_operator()
        self.enrolment = self.site.enrolment_token(self.operator, classes=CLASSES)
        self.sender = self.site.enrol(self.enrolment)
        self.recipient = self.site.enrol(self.enrolment)

    def get(self, path):
        answer = self.site.call("GET", path, token=self.operator)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def standing(self, kind="COMMUNICATION"):
        return self.get("/v1/overview")["classes"][CLASSES.index(kind)]

    def stream(self, device):
        stream = Stream(self.site, device)
        self.addCleanup(stream.close)
        return stream

    def submit(self, **more):
        """Sends until the recipient, enrolled a moment ago, has become known to messaging."""
        def sent():
            name, message = self.sender.envelope(self.recipient.id, exercise=self.exercise, **more)
            answer = self.site.call("POST", "/v1/messages", message, self.sender.token)
            return name if answer.status == 201 else None

        name = eventually(sent, 5)
        self.assertTrue(name)
        return name

    def acknowledge(self, *names, **more):
        receipts = [self.recipient.receipt(name, **more) for name in names]
        answer = self.site.call("POST", "/v1/messages:ack", {"receipts": receipts}, self.recipient.token)
        self.assertEqual(answer.status, 200, answer)

    def assert_counts(self, **expected):
        wanted = dict(dict.fromkeys(COUNTS, 0), **expected)
        self.assertTrue(eventually(lambda: numbers(self.standing()) == wanted), self.standing())


class Counts(Analysed):
    def test_each_fate_is_counted_and_the_promise_is_judged(self):
        self.submit(ttl=1)
        self.assert_counts(accepted=1, expiredUnreachable=1)
        stream = self.stream(self.recipient)
        late = self.submit(ttl=1)
        self.assertTrue(eventually(lambda: late in stream.ids()))  # It had a path, and nobody acknowledged it.
        self.assert_counts(accepted=2, expiredUnreachable=1, expired=1)
        self.acknowledge(self.submit(), kind=REJECTED)
        names = [self.submit() for _ in range(29)]
        self.acknowledge(*names[:28])
        self.assert_counts(accepted=32, expiredUnreachable=1, expired=1, rejected=1, delivered=28)
        self.assertEqual(self.standing()["judgement"], "NOT_JUDGED")
        self.assertIn("oldestWaitingAcceptedAt", self.standing())

        self.acknowledge(names[28])
        self.assert_counts(accepted=32, expiredUnreachable=1, expired=1, rejected=1, delivered=29)
        standing = self.standing()
        self.assertEqual(standing["judgement"], "HELD")
        self.assertAlmostEqual(standing["deliveredShare"], 29 / 30)
        self.assertEqual(standing["promisedShare"], 0.94)
        self.assertNotIn("oldestWaitingAcceptedAt", standing)
        self.assertEqual(numbers(self.standing("OPERATIONAL")), dict.fromkeys(COUNTS, 0))

        overview = self.get("/v1/overview")
        self.assertTrue(overview["exercise"])
        self.assertGreater(overview["acceptedPerS"], 0)
        self.assertGreater(overview["deliveredPerS"], 0)
        source = next(one for one in overview["sources"] if one["service"] == "messaging")
        self.assertTrue(source["connected"])
        self.assertIn("countedTo", source)
        buckets = self.get("/v1/delivery?priority=COMMUNICATION")["buckets"]
        self.assertEqual(sum(int(one.get("delivered", 0)) for one in buckets), 29)
        self.assertFalse(self.get("/v1/delivery?priority=MAINTENANCE").get("buckets"))

    def test_latency_counts_from_the_moment_when_a_path_existed(self):
        names = [self.submit() for _ in range(3)]
        accepted = time.monotonic()
        self.assertTrue(eventually(lambda: time.monotonic() > accepted + 1.5))
        stream = self.stream(self.recipient)
        self.assertTrue(eventually(lambda: set(names) <= set(stream.ids())))
        self.acknowledge(*names)
        self.assert_counts(accepted=3, delivered=3)
        self.assertLess(self.standing()["latencyP99S"], 1.4)

    def test_since_when_a_path_existed_outlives_a_crash(self):
        stream = self.stream(self.recipient)
        name = self.submit()
        self.assertTrue(eventually(lambda: name in stream.ids()))
        accepted = time.monotonic()
        self.site.kill()
        self.assertTrue(eventually(lambda: time.monotonic() > accepted + 1.5))
        self.site.start()
        self.acknowledge(name)
        self.assert_counts(accepted=1, delivered=1)
        self.assertGreater(self.standing()["latencyP50S"], 1.4)

    def test_counts_are_exact_whenever_the_process_is_killed(self):
        stream = self.stream(self.recipient)
        for _ in range(4):
            sent = [self.submit() for _ in range(25)]
            self.assertTrue(eventually(lambda: set(sent) <= set(stream.ids())))
            self.acknowledge(*sent[:20])
            self.site.kill()
            self.site.start()
            stream = self.stream(self.recipient)
        states = [message["copies"][0]["state"]
                  for message in self.get("/v1/messages?page_size=1000")["messages"]]
        self.assertEqual(len(states), 100)
        self.assertEqual(states.count("DELIVERED"), 80)
        self.assert_counts(accepted=100, delivered=80)

    def test_counted_anew_it_is_what_it_was(self):
        stream = self.stream(self.recipient)
        for kind in CLASSES[3:]:
            for _ in range(20):
                name = self.submit(kind=kind)
                self.assertTrue(eventually(lambda: name in stream.ids()))
                if len(stream.ids()) % 3:
                    self.acknowledge(name)
        self.submit(ttl=1)
        self.assertTrue(eventually(lambda: int(self.standing().get("expired", 0)) == 1))
        self.site.kill()
        self.site.start()  # Read in other pieces than it came.
        before = self.get("/v1/overview")["classes"]
        self.site.stop()
        live = rows_of(self.site)
        self.assertGreater(len(live["buckets"]), 3)
        self.assertGreater(len(live["waiting"]), 5)

        rebuilt = self.site.run("analytics", "rebuild", "--data", self.site.data)
        self.assertEqual(rebuilt.returncode, 0, rebuilt.stderr)
        self.assertEqual([rows for rows in rows_of(self.site).values() if rows], [])
        self.site.start()
        self.assertTrue(eventually(lambda: self.get("/v1/overview")["classes"] == before),
                        (before, self.get("/v1/overview")["classes"]))
        refused = self.site.run("analytics", "rebuild", "--data", self.site.data)
        self.assertEqual(refused.returncode, 1, "a site that runs was rebuilt")
        self.assertIn("DATA_DIR_REFUSED", refused.stderr)
        self.site.stop()
        self.assertEqual(rows_of(self.site), live)

    def test_the_overview_is_told_as_it_changes(self):
        watch = Watch(self.site, self.operator, "?window_s=600")
        self.addCleanup(watch.close)
        self.assertTrue(eventually(lambda: watch.got, 5))
        self.assertEqual(watch.got[0][1]["windowS"], 600)
        until = time.monotonic() + 3
        sent = 0
        while time.monotonic() < until:
            self.submit()
            sent += 1
        self.assertTrue(eventually(
            lambda: numbers(watch.got[-1][1]["classes"][3])["accepted"] == sent, 5), watch.got[-1])
        times = [at for at, _ in watch.got]
        self.assertGreater(len(times), 2)
        self.assertLessEqual(len(times), (times[-1] - times[0]) / 0.9 + 1, times)
        self.site.stop()  # Ends the stream too, or this would fail.


class Shared(SiteTest):
    def test_only_those_in_charge_may_look(self):
        device = self.site.enrol(self.enrolment)
        for path in ("/v1/overview", "/v1/overview:watch", "/v1/delivery"):
            self.assert_problem(self.site.call("GET", path, token=device.token), 403, "ROLE_MISSING")
            self.assert_problem(self.site.call("GET", path), 401, "TOKEN_MISSING")

    def test_a_query_has_limits(self):
        for query, reason in (("?step_s=90", "FIELD_INVALID"),
                              ("?from=2023-01-01T00:00:00Z&to=2023-01-09T00:00:00Z", "QUERY_TOO_LARGE"),
                              ("?from=2023-01-01T00:00:00Z", "QUERY_TOO_LARGE")):
            self.assert_problem(self.site.call("GET", f"/v1/delivery{query}", token=self.operator), 400, reason)
        answer = self.site.call("GET", "/v1/delivery?from=2023-01-01T00:00:00Z&to=2023-01-09T00:00:00Z&step_s=3600",
                                token=self.operator)
        self.assertEqual(answer.status, 200, answer)
        self.assert_problem(self.site.call("GET", "/v1/overview?window_s=604801", token=self.operator), 400,
                            "FIELD_INVALID")

    def test_the_command_line_and_the_gauges_say_it_too(self):
        secret = os.path.join(self.site.data, "password")
        with open(secret, "w", encoding="ascii") as file:
            file.write(PASSWORD)
        signed_in = ("--server", self.site.grpc, "--user", "operator", "--password-file", secret)
        shown = self.site.run("analytics", "show", "--window", "2h", *signed_in)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout, r"LIFE_CRITICAL +99\.5 %, 5 s +not judged")
        self.assertIn("the last 7200 s of an exercise", shown.stdout)
        told = self.site.run("analytics", "show", "--json", *signed_in)
        self.assertEqual([one["priority"] for one in json.loads(told.stdout)["classes"]], CLASSES)
        gauges = self.site.call("GET", "/metrics").body.decode()
        self.assertIn('imece_analytics_promise_broken{class="LIFE_CRITICAL"} 0', gauges)


class Real(Analysed):
    exercise = False

    def test_an_exercise_never_counts_on_a_real_site(self):
        self.submit()
        _, drill = self.sender.envelope(self.recipient.id, exercise=True)
        self.assertNotEqual(self.site.call("POST", "/v1/messages", drill, self.sender.token).status, 201)
        self.assert_counts(accepted=1)
        self.assertFalse(self.get("/v1/overview").get("exercise", False))


if __name__ == "__main__":
    unittest.main()
