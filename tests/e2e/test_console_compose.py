"""A dispatcher writes in the console, and the recipient opens what was sealed (console/e2e/compose.mjs)."""

import threading
import unittest

from tests.e2e.hpke import open_body
from tests.e2e.site import PASSWORD, SiteTest, eventually
from tests.e2e.test_console import need_console, play, why_not_in_a_browser
from tests.e2e.test_messages import Stream
from tests.e2e.wire import Device, b64, read_fields, unb64, uuid_text

TEXT = "Ekip 4, Antakya: 12 kişi, su yok."


class Receiver:
    """A device at a desk: opens what comes with the desk's key, and acknowledges it."""

    def __init__(self, site, device, desk):
        self.site, self.device, self.desk = site, device, desk
        self.opened = {}
        self.headers = {}
        self.stream = Stream(site, device)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._receive)
        self.thread.start()

    def _receive(self):
        seen = 0
        while not self.over.wait(0.02):
            for delivery in self.stream.got[seen:]:
                seen += 1
                envelope = read_fields(unb64(delivery["message"]["envelope"]))
                name = uuid_text(envelope[1])
                self.opened[name] = open_body(self.desk.seed, envelope[9]).decode()
                self.headers[name] = envelope
                self.site.call("POST", "/v1/messages:ack", {"receipts": [self.device.receipt(name)]},
                               self.device.token)

    def close(self):
        self.over.set()
        self.thread.join()
        self.stream.close()


@unittest.skipIf(why_not_in_a_browser(), why_not_in_a_browser())
class Composing(SiteTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need_console(cls.site)
        user = cls.expect("/v1/users", {"name": "selim", "password": PASSWORD, "roles": ["DISPATCHER"]})
        cls.user = user["userId"]
        key, device, silent = Device(), cls.site.enrol(cls.enrolment), cls.site.enrol(cls.enrolment)
        desk = cls.make_desk("112 Hatay", key)
        cls.expect(f"/v1/desks/{desk}/devices", {"deviceId": device.name})
        cls.known = {"dispatcher": "selim", "text": TEXT, "desk": desk, "silent": silent.name,
                     "emptyDesk": cls.make_desk("Nobody yet", Device())}
        cls.receiver = Receiver(cls.site, device, key)
        cls.addClassCleanup(cls.receiver.close)
        # Messaging learns of desks by events.
        assert eventually(lambda: cls.reaches(device, desk))

    @classmethod
    def expect(cls, path, body):
        answer = cls.site.call("POST", path, body, cls.operator)
        assert answer.status in (200, 201), answer
        return answer.json

    @classmethod
    def make_desk(cls, name, key):
        return cls.expect("/v1/desks", {"name": name, "publicKey": b64(key.key.public)})["deskId"]

    @classmethod
    def reaches(cls, device, desk):
        listed = cls.site.call("GET", "/v1/desks", token=device.token).json["desks"]
        return any(one["deskId"] == desk and device.name in one.get("deviceIds", ()) for one in listed)

    def play(self, scenario):
        play(self.site, scenario, **self.known)

    def own_devices(self):
        listed = self.site.call("GET", "/v1/devices?pageSize=1000", token=self.operator).json["devices"]
        return [one for one in listed if one.get("ownerUserId") == self.user]

    def test_a_desk_opens_what_was_written_and_signing_out_revokes_the_device(self):
        before = {one["deviceId"] for one in self.own_devices()}
        self.play("writes_to_a_desk")
        self.assertIn(TEXT, self.receiver.opened.values())
        name = next(name for name, text in self.receiver.opened.items() if text == TEXT)
        self.assertEqual(self.receiver.headers[name][4], 3, "OPERATIONAL")
        (device,) = (one for one in self.own_devices() if one["deviceId"] not in before)
        self.assertIn("revokedAt", device)
        self.assertNotIn("MAINTENANCE", device["classes"])

    def test_a_call_for_life_is_asked_twice_and_waits_where_there_is_no_path(self):
        self.play("calls_for_life_by_keyboard_alone")

    def test_what_was_not_acknowledged_goes_out_again_and_is_taken_once(self):
        text = "Sahra hastanesi kuruldu"
        self.play("sends_again_what_was_not_acknowledged")
        self.assertEqual(list(self.receiver.opened.values()).count(text), 1)

    def test_it_says_why_it_was_refused(self):
        self.play("says_why_it_was_refused")

    def test_it_says_what_the_browser_lacks(self):
        self.play("says_what_the_browser_lacks")

    def test_it_fits_a_phone_and_is_accessible(self):
        self.play("writes_on_a_phone_and_is_accessible")


if __name__ == "__main__":
    unittest.main()
