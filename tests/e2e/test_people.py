"""People: users who are disabled, given out and erased; and check-ins that are found, proven on the chain and forgotten."""

import base64
import hashlib
import os
import unittest
import uuid

from tests.e2e.site import PASSWORD, SiteTest, eventually

RARE = "Vildanzümra Oymakköylü"
RARE_PHONE = "0539 876 54 31"


class People(SiteTest):
    def user(self, name, *roles):
        answer = self.site.call("POST", "/v1/users", {"name": name, "password": PASSWORD, "roles": roles or ["CITIZEN"]},
                                self.operator)
        self.assertEqual(answer.status, 201, answer)
        return answer.json["userId"]

    def act(self, user, verb, token=None, body=None):
        return self.site.call("POST", f"/v1/users/{user}:{verb}", body or {}, token or self.operator)

    def me(self, token):
        """What the site says to who asks for what every role may read."""
        return self.site.call("GET", "/v1/emergencies", token=token).status

    def check_in(self, token, name=RARE, phone=RARE_PHONE, status=201, **more):
        body = {"checkInId": str(uuid.uuid4()), "name": name, "phone": phone, "wellbeing": "SAFE", **more}
        answer = self.site.call("POST", "/v1/check-ins", body, token)
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def search(self, token, **query):
        answer = self.site.call("POST", "/v1/check-ins:search", query, token)
        self.assertEqual(answer.status, 200, answer)
        return answer.json.get("checkIns", [])


class Users(People):
    def test_a_disabled_user_is_out_within_a_second(self):
        user = self.user("selim", "DISPATCHER")
        session = self.site.login("selim")
        self.assertEqual(self.me(session["accessToken"]), 200)
        disabled = self.act(user, "disable")
        self.assertEqual(disabled.status, 200, disabled)
        self.assertTrue(disabled.json["disabledAt"])
        self.assertTrue(eventually(lambda: self.me(session["accessToken"]) == 401, 1))
        self.assert_problem(self.site.call("POST", "/v1/sessions", {"name": "selim", "password": PASSWORD}), 401,
                            "LOGIN_REFUSED")
        refreshed = self.site.call("POST", "/v1/sessions:refresh", {"refreshToken": session["refreshToken"]})
        self.assert_problem(refreshed, 401, "REFRESH_REFUSED")
        self.assertNotIn("disabledAt", self.act(user, "enable").json)
        self.assertEqual(self.me(self.site.login("selim")["accessToken"]), 200)

    def test_the_last_operator_stays(self):
        own = self.site.login()["subject"]
        self.assert_problem(self.act(own, "disable"), 400, "LAST_OPERATOR")
        self.assert_problem(self.act(own, "erase"), 400, "LAST_OPERATOR")

    def test_sessions_end_together(self):
        user = self.user("ece")
        first, second = self.site.login("ece")["accessToken"], self.site.login("ece")["accessToken"]
        other = self.site.login()["accessToken"]
        self.assert_problem(self.act(self.site.login()["subject"], "endSessions", first), 403, "ROLE_MISSING")
        self.assertEqual(self.act(user, "endSessions", second).json["ended"], 2)
        self.assertTrue(eventually(lambda: (self.me(first), self.me(second)) == (401, 401), 1))
        self.assertEqual(self.me(other), 200)
        self.assert_problem(self.act(str(uuid.uuid4()), "endSessions"), 404, "USER_UNKNOWN")

    def test_only_operators_disable(self):
        self.user("nil", "DISPATCHER")
        nil = self.site.login("nil")
        self.assert_problem(self.act(nil["subject"], "disable", nil["accessToken"]), 403, "ROLE_MISSING")
        self.assert_problem(self.site.call("GET", f"/v1/users/{self.site.login()['subject']}:export",
                                           token=nil["accessToken"]), 403, "ROLE_MISSING")


class CheckIns(People):
    def test_a_mother_is_found_by_her_number(self):
        responder, citizen = (self.user(name, role) and self.site.login(name)["accessToken"]
                              for name, role in (("medic", "RESPONDER"), ("child", "CITIZEN")))
        recorded = self.check_in(responder, "Ayşe Yılmaz", "0532 123 45 67", place="Antakya, stadium camp")
        self.assertEqual(recorded["phone"], "+905321234567")
        found = self.search(citizen, phone="+90 (532) 123-45-67")
        self.assertEqual([one["wellbeing"] for one in found], ["SAFE"])
        self.assertEqual(found[0]["place"], "Antakya, stadium camp")
        self.assertNotIn("opening", found[0])
        self.assertFalse(found[0].get("recordedBy"))
        self.assertEqual(self.search(citizen, phone="0532 123 45 68"), [])
        by_name = self.site.call("POST", "/v1/check-ins:search", {"name": "ayse"}, citizen)
        self.assert_problem(by_name, 403, "ROLE_MISSING")
        self.assertEqual(len(self.search(responder, name="AYSE yil")), 1)
        self.assert_problem(self.site.call("GET", f"/v1/check-ins/{recorded['checkInId']}", token=citizen), 404,
                            "CHECK_IN_UNKNOWN")
        self.assertEqual(self.site.call("GET", f"/v1/check-ins/{recorded['checkInId']}", token=responder).status, 200)

    def test_a_phone_checks_its_owner_in(self):
        device = self.site.enrol(self.enrolment)
        mine = self.check_in(device.token, "Deniz", "0541 000 00 01")
        self.assertEqual(mine["recordedBy"], f"device:{device.name}")
        again = self.check_in(device.token, "Deniz", "0541 000 00 01", checkInId=mine["checkInId"])
        self.assertEqual(again, mine)
        other = {"checkInId": mine["checkInId"], "name": "Deniz", "wellbeing": "MISSING"}
        self.assert_problem(self.site.call("POST", "/v1/check-ins", other, device.token), 409, "ID_TAKEN")
        erased = self.site.call("POST", f"/v1/check-ins/{mine['checkInId']}:erase", {}, device.token)
        self.assertEqual(erased.status, 200, erased)
        self.assertEqual(self.search(device.token, phone="05410000001"), [])

    def test_refusals_say_why(self):
        for body, reason in (({"name": "Ali", "phone": "112"}, "PHONE_MALFORMED"), ({"name": " - "}, "NAME_MALFORMED"),
                             ({"name": "Ali", "wellbeing": "FINE"}, "BODY_INVALID"), ({}, "FIELD_INVALID")):
            body = {"checkInId": str(uuid.uuid4()), "wellbeing": "SAFE", **body}
            answer = self.site.call("POST", "/v1/check-ins", body, self.operator)
            self.assertEqual(answer.status, 400, answer)
            if reason != "BODY_INVALID":
                self.assert_problem(answer, 400, reason)
        self.assert_problem(self.site.call("POST", "/v1/check-ins:search", {}, self.operator), 400, "FIELD_INVALID")
        self.assert_problem(self.site.call("POST", "/v1/check-ins:search", {"phone": "1"}), 401, "TOKEN_MISSING")

    def test_the_chain_holds_its_commitment_and_nothing_else(self):
        recorded = self.check_in(self.operator, note="with both children")
        name = uuid.UUID(recorded["checkInId"])
        opening = {key: base64.b64decode(value) for key, value in recorded["opening"].items()}
        self.assertEqual(hashlib.sha256(opening["salt"] + opening["bytes"]).digest(), opening["commitment"])
        self.assertIn(RARE.encode(), opening["bytes"])
        path = f"/v1/ledger/transactions/{name}"
        self.assertTrue(eventually(lambda: self.site.call("GET", path, token=self.operator).json.get("state") == "FINAL",
                                   30))
        proof = self.site.call("GET", f"/v1/ledger/state:prove?name=check-in/{name.hex}", token=self.operator)
        self.assertEqual(proof.status, 200, proof)
        self.assertEqual(base64.b64decode(proof.json["value"]), opening["commitment"])


class Erasure(People):
    """Everything that a person leaves behind, looked for in every file of the site and of a backup."""

    def files_with(self, *needles):
        found = []
        for folder, _, names in os.walk(self.site.data):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    content = file.read()
                found += [(os.path.relpath(path, self.site.data), needle) for needle in needles
                          if needle.encode() in content]
        return found

    def test_nothing_is_left_in_stores_logs_projections_and_backups(self):
        user = self.user("vildanzumra", "CITIZEN")
        person = self.site.login("vildanzumra")
        token = self.site.enrolment_token(self.operator, ownerUserId=user, classes=["COMMUNICATION"])
        device = self.site.enrol(token)
        labelled = type(device)()
        body = labelled.enrolment(token)
        body["label"] = "Vildanzümra's phone"
        self.assertEqual(self.site.call("POST", "/v1/devices", body).status, 201)
        sent = self.site.call("POST", "/v1/messages", device.envelope(self.site.enrol(self.enrolment).id,
                                                                      kind="COMMUNICATION")[1], device.token)
        self.assertEqual(sent.status, 201, sent)
        recorded = [self.check_in(person["accessToken"], note="unmistakable note"),
                    self.check_in(device.token, place="unmistakable place")]
        needles = ("vildanzumra", "Vildanzümra", "vildanzümra", "unmistakable", "9876543", "876 54 31")
        self.assertTrue(self.files_with("vildanzumra"), "the search itself must find what is there")

        export = self.site.call("GET", f"/v1/users/{user}:export", token=person["accessToken"])
        self.assertEqual(export.status, 200, export)
        self.assertEqual(export.json["user"]["name"], "vildanzumra")
        self.assertEqual(len(export.json["devices"]), 2)
        self.assertEqual(sorted(export.json["checkInIds"]), sorted(one["checkInId"] for one in recorded))
        self.assertEqual(len(export.json["sessions"]), 1)

        for one in recorded:
            erased = self.site.call("POST", f"/v1/check-ins/{one['checkInId']}:erase", {}, self.operator)
            self.assertEqual(erased.status, 200, erased)
        erased = self.act(user, "erase", person["accessToken"])
        self.assertEqual(erased.json, {"devicesRevoked": 2})
        self.assertTrue(eventually(lambda: self.me(person["accessToken"]) == 401, 1))
        self.assertTrue(eventually(lambda: self.site.call("POST", "/v1/check-ins:search", {"phone": RARE_PHONE},
                                                          device.token).status == 401, 2))
        self.assert_problem(self.act(user, "erase"), 404, "USER_UNKNOWN")
        self.assert_problem(self.site.call("POST", "/v1/sessions", {"name": "vildanzumra", "password": PASSWORD}), 401,
                            "LOGIN_REFUSED")
        made = self.site.call("POST", "/v1/process/backups", {}, self.operator)
        self.assertEqual(made.status, 201, made)
        self.assertTrue(made.json["path"].startswith(self.site.data), made.json)
        self.assertEqual(self.files_with(*needles), [])
        self.site.stop()
        self.assertEqual(self.files_with(*needles), [])
        self.site.start()
        self.assert_problem(self.site.call("GET", f"/v1/users/{user}:export", token=self.site.login()["accessToken"]), 404,
                            "USER_UNKNOWN")


if __name__ == "__main__":
    unittest.main()
