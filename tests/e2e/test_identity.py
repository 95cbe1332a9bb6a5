"""People and devices: set-up, sign-in, refresh, enrolment, challenges, revocation."""

import base64
import json
import os
import time

from tests.e2e.site import PASSWORD, Site, SiteTest, eventually, signed
from tests.e2e.wire import Device, b64


class People(SiteTest):
    def test_the_first_operator_is_made_once_by_the_link(self):
        fresh = Site()
        self.addCleanup(fresh.remove)
        fresh.start()
        token = fresh.setup_token()
        body = {"setupToken": token, "name": "first", "password": PASSWORD}
        self.assert_problem(fresh.call("POST", "/v1/setup", dict(body, setupToken="x" * 32)), 403,
                            "SETUP_TOKEN_INVALID")
        self.assert_problem(fresh.call("POST", "/v1/setup", dict(body, password="short")), 400,
                            "PASSWORD_TOO_WEAK")
        made = fresh.call("POST", "/v1/setup", body)
        self.assertEqual(made.status, 201, made)
        self.assertEqual(made.json["roles"], ["OPERATOR"])
        self.assert_problem(fresh.call("POST", "/v1/setup", dict(body, name="second")), 403,
                            "SETUP_TOKEN_INVALID")
        fresh.stop()
        fresh.start()
        self.assert_problem(fresh.call("POST", "/v1/setup", dict(body, name="third")), 403,
                            "SETUP_TOKEN_INVALID")
        self.assertTrue(fresh.login("first")["accessToken"])

    def test_there_is_no_default_password(self):
        for name in ("admin", "root", "imece"):
            for password in ("", "admin", "imece", "password"):
                answer = self.site.call("POST", "/v1/sessions", {"name": name, "password": password})
                self.assertIn(answer.status, (400, 401, 429), answer)

    def test_the_command_line_makes_the_first_operator_and_then_others(self):
        fresh = Site()
        self.addCleanup(fresh.remove)
        fresh.start()
        password = os.path.join(fresh.data, "password")
        with open(password, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        add = ("user", "add", "--server", fresh.grpc, "--data", fresh.data, "--password-file", password)
        self.assertNotEqual(fresh.run(*add, "zeynep", "--role", "citizen").returncode, 0)
        first = fresh.run(*add, "ayse", "--role", "operator")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertNotIn(PASSWORD, first.stdout + first.stderr)
        self.assertTrue(fresh.login("ayse")["accessToken"])
        second = fresh.run(*add, "mehmet", "--role", "responder", "--as-user", "ayse", "--as-password-file",
                           password)
        self.assertEqual(second.returncode, 0, second.stderr)
        self.assertTrue(fresh.login("mehmet")["accessToken"])
        self.assertNotEqual(fresh.run(*add, "third", "--role", "operator").returncode, 0)

    def test_a_wrong_password_and_an_unknown_name_look_the_same(self):
        wrong = self.site.call("POST", "/v1/sessions", {"name": "operator", "password": "wrong wrong wrong"})
        unknown = self.site.call("POST", "/v1/sessions", {"name": "nobody", "password": "wrong wrong wrong"})
        self.assert_problem(wrong, 401, "LOGIN_REFUSED")
        self.assert_problem(unknown, 401, "LOGIN_REFUSED")
        self.assertEqual(wrong.json.get("detail"), unknown.json.get("detail"))

    def test_a_refresh_token_in_two_hands_ends_the_session(self):
        def refresh(token):
            return self.site.call("POST", "/v1/sessions:refresh", {"refreshToken": token})

        first = self.site.login()["refreshToken"]
        second = refresh(first)
        self.assertEqual(second.status, 200, second)
        self.assertNotEqual(second.json["refreshToken"], first)
        third = refresh(second.json["refreshToken"])
        self.assertEqual(third.status, 200, third)
        # Somebody still has the first one: thief or owner, neither goes on.
        self.assert_problem(refresh(first), 401, "REFRESH_REFUSED")
        self.assert_problem(refresh(third.json["refreshToken"]), 401, "REFRESH_REFUSED")
        self.assert_problem(refresh("x" * 40), 401, "REFRESH_REFUSED")

    def test_logout_ends_the_session_within_a_second(self):
        session = self.site.login()
        token = session["accessToken"]
        self.assertEqual(self.site.call("GET", "/v1/users", token=token).status, 200)
        self.assertEqual(self.site.call("POST", "/v1/sessions:logout", {}, token).status, 200)
        began = time.monotonic()
        self.assertTrue(eventually(
            lambda: self.site.call("GET", "/v1/users", token=token).reason == "TOKEN_REVOKED", 5))
        self.assertLess(time.monotonic() - began, 1.0)
        self.assert_problem(self.site.call("POST", "/v1/sessions:refresh",
                                           {"refreshToken": session["refreshToken"]}), 401)

    def test_roles_hold(self):
        made = self.site.call("POST", "/v1/users", {"name": "citizen1", "password": PASSWORD,
                                                    "roles": ["CITIZEN"]}, self.operator)
        self.assertEqual(made.status, 201, made)
        token = self.site.login("citizen1")["accessToken"]
        self.assert_problem(self.site.call("GET", "/v1/users", token=token), 403, "ROLE_MISSING")
        self.assert_problem(self.site.call("GET", "/v1/nodes", token=token), 403, "ROLE_MISSING")
        user = made.json["userId"]
        self.assertEqual(self.site.call("GET", f"/v1/users/{user}", token=token).json["name"], "citizen1")

    def test_bad_tokens_are_refused(self):
        header, claims, signature = self.operator.split(".")

        def part(value):
            return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

        opened = json.loads(base64.urlsafe_b64decode(claims + "=="))
        cases = {
            "nonsense": "x", "empty": " ", "cut": self.operator[:-5], "two parts": f"{header}.{claims}",
            "no algorithm": f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{claims}.",
            "other algorithm": f"{part({'alg': 'HS256', 'typ': 'at+jwt'})}.{claims}.{signature}",
            "more rights": f"{header}.{part(dict(opened, rol=['OPERATOR', 'X']))}.{signature}",
            "longer life": f"{header}.{part(dict(opened, exp=opened['exp'] + 9999))}.{signature}",
            "huge": "A" * 5000,
        }
        for name, token in cases.items():
            with self.subTest(name):
                answer = self.site.call("GET", "/v1/users", headers={"authorization": f"Bearer {token}"})
                self.assert_problem(answer, 401)
        self.assert_problem(self.site.call("GET", "/v1/users"), 401, "TOKEN_MISSING")
        self.assert_problem(self.site.call("GET", "/v1/users", headers={"authorization": "Basic YTpi"}), 401)

    def test_the_keys_that_verify_tokens_are_published(self):
        keys = self.site.call("GET", "/v1/jwks").json["keys"]
        kinds = {(key["kty"], key["crv"], key["alg"]) for key in keys}
        self.assertIn(("EC", "P-256", "ES256"), kinds)
        for key in keys:
            self.assertNotIn("d", key)
        header = json.loads(base64.urlsafe_b64decode(self.operator.split(".")[0] + "=="))
        self.assertIn(header["kid"], [key["kid"] for key in keys])


class Devices(SiteTest):
    def test_enrolment_asks_for_the_token_and_the_proof(self):
        device = Device()
        good = device.enrolment(self.enrolment)
        self.assert_problem(self.site.call("POST", "/v1/devices", device.enrolment("x" * 40)), 403,
                            "ENROLMENT_REFUSED")
        other = Device().enrolment(self.enrolment)
        self.assert_problem(self.site.call("POST", "/v1/devices", dict(good, proof=other["proof"])), 401,
                            "PROOF_INVALID")
        self.assert_problem(self.site.call("POST", "/v1/devices", dict(good, publicKey=b64(b"short"))), 400,
                            "FIELD_INVALID")
        made = self.site.call("POST", "/v1/devices", good)
        self.assertEqual(made.status, 201, made)
        self.assertEqual(made.json["device"]["deviceId"], device.name)
        again = self.site.call("POST", "/v1/devices", good)
        self.assertIn(again.status, (200, 201), again)

    def test_a_quota_holds(self):
        token = self.site.enrolment_token(self.operator, quota=1)
        self.assertEqual(self.site.call("POST", "/v1/devices", Device().enrolment(token)).status, 201)
        self.assert_problem(self.site.call("POST", "/v1/devices", Device().enrolment(token)), 403,
                            "ENROLMENT_REFUSED")

    def test_a_challenge_is_good_once_and_for_its_device(self):
        device = self.site.enrol(self.enrolment)
        other = self.site.enrol(self.enrolment)
        path = f"/v1/devices/{device.name}:signIn"
        challenge = self.site.challenge(device)
        self.assert_problem(self.site.call("POST", path, signed(other, challenge)), 401, "PROOF_INVALID")
        challenge = self.site.challenge(device)
        self.assertEqual(self.site.call("POST", path, signed(device, challenge)).status, 201)
        self.assert_problem(self.site.call("POST", path, signed(device, challenge)), 401,
                            "CHALLENGE_INVALID")
        foreign = self.site.challenge(other)
        self.assert_problem(self.site.call("POST", path, signed(device, foreign)), 401,
                            "CHALLENGE_INVALID")
        self.assert_problem(self.site.call("POST", path, signed(device, b"\1" * 32)), 401,
                            "CHALLENGE_INVALID")

    def test_a_revoked_device_is_refused_everywhere_within_a_second(self):
        device = self.site.enrol(self.enrolment)
        friend = self.site.enrol(self.enrolment)
        path = f"/v1/devices/{device.name}"
        self.assertEqual(self.site.call("GET", path, token=device.token).status, 200)
        answer = self.site.call("POST", f"{path}:revoke", {"cause": "lost"}, self.operator)
        self.assertEqual(answer.status, 200, answer)
        began = time.monotonic()
        self.assertTrue(eventually(
            lambda: self.site.call("GET", path, token=device.token).reason == "TOKEN_REVOKED", 5))
        self.assertLess(time.monotonic() - began, 1.0)
        self.assert_problem(self.site.call("POST", f"{path}:challenge", {}), 403, "DEVICE_REVOKED")
        # Its messages are refused too, whoever carries them.
        _, message = device.envelope(friend.id)
        refused = eventually(lambda: (a := self.site.call("POST", "/v1/messages", message, friend.token))
                             .status == 403 and a)
        self.assert_problem(refused, 403, "SENDER_REVOKED")
        self.assert_problem(self.site.call("POST", "/v1/devices", device.enrolment(self.enrolment)), 403,
                            "DEVICE_REVOKED")

    def test_a_device_may_revoke_itself_but_no_other(self):
        device, other = self.site.enrol(self.enrolment), self.site.enrol(self.enrolment)
        self.assert_problem(self.site.call("POST", f"/v1/devices/{other.name}:revoke", {}, device.token), 403)
        self.assertEqual(self.site.call("POST", f"/v1/devices/{device.name}:revoke", {}, device.token).status,
                         200)
