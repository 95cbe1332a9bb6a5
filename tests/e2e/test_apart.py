"""The site as eight processes: as good as one, known to each other by certificates, and each missed by its own callers only."""

import datetime
import http.client
import os
import re
import subprocess
import time
import unittest

from tests.e2e.apart import READS, SERVICES, ApartSite
from tests.e2e.replay_site import ReplayTest
from tests.e2e.site import BINARY, eventually
from tests.e2e.test_messages import Stream


class Apart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = ApartSite(scale=1)
        cls.addClassCleanup(cls.site.remove)
        cls.site.start_with_operator()
        cls.operator = cls.site.login()["accessToken"]
        cls.enrolment = cls.site.enrolment_token(cls.operator, quota=50)

    def answers(self, name):
        return self.site.status(READS[name], self.operator) == 200

    def certificate(self, name):
        with open(os.path.join(self.site.data, name, "member/tls.crt"), encoding="ascii") as file:
            text = subprocess.run(["openssl", "x509", "-noout", "-serial", "-ext", "subjectAltName"],
                                  stdin=file, capture_output=True, text=True, check=True).stdout
        return text

    def test_every_service_answers_through_the_gateway(self):
        for name in SERVICES:
            with self.subTest(name):
                self.assertTrue(eventually(lambda name=name: self.answers(name)), self.site.tail())
                self.assertIn(f"URI:spiffe://imece/service/{name}", self.certificate(name))
        site = self.site.call("GET", "/v1/site").json
        self.assertEqual(set(site["services"]), {*SERVICES, "gateway"})
        self.assertEqual(site["grpcPort"], self.site.grpc_port)

    def test_a_message_goes_from_hand_to_hand(self):
        sender, recipient = (self.site.enrol(self.enrolment) for _ in range(2))
        stream = Stream(self.site, recipient)
        self.addCleanup(stream.close)
        name, message = sender.envelope(recipient.id)
        self.assertTrue(eventually(lambda: self.site.call("POST", "/v1/messages", message,
                                                          sender.token).status in (200, 201)), self.site.tail())
        self.assertTrue(eventually(lambda: name in stream.ids()), self.site.tail())

    def test_each_process_says_how_it_is(self):
        for name in (*SERVICES, "gateway"):
            with self.subTest(name):
                link = http.client.HTTPConnection("127.0.0.1", self.site.watch[name], timeout=10)
                self.addCleanup(link.close)
                for path, word in (("/healthz", b"ok"), ("/readyz", b"ready"),
                                   ("/metrics", b'imece_certificate_end_seconds{use="member"}')):
                    link.request("GET", path)  # Connects again: each answer ends its connection.
                    answer = link.getresponse()
                    self.assertEqual(answer.status, 200, path)
                    self.assertIn(word, answer.read())

    def grpc_status(self, url, rpc, authorization):
        """How a call with an empty message ends: the number in grpc-status. A refusal may come before the message is read; curl
        takes the end of the stream for an error then (92), now and again, and has nothing to show: it is asked again."""
        ended = eventually(lambda: self.ask_by_curl(url, rpc, authorization))
        return ended and int(ended.group(1))

    def ask_by_curl(self, url, rpc, authorization):
        result = subprocess.run(
            ["curl", "--silent", "--insecure", "--http2-prior-knowledge" if url.startswith("http:") else "--http2",
             "--max-time", "20", "--output", "/dev/null", "--dump-header", "-", "--header", "content-type: application/grpc",
             "--header", "te: trailers", "--header", f"authorization: {authorization}", "--header", "imece-of: identity",
             "--data-binary", "@-", f"{url}/{rpc}"], input=bytes(5), capture_output=True, timeout=30, check=False)
        return re.search(rb"(?im)^grpc-status: *([0-9]+)", result.stdout)

    def test_a_stranger_is_no_service(self):
        """The gateway passes nobody on as a service, and a peer's port believes certificates only, not words."""
        unauthenticated, unimplemented = 16, 12
        peer = f"https://127.0.0.1:{self.site.ports['identity']}"
        for url in (f"http://{self.site.grpc}", peer):
            for word in ("Service messaging -", "Service messaging " + "0" * 64, "Bearer x"):
                for rpc in ("imece.bus.v1.BusService/Subscribe", "imece.identity.v1.IdentityService/ListUsers"):
                    with self.subTest((url, word, rpc)):
                        self.assertEqual(self.grpc_status(url, rpc, word), unauthenticated)
        for rpc in ("imece.trust.v1.TrustService/WatchTrust", "imece.join.v1.JoinService/Join"):
            self.assertEqual(self.grpc_status(f"http://{self.site.grpc}", rpc, "Bearer x"), unimplemented, rpc)

    def test_events_of_each_come_through_the_gateway(self):
        for source in ("identity", "messaging"):
            with self.subTest(source):
                result = subprocess.run([BINARY, "events", "tail", "--source", source, "--after", "0", "--count", "1",
                                         "--server", self.site.grpc, "--user", "operator", "--password-file",
                                         self.site.password_file], capture_output=True, text=True, timeout=60,
                                        check=False)
                self.assertEqual(result.returncode, 0, result)
                self.assertIn(".v1", result.stdout)

    def test_any_one_may_be_gone(self):
        """Kills each in turn: all others answer meanwhile, and it comes back by itself."""
        for name in SERVICES:
            self.assertTrue(eventually(lambda name=name: self.answers(name)), name)
        table = {}
        for gone in SERVICES:
            self.site.kill_one(gone)
            table[gone] = {name: self.answers(name) for name in SERVICES}
            refused = self.site.call("GET", READS[gone], token=self.operator)
            self.assertEqual((refused.status, refused.reason), (503, "PEER_UNREACHABLE"), gone)
            self.site.launch(gone)
            self.assertTrue(eventually(lambda gone=gone: self.answers(gone), 20), f"{gone}\n{self.site.tail()}")
        print("\ngone        " + " ".join(f"{name[:9]:9}" for name in SERVICES))
        for gone, row in table.items():
            print(f"{gone:11} " + " ".join(f"{'answers' if row[name] else '-':9}" for name in SERVICES))
        for gone, row in table.items():
            self.assertEqual([name for name in SERVICES if not row[name]], [gone])


class Strangers(unittest.TestCase):
    def test_a_secret_is_good_for_its_own_service_only(self):
        site = ApartSite(scale=1, secrets_of={"messaging": "ledger"}, programs=False)
        self.addCleanup(site.remove)
        site.start(never_ready=("messaging",))
        operator = site.make_operator()
        with open(os.path.join(site.data, "server.log"), encoding="utf-8") as log:
            self.assertTrue(eventually(lambda: "JOIN_REFUSED" in log.read()), site.tail())
        self.assertEqual(site.status("/v1/queues", operator), 503)
        self.assertFalse(os.path.exists(os.path.join(site.data, "messaging/member/tls.crt")))

    def test_what_is_wrong_is_said_at_the_start(self):
        site = ApartSite(scale=1)
        self.addCleanup(site.remove)
        for settings, word in ((["rpc.peers=identity"], "SERVICE=address:port"),
                               (["rpc.peers=identity=127.0.0.1:1"], "join_secret_file"),
                               (["rpc.peer_listen=127.0.0.1:1"], "join_secret_file"),
                               (["watch.listen=0.0.0.0:9100"], "public")):
            with self.subTest(word):
                words = [word for one in settings for word in ("--set", one)]
                result = site.run("config", "check", *words)
                self.assertEqual(result.returncode, 2, result)
                self.assertIn(word, result.stderr)
        result = site.run("serve", "--exercise", "--target", "gateway", "--data", site.data, "--set",
                          "rpc.peers=identity=127.0.0.1:1", "--set", f"rpc.join_secret_file={site.data}/none")
        self.assertEqual(result.returncode, 2, result)
        self.assertIn("began_ms", result.stderr)


class Renewal(unittest.TestCase):
    def test_a_certificate_is_renewed_while_calls_go_on(self):
        """Certificates of 20 s: after 25 s all first ones have run out, and no call was refused."""
        site = ApartSite("--set", "security.service_lifetime=20s", scale=1)
        self.addCleanup(site.remove)
        site.start_with_operator()
        operator = site.login()["accessToken"]

        def serials():
            found = {}
            for name in SERVICES:
                with open(os.path.join(site.data, name, "member/tls.crt"), encoding="ascii") as file:
                    found[name] = re.sub(r"\s", "", file.read())
            return found

        for name in SERVICES:
            self.assertTrue(eventually(lambda name=name: site.status(READS[name], operator) == 200), name)
        first, until, refused = serials(), time.monotonic() + 25, []
        while time.monotonic() < until:
            for name in SERVICES:
                status = site.status(READS[name], operator)
                time.sleep(0.01)  # Within the rate that one caller has.
                if status != 200:
                    refused.append((name, status, round(until - time.monotonic(), 1)))
        self.assertEqual(refused, [], site.tail())
        self.assertFalse(set(serials().values()) & set(first.values()))


class IdentityGone(unittest.TestCase):
    def test_messages_go_on_for_the_hour_that_policy_gives(self):
        """At scale 150 a token of 15 minutes ends after 6 s; identity is gone, messaging restarts meanwhile."""
        site = ApartSite(scale=150)
        self.addCleanup(site.remove)
        site.start_with_operator()
        enrolment = site.enrolment_token(site.login()["accessToken"], quota=5)
        sender, recipient = (site.enrol(enrolment) for _ in range(2))

        def sent():
            now = datetime.datetime.fromisoformat(site.call("GET", "/v1/site").json["now"])
            message = sender.envelope(recipient.id, now=now.timestamp())[1]
            return site.call("POST", "/v1/messages", message, sender.token)


        def sent_with_a_new_token():
            site.sign_in(sender)
            return sent().status in (200, 201)

        self.assertTrue(eventually(sent_with_a_new_token), site.tail())
        site.kill_one("identity")
        ended = time.monotonic() + 7
        self.assertTrue(eventually(lambda: time.monotonic() > ended, 9))
        answer = sent()
        self.assertIn(answer.status, (200, 201), answer)
        site.kill_one("messaging")
        site.launch("messaging")
        self.assertTrue(eventually(lambda: sent().status in (200, 201)), site.tail())
        # An hour is 24 s here: then nobody is believed any more.
        self.assertTrue(eventually(lambda: sent().reason == "TOKEN_EXPIRED", 40), sent())


class Replayed(ReplayTest):
    def setUp(self):
        self.site = ApartSite(scale=self.scale)
        self.addCleanup(self.site.remove)
        self.site.start_with_operator()

    def test_a_small_disaster_is_what_it_is_in_one_process(self):
        """Uplink nodes come in through the gateway's gRPC port."""
        status, report, trace = self.replay("--scenario", "kahramanmaras-2023", "--phones", "60",
                                            "--minutes", "3", "--seed", "7")
        self.assert_reckoned_alike(report, trace)
        self.assertTrue(report["held"], report)
        self.assertEqual(status, 0)
        self.assertGreater(report["messages"], 50)
