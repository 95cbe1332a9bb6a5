"""Run-time settings, flags and secrets: changed while the site serves, and there when the config service is not."""

import http.client
import json
import os
import time
import unittest

from tests.e2e.site import PASSWORD, Site, SiteTest, eventually

SHARE = "messaging.queue_share_maintenance"
UPGRADE = {"upgrade": "websocket", "connection": "upgrade", "sec-websocket-version": "13",
           "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="}
ALL_BUT_CONFIG = ("--target", "identity,discovery,messaging,gateway")


class Operating:
    """What the tests do to a site as its operator."""

    def get(self, key):
        answer = self.site.call("GET", f"/v1/config/{key}", token=self.operator)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def put(self, key, value, expected=None):
        if expected is None:
            expected = self.get(key)["revision"]
        return self.site.call("PUT", f"/v1/config/{key}", {"value": value, "expectedRevision": expected}, self.operator)

    def set(self, key, value):
        answer = self.put(key, value)
        self.assertEqual(answer.status, 200, answer)
        return int(answer.json["revision"])

    def reset(self, key):
        revision = self.get(key)["revision"]
        answer = self.site.call("DELETE", f"/v1/config/{key}?expectedRevision={revision}", token=self.operator)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def metric(self, name):
        page = self.site.call("GET", "/metrics").body.decode()
        return next(float(line.split()[-1]) for line in page.splitlines() if line.startswith(name))

    def log(self):
        with open(os.path.join(self.site.data, "server.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def imece(self, *words):
        """`imece …` as the operator."""
        path = os.path.join(self.site.data, "password")
        with open(path, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        return self.site.run(*words, "--server", self.site.grpc, "--user", "operator", "--password-file", path)


class Watch:
    """GET /v1/config:watch, read as server-sent events."""

    def __init__(self, site, token, after=0, key=""):
        self.connection = http.client.HTTPConnection("127.0.0.1", site.http_port, timeout=30)
        self.connection.request("GET", f"/v1/config:watch?afterRevision={after}&key={key}",
                                headers={"authorization": f"Bearer {token}"})
        self.answer = self.connection.getresponse()

    def next(self):
        for line in self.answer:
            if line.startswith(b"data:"):
                event = json.loads(line[5:])
                return event.get("result", event)
        return None

    def close(self):
        self.connection.close()


class Settings(Operating, SiteTest):
    def test_every_key_says_what_it_is(self):
        listed = self.site.call("GET", "/v1/config", token=self.operator).json
        keys = {one["key"]: one for one in listed["settings"]}
        self.assertIn(SHARE, keys)
        for one in keys.values():
            self.assertTrue(one["means"] and one["defaultValue"] and one["kind"], one)
        self.assertEqual(self.get(SHARE)["most"], "100")

    def test_refusals_say_why_and_name_the_bounds(self):
        answer = self.put(SHARE, "101")
        self.assert_problem(answer, 400, "SETTING_INVALID")
        self.assertIn("from 0 to 100", answer.json["detail"])
        self.assert_problem(self.put("messaging.queue", "1", 0), 404, "SETTING_UNKNOWN")
        self.assert_problem(self.site.call("GET", "/v1/config/nothing", token=self.operator), 404, "SETTING_UNKNOWN")
        device = self.site.enrol(self.enrolment)
        self.assert_problem(self.site.call("GET", "/v1/config", token=device.token), 403, "ROLE_MISSING")
        self.assert_problem(self.site.call("PUT", f"/v1/config/{SHARE}", {"value": "1"}), 401, "TOKEN_MISSING")

    def test_who_decides_on_what_has_changed_since_is_refused(self):
        first = self.get("rpc.calls_in_flight_max")["revision"]
        self.assertEqual(self.put("rpc.calls_in_flight_max", "200", first).status, 200)
        self.assert_problem(self.put("rpc.calls_in_flight_max", "100", first), 409, "REVISION_STALE")
        self.assertEqual(self.get("rpc.calls_in_flight_max")["value"], "200")
        self.assertEqual(self.reset("rpc.calls_in_flight_max")["value"], "256")

    def test_a_changed_class_limit_alters_the_running_queue(self):
        token = self.site.enrolment_token(self.operator, classes=["LIFE_CRITICAL", "OPERATIONAL", "MAINTENANCE"])
        sender, recipient = self.site.enrol(token), self.site.enrol(token)

        def submit(kind):
            answer = self.site.call("POST", "/v1/messages", sender.envelope(recipient.id, kind=kind)[1], sender.token)
            return answer.reason or answer.status

        self.assertTrue(eventually(lambda: submit("MAINTENANCE") == 201))
        self.set(SHARE, "0")
        began = time.monotonic()
        self.assertTrue(eventually(lambda: submit("MAINTENANCE") == "QUEUE_FULL", 2))
        print(f"refused after {1000 * (time.monotonic() - began):.0f} ms", end=" ")
        self.assertEqual(submit("OPERATIONAL"), 201)
        self.assertEqual(submit("LIFE_CRITICAL"), 201)
        # A share below that of a less urgent class takes that class along: the order of the classes holds.
        self.reset(SHARE)
        self.set("messaging.queue_share_operational", "0")
        self.assertTrue(eventually(lambda: submit("OPERATIONAL") == "QUEUE_FULL", 2))
        self.assertEqual(submit("MAINTENANCE"), "QUEUE_FULL")
        self.assertEqual(submit("LIFE_CRITICAL"), 201)
        self.reset("messaging.queue_share_operational")
        self.assertTrue(eventually(lambda: submit("MAINTENANCE") == 201, 2))

    def test_one_sender_does_not_fill_the_queue(self):
        self.set("messaging.sender_queue_max", "100")
        token = self.site.enrolment_token(self.operator, classes=["LIFE_CRITICAL", "MAINTENANCE"])
        loud, quiet, recipient = (self.site.enrol(token) for _ in range(3))

        def submit(sender, kind):
            answer = self.site.call("POST", "/v1/messages", sender.envelope(recipient.id, kind=kind)[1], sender.token)
            return answer.reason or answer.status

        self.assertTrue(eventually(lambda: submit(loud, "MAINTENANCE") == 201))
        sent = [submit(loud, "MAINTENANCE") for _ in range(60)]
        self.assertEqual(sent, 59 * [201] + ["SENDER_QUEUE_FULL"])
        self.assertEqual([submit(loud, "LIFE_CRITICAL") for _ in range(41)], 40 * [201] + ["SENDER_QUEUE_FULL"])
        self.assertEqual(submit(quiet, "MAINTENANCE"), 201)
        self.reset("messaging.sender_queue_max")
        self.assertTrue(eventually(lambda: submit(loud, "MAINTENANCE") == 201, 2))

    def test_a_crisis_refuses_the_lowest_class_until_it_ends(self):
        token = self.site.enrolment_token(self.operator, classes=["LIFE_CRITICAL", "MAINTENANCE"])
        sender, recipient = self.site.enrol(token), self.site.enrol(token)

        def submit(kind):
            answer = self.site.call("POST", "/v1/messages", sender.envelope(recipient.id, kind=kind)[1], sender.token)
            return answer.reason or answer.status

        def rooms():
            queues = self.site.call("GET", "/v1/queues", token=self.operator).json["classes"]
            return [int(one.get("room", "0")) for one in queues]

        self.assertTrue(eventually(lambda: submit("MAINTENANCE") == 201))
        normal = rooms()
        declared = self.site.call("POST", "/v1/emergencies", {"level": "CRISIS", "cause": "earthquake", "durationS": 600},
                                  self.operator).json
        began = time.monotonic()
        self.assertTrue(eventually(lambda: submit("MAINTENANCE") == "QUEUE_FULL", 20))
        print(f"refused {1000 * (time.monotonic() - began):.0f} ms after the declaration", end=" ")
        self.assertEqual(submit("LIFE_CRITICAL"), 201)
        self.assertEqual(rooms()[0], normal[0])
        self.assertEqual(rooms()[-1], 0)
        self.assertLess(rooms()[3], normal[3])
        self.assertEqual(self.metric("imece_emergency_level"), 2)
        ended = self.site.call("POST", f"/v1/emergencies/{declared['emergencyId']}:end", {"cause": "over"}, self.operator)
        self.assertEqual(ended.status, 200, ended)
        self.assertTrue(eventually(lambda: submit("MAINTENANCE") == 201, 20))
        self.assertEqual(rooms(), normal)

    def test_a_changed_rate_and_a_changed_body_size_hold_at_once(self):
        device, other = self.site.enrol(self.enrolment), self.site.enrol(self.enrolment)
        self.set("messaging.body_bytes_max", "10")

        def too_large():  # Another message each time: one that was taken stays taken.
            message = device.envelope(other.id, body=b"eleven bytes")[1]
            return self.site.call("POST", "/v1/messages", message, device.token).reason == "BODY_TOO_LARGE"

        self.assertTrue(eventually(too_large, 5))
        self.reset("messaging.body_bytes_max")
        rate = self.set("gateway.principal_rate", "1")
        burst = self.set("gateway.principal_burst", "1")
        limited = eventually(lambda: self.site.call("GET", "/v1/site", token=device.token).status == 429, 5)
        # The operator is a principal too, and waits for a turn.
        for key, revision in (("gateway.principal_burst", burst), ("gateway.principal_rate", rate)):
            path = f"/v1/config/{key}?expectedRevision={revision}"
            self.assertTrue(eventually(lambda: self.site.call("DELETE", path, token=self.operator).status == 200, 20, 0.2))
        self.assertTrue(limited)

    def test_a_flag_turns_web_sockets_off_for_some(self):
        device = self.site.enrol(self.enrolment)

        def upgrade():
            connection = http.client.HTTPConnection("127.0.0.1", self.site.http_port, timeout=10)
            try:
                connection.request("GET", "/v1/connect", headers={**UPGRADE, "authorization": f"Bearer {device.token}"})
                answer = connection.getresponse()
                return answer.status, b"" if answer.status == 101 else answer.read()
            finally:
                connection.close()

        self.assertEqual(upgrade()[0], 101)
        self.set("gateway.web_sockets", "operator")
        self.assertTrue(eventually(lambda: upgrade()[0] == 400, 2))
        self.assertIn(b"FEATURE_OFF", upgrade()[1])
        self.set("gateway.web_sockets", "on")
        self.assertTrue(eventually(lambda: upgrade()[0] == 101, 2))

    def test_a_watch_goes_on_where_it_was_cut_off(self):
        key = "messaging.ttl_max"
        first = self.set(key, "1h")
        watch = Watch(self.site, self.operator, first, key)
        self.set(key, "2h")
        change = watch.next()
        self.assertEqual((change["before"], change["after"]), ("1h", "2h"))
        self.assertRegex(change["actor"], "^user:")
        watch.close()
        last = self.set(key, "3h")
        watch = Watch(self.site, self.operator, change["revision"], key)
        change = watch.next()
        self.assertEqual((change["after"], int(change["revision"])), ("3h", last))
        watch.close()
        answer = self.site.call("GET", f"/v1/config:watch?afterRevision={last + 1000}", token=self.operator)
        self.assert_problem(answer, 400, "REVISION_GONE")
        self.reset(key)

    def test_the_history_says_who_and_the_audit_log_has_it(self):
        self.set("process.log_level", "debug")
        self.reset("process.log_level")
        changes = self.site.call("GET", "/v1/config/process.log_level:history", token=self.operator).json["changes"]
        self.assertEqual([(one["before"], one["after"]) for one in changes], [("debug", ""), ("", "debug")])
        user = self.site.call("GET", "/v1/users", token=self.operator).json["users"][0]["userId"]
        self.assertEqual(changes[0]["actor"], f"user:{user}")

        def audited():
            records = self.site.call("GET", "/v1/audit/records?page_size=500", token=self.operator).json["records"]
            return [one["read"] for one in records if one["read"]["type"] == "config.changed.v1"
                    and one["read"]["subject"] == "process.log_level"]

        self.assertTrue(eventually(lambda: len(audited()) == 2))
        self.assertEqual({one["actor"] for one in audited()}, {f"user:{user}"})
        self.assertEqual({one["source"] for one in audited()}, {"config"})

    def test_the_command_line(self):
        said = self.imece("config", "set", SHARE, "50", "--json")
        self.assertEqual(said.returncode, 0, said.stderr)
        revision = int(json.loads(said.stdout)["revision"])
        self.assertIn("50", self.imece("config", "get", SHARE).stdout)
        self.assertIn(SHARE, self.imece("config", "list", "--set").stdout)
        stale = self.imece("config", "set", SHARE, "40", "--expect", "0")
        self.assertEqual((stale.returncode, "REVISION_STALE" in stale.stderr), (1, True), stale)
        invalid = self.imece("config", "set", SHARE, "many")
        self.assertIn("from 0 to 100", invalid.stderr)
        watched = self.imece("config", "watch", SHARE, "--after", str(revision - 1), "--count", "1", "--json")
        self.assertEqual(json.loads(watched.stdout)["after"], "50")
        self.assertEqual(self.imece("config", "reset", SHARE).returncode, 0)
        history = self.imece("config", "history", SHARE, "--count", "1").stdout
        self.assertIn("50 → (default)", history)

        said = self.imece("flag", "set", "gateway.web_sockets", "--percent", "25", "--role", "operator")
        self.assertIn("25% operator", said.stdout, said.stderr)
        self.assertIn("25% operator", self.imece("flag", "list").stdout)
        self.assertEqual(self.imece("flag", "on", "gateway.web_sockets").returncode, 0)
        printed = self.site.run("config", "print")
        self.assertIn("history_max", printed.stdout)
        self.assertEqual(self.site.run("config", "check").returncode, 0)
        shown = self.site.run("config", "--help").stdout
        self.assertIn("Run-time settings", shown)
        self.assertIn("Start-up configuration", shown)


class Secrets(Operating, SiteTest):
    SECRETS = ("kiraz-cicegi-1955", "nar-agaci-2023", "ayva-tatlisi-3077")

    def test_a_secret_is_nowhere_to_be_read(self):
        first, second, third = self.SECRETS
        heard = [self.site.call("PUT", "/v1/secrets/sms.token", {"value": first}, self.operator)]
        self.assertEqual(heard[0].status, 200, heard[0])
        heard.append(self.site.call("PUT", "/v1/secrets/sms.token", {"value": second}, self.operator))
        self.assert_problem(heard[1], 409, "REVISION_STALE")
        path = os.path.join(self.site.data, "value")
        with open(path, "w", encoding="utf-8") as file:
            file.write(third + "\n")
        said = [self.imece("secret", "set", "sms.token", "--value-file", path)]
        self.assertEqual(said[0].returncode, 0, said[0].stderr)
        os.remove(path)
        heard.append(self.site.call("PUT", "/v1/secrets/Not-A-Name", {"value": second}, self.operator))
        self.assert_problem(heard[-1], 400, "FIELD_INVALID")
        heard.append(self.site.call("POST", "/v1/secrets:rotateKey", {}, self.operator))
        self.assertEqual(heard[-1].json["secrets"], 1)
        heard += [self.site.call("GET", target, token=self.operator) for target in
                  ("/v1/secrets", "/v1/config", "/metrics", "/v1/audit/records?page_size=500", "/v1/secrets/sms.token")]
        self.assertEqual(heard[-1].status, 405)
        said += [self.imece("secret", "list"), self.imece("events", "tail", "--source", "config", "--after", "0",
                                                          "--count", "2", "--json")]
        self.assertIn("sms.token", said[1].stdout)
        self.assertIn("secret.changed.v1", said[2].stdout)
        changed = self.site.call("GET", "/v1/audit/records?page_size=500", token=self.operator)
        self.assertTrue(eventually(lambda: any(
            one["read"]["type"] == "secret.changed.v1" for one in self.site.call(
                "GET", "/v1/audit/records?page_size=500", token=self.operator).json["records"])), changed)

        self.site.stop()
        places = {"answers": b"".join(repr(one.headers).encode() + one.body for one in heard),
                  "command line": "".join(one.stdout + one.stderr for one in said).encode()}
        for folder, _, names in os.walk(self.site.data):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    places[os.path.join(folder, name)] = file.read()
        for secret in self.SECRETS:
            for place, data in places.items():
                self.assertNotIn(secret.encode(), data, place)
        mode = os.stat(os.path.join(self.site.data, "config/sealing.key")).st_mode & 0o777
        self.assertEqual(mode, 0o600)
        self.site.start()
        self.assertEqual(self.imece("secret", "delete", "sms.token").returncode, 0)
        self.assertEqual(self.site.call("GET", "/v1/secrets", token=self.operator).json.get("secrets", []), [])


class Lasting(Operating, unittest.TestCase):
    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.remove)
        self.site.start()
        self.operator = self.site.make_operator()

    def test_what_was_acknowledged_outlives_a_kill(self):
        for value in range(20):
            revision = self.set(SHARE, str(value))
            self.site.kill()
            self.site.start()
            self.assertEqual((self.get(SHARE)["value"], int(self.get(SHARE)["revision"])), (str(value), revision))

    def test_a_restart_without_the_service_goes_on_with_the_last_known_good(self):
        token = self.site.enrolment_token(self.operator, classes=["LIFE_CRITICAL", "MAINTENANCE"])
        sender, recipient = self.site.enrol(token), self.site.enrol(token)

        def submit(kind):
            answer = self.site.call("POST", "/v1/messages", sender.envelope(recipient.id, kind=kind)[1], sender.token)
            return answer.reason or answer.status

        self.set(SHARE, "0")
        self.assertTrue(eventually(lambda: submit("MAINTENANCE") == "QUEUE_FULL", 5))
        self.assertEqual(self.metric("imece_settings_following"), 1)
        mode = os.stat(os.path.join(self.site.data, "settings")).st_mode & 0o777
        self.assertEqual(mode, 0o600)
        self.site.stop()
        self.site.options = ALL_BUT_CONFIG
        self.site.start()
        self.assertEqual(self.site.call("GET", "/readyz").status, 200)
        self.assertEqual(submit("MAINTENANCE"), "QUEUE_FULL")
        self.assertEqual(submit("LIFE_CRITICAL"), 201)
        self.assertTrue(eventually(lambda: "settings_on_last_known_good" in self.log()))
        self.assertIn("settings_last_known_good", self.log())
        self.assertEqual(self.metric("imece_settings_following"), 0)
        self.assertGreater(self.metric("imece_settings_revision"), 0)
        self.site.stop()
        self.site.options = ()
        self.site.start()
        self.assertTrue(eventually(lambda: self.metric("imece_settings_following") == 1))
        self.reset(SHARE)
        self.assertTrue(eventually(lambda: submit("MAINTENANCE") == 201, 5))

    def test_what_is_compacted_is_said(self):
        self.site.stop()
        self.site.options = ("--set", "config.history_max=2")
        self.site.start()
        for value in range(5):
            self.set(SHARE, str(value))
        watch = Watch(self.site, self.operator, 1)
        self.assertEqual(watch.answer.status, 400)
        self.assertEqual(json.loads(watch.answer.read())["reason"], "REVISION_GONE")
        watch.close()
        listed = self.site.call("GET", "/v1/config", token=self.operator).json
        watch = Watch(self.site, self.operator, listed["revision"])
        self.set(SHARE, "77")
        self.assertEqual(watch.next()["after"], "77")
        watch.close()
