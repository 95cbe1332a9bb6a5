"""The operators' console: how it is served, and what a person sees of it in a browser (console/e2e/scenarios.mjs)."""

import gzip
import json
import os
import re
import shutil
import subprocess
import unittest

from tests.e2e.site import PASSWORD, ROOT, Site, SiteTest, eventually

CONSOLE = os.path.join(ROOT, "console")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


def why_not_in_a_browser():
    """What is missing to play the scenarios; "" when nothing is."""
    if not CHROMIUM:
        return "there is no chromium"
    if not shutil.which("node"):
        return "there is no node"
    if not os.path.isdir(os.path.join(CONSOLE, "node_modules/playwright-core")):
        return "console/node_modules has no playwright-core (npm ci)"
    return ""


def play(site, scenario, **known):
    """Runs the scenario; returns what it printed."""
    environment = dict(os.environ, URL=site.url, CHROMIUM=CHROMIUM, KNOWN=json.dumps({"password": PASSWORD, **known}),
                       SCREENS=os.path.join(ROOT, "build/screens"))
    done = subprocess.run(["node", os.path.join(CONSOLE, "e2e/run.mjs"), scenario], env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=180, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{scenario}:\n{done.stdout[-4000:]}\n{site.tail()}")
    return done.stdout


def need_console(site):
    if b'id="app"' not in site.call("GET", "/").body:
        raise unittest.SkipTest("the console is not built into this binary")


class Served(SiteTest):
    def setUp(self):
        need_console(self.site)

    def get(self, path, **headers):
        return self.site.call("GET", path, headers={key.replace("_", "-"): value for key, value in headers.items()})

    def test_the_first_screen_is_small(self):
        page = self.get("/", accept_encoding="br")
        total = len(page.body)
        names = re.findall(r'(?:src|href)="(/console/[^"]+)"', self.get("/").body.decode())
        self.assertGreater(len(names), 2)
        for name in names:
            answer = self.get(name, accept_encoding="gzip, br")
            self.assertEqual(answer.status, 200, name)
            self.assertEqual(answer.headers["content-encoding"], "br", name)
            total += len(answer.body)
        print(f"the first screen: {total} bytes")
        self.assertLess(total, 60_000)

    def test_what_never_changes_is_kept_for_ever_and_the_page_is_asked_for_again(self):
        page = self.get("/")
        self.assertEqual(page.headers["cache-control"], "no-cache")
        self.assertEqual(self.get("/", if_none_match=page.headers["etag"]).status, 304)
        script = re.search(r'src="(/console/assets/[^"]+)"', page.body.decode()).group(1)
        answer = self.get(script)
        self.assertIn("immutable", answer.headers["cache-control"])
        packed = self.get(script, accept_encoding="gzip")
        self.assertEqual(gzip.decompress(packed.body), answer.body)
        self.assertEqual(packed.headers["vary"], "accept-encoding")

    def test_scripts_and_styles_come_from_the_site_alone(self):
        policy = self.get("/").headers["content-security-policy"]
        self.assertIn("default-src 'self'", policy)
        self.assertNotIn("unsafe", policy)


@unittest.skipIf(why_not_in_a_browser(), why_not_in_a_browser())
class InABrowser(SiteTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need_console(cls.site)
        cls.expect("POST", "/v1/users", {"name": "citizen", "password": PASSWORD, "roles": ["CITIZEN"]}, cls.operator)
        nodes = [cls.site.enrol(cls.enrolment) for _ in range(12)]
        cls.report(nodes)
        cls.known = {"token": cls.operator, "node": nodes[0].name, **cls.messages(*nodes[:3])}

    @classmethod
    def expect(cls, method, path, body, token):
        answer = cls.site.call(method, path, body, token)
        assert answer.status in (200, 201), answer
        return answer.json

    @classmethod
    def report(cls, nodes):
        """Two islands: nine nodes around Antakya, one of them an uplink, and three by themselves."""
        reports = []
        for i, node in enumerate(nodes):
            heard = {other: 1 - 0.05 * max(i, j) for j, other in enumerate(nodes)
                     if other is not node and (i < 9) == (j < 9) and abs(i - j) <= 2}
            place = (36.2021 + 0.03 * (i % 4), 36.1600 + 0.05 * (i // 4))
            reports.append(node.report(place, heard, battery=5 + 8 * i, uplink=i == 0))
        def taken():
            """Discovery learns of devices by events."""
            results = cls.expect("POST", "/v1/nodes:report", {"reports": reports}, nodes[0].token)["results"]
            return not any(one.get("reason") == "NODE_NOT_ENROLLED" for one in results)
        assert eventually(taken)
        assert eventually(lambda: len(cls.expect("GET", "/v1/topology", None, cls.operator)["components"]) == 2)

    @classmethod
    def messages(cls, sender, recipient, other):
        """One that is delivered, whose receipt is on the chain; one that waits; and one that runs out."""
        delivered, message = sender.envelope(recipient.id)
        assert eventually(lambda: cls.site.call("POST", "/v1/messages", message, sender.token).status == 201)
        receipt = recipient.receipt(delivered)
        assert eventually(lambda: cls.expect("POST", "/v1/messages:ack", {"receipts": [receipt]},
                                             recipient.token)["results"][0].get("reason", "") == "")
        path = f"/v1/ledger/receipts/{delivered}/{recipient.name}:prove"
        assert eventually(lambda: cls.site.call("GET", path, token=cls.operator).status == 200, 30)
        waiting, message = sender.envelope(other.id, kind="LIFE_CRITICAL")
        cls.expect("POST", "/v1/messages", message, sender.token)
        expired, message = sender.envelope(other.id, ttl=1)
        cls.expect("POST", "/v1/messages", message, sender.token)
        return {"receipt": receipt, "waiting": waiting, "expired": expired}

    def play(self, scenario):
        return play(self.site, scenario, **self.known)

    def test_it_signs_in_and_out(self):
        self.play("signs_in_and_out")

    def test_it_makes_the_first_operator(self):
        site = Site()
        self.addCleanup(site.remove)
        site.start()
        play(site, "makes_the_first_operator", setupToken=site.setup_token())

    def test_it_shows_what_changes_meanwhile(self):
        self.play("sees_what_changes_meanwhile")

    def test_it_says_when_what_it_shows_is_old(self):
        self.play("says_when_what_it_shows_is_old")

    def test_an_emergency_is_declared_and_ended_by_keyboard_alone(self):
        self.play("declares_and_ends_by_keyboard_alone")

    def test_it_checks_the_chain_itself(self):
        self.play("checks_proofs_itself")

    def test_it_checks_the_audit_log_itself(self):
        self.play("checks_the_audit_log_itself")

    def test_it_speaks_both_languages(self):
        self.play("speaks_both_languages")

    def test_it_shows_the_mesh(self):
        self.play("shows_the_mesh")

    def test_it_follows_a_message(self):
        self.play("follows_a_message")

    def test_it_offers_what_a_role_may(self):
        self.play("offers_what_a_role_may")

    def test_it_fits_a_phone(self):
        self.play("fits_a_phone_and_both_themes")

    def test_it_is_accessible(self):
        self.play("is_accessible")

    def test_it_is_there_soon_on_a_thin_line(self):
        print(self.play("is_there_soon_at_64_kbit_s"))


if __name__ == "__main__":
    unittest.main()
