"""Check-ins and users in the console (console/e2e/people.mjs)."""

import unittest
import uuid

from tests.e2e.site import PASSWORD, SiteTest, eventually
from tests.e2e.test_console import need_console, play, why_not_in_a_browser

PHONE = "0532 123 45 67"


@unittest.skipIf(why_not_in_a_browser(), why_not_in_a_browser())
class PeopleInTheConsole(SiteTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need_console(cls.site)
        for name, role in (("selim", "DISPATCHER"), ("child", "CITIZEN")):
            cls.expect("/v1/users", {"name": name, "password": PASSWORD, "roles": [role]})
        cls.check_in(wellbeing="MISSING", note="Annem, 71 yaşında")
        found = cls.check_in(wellbeing="SAFE", phone=PHONE, place="Antakya, stadyum", note="Telefonu yok.\nİyi.")
        assert eventually(lambda: cls.site.call("GET", f"/v1/ledger/transactions/{found}", token=cls.operator)
                          .json.get("state") == "FINAL", 30)
        cls.known = {"dispatcher": "selim", "citizen": "child", "phone": PHONE, "checkIn": found}

    @classmethod
    def expect(cls, path, body):
        answer = cls.site.call("POST", path, body, cls.operator)
        assert answer.status in (200, 201), answer
        return answer.json

    @classmethod
    def check_in(cls, **said):
        body = {"checkInId": str(uuid.uuid4()), "name": "Ayşe Yılmaz", **said}
        return cls.expect("/v1/check-ins", body)["checkInId"]

    def play(self, scenario):
        play(self.site, scenario, **self.known)

    def test_somebody_is_found_and_what_is_shown_is_proven(self):
        self.play("finds_and_proves")

    def test_a_check_in_goes_out_again_and_is_erased(self):
        self.play("checks_in_again_and_erases")

    def test_a_citizen_asks_by_number_alone(self):
        self.play("asks_for_a_number_as_a_citizen")

    def test_a_user_who_is_disabled_is_out_elsewhere_at_once(self):
        self.play("looks_after_users")

    def test_users_come_in_pages(self):
        self.play("turns_the_pages_of_users")

    def test_the_keyboard_does_for_people(self):
        self.play("looks_for_people_by_keyboard_alone")

    def test_it_fits_a_phone_and_is_accessible(self):
        self.play("people_fit_a_phone_and_are_accessible")


if __name__ == "__main__":
    unittest.main()
