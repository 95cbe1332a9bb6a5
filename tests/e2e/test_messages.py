"""The main path over plain HTTP: submit, stream, acknowledge, ask."""

import contextlib
import http.client
import json
import socket
import threading
import time

from tests.e2e.site import SiteTest, eventually
from tests.e2e.wire import b64, read_fields, unb64, uuid_text


class Stream:
    """GET /v1/messages:stream of a device, read as server-sent events on a thread."""

    def __init__(self, site, device, credit=64):
        self.connection = http.client.HTTPConnection("127.0.0.1", site.http_port, timeout=30)
        self.connection.request("GET", f"/v1/messages:stream?credit={credit}",
                                headers={"authorization": f"Bearer {device.token}",
                                         "accept": "text/event-stream"})
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
                    if "message" in event:
                        self.got.append(event)
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass  # Closed: by us, or by a server that was killed.

    def ids(self):
        return [uuid_text(read_fields(unb64(d["message"]["envelope"]))[1]) for d in list(self.got)]

    def close(self):
        # Closing the response alone would wait for the stream's end.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)
        self.connection.close()


class Messages(SiteTest):
    def setUp(self):
        self.sender = self.site.enrol(self.enrolment)
        self.recipient = self.site.enrol(self.enrolment)

    def stream(self, device, **options):
        stream = Stream(self.site, device, **options)
        self.addCleanup(stream.close)
        return stream

    def submit(self, message, device=None):
        """Sends until the recipient, enrolled a moment ago, has become known to messaging."""
        answers = []

        def sent():
            answers.append(self.site.call("POST", "/v1/messages", message, (device or self.sender).token))
            return answers[-1].reason != "DESTINATION_UNKNOWN"

        eventually(sent, 5)
        return answers[-1]

    def ack(self, device, *message_ids):
        receipts = [device.receipt(name) for name in message_ids]
        return self.site.call("POST", "/v1/messages:ack", {"receipts": receipts}, device.token)

    def state(self, name):
        return self.site.call("GET", f"/v1/messages/{name}", token=self.sender.token).json.get("state")

    def test_from_hand_to_hand(self):
        name, message = self.sender.envelope(self.recipient.id, body=b"to whom it may concern")
        accepted = self.submit(message)
        self.assertEqual(accepted.status, 201, accepted)
        self.assertEqual(accepted.json["messageId"], name)
        self.assertEqual(self.state(name), "QUEUED")

        stream = self.stream(self.recipient)
        self.assertTrue(eventually(lambda: name in stream.ids()))
        delivery = stream.got[0]
        self.assertEqual(delivery["deviceId"], self.recipient.name)
        self.assertEqual(read_fields(unb64(delivery["message"]["envelope"]))[9], b"to whom it may concern")

        answer = self.ack(self.recipient, name)
        self.assertEqual(answer.status, 200, answer)
        self.assertFalse(answer.json["results"][0].get("reason"))
        self.assertEqual(self.state(name), "DELIVERED")

    def test_a_message_is_accepted_once(self):
        name, message = self.sender.envelope(self.recipient.id)
        self.assertFalse(self.submit(message).json.get("wasThere"))
        again = self.submit(message)
        self.assertTrue(again.json["wasThere"], again)
        raw = bytes.fromhex(name.replace("-", ""))
        _, other = self.sender.envelope(self.recipient.id, body=b"something else", message_id=raw)
        self.assert_problem(self.submit(other), 409, "ID_TAKEN")

    def test_what_is_not_acknowledged_comes_again_on_the_next_stream(self):
        name, message = self.sender.envelope(self.recipient.id)
        self.submit(message)
        first = self.stream(self.recipient)
        self.assertTrue(eventually(lambda: name in first.ids()))
        first.close()
        second = self.stream(self.recipient)
        self.assertTrue(eventually(lambda: name in second.ids()))
        self.ack(self.recipient, name)
        second.close()
        third = self.stream(self.recipient)
        marker, other = self.sender.envelope(self.recipient.id)
        self.submit(other)
        self.assertTrue(eventually(lambda: marker in third.ids()))
        self.assertNotIn(name, third.ids())

    def test_the_urgent_go_first(self):
        token = self.site.enrolment_token(self.operator, classes=list(
            ("LIFE_CRITICAL", "SAFETY_CRITICAL", "OPERATIONAL", "COMMUNICATION", "MAINTENANCE")))
        sender = self.site.enrol(token)
        kinds = {}
        for kind in ("MAINTENANCE", "COMMUNICATION", "OPERATIONAL", "SAFETY_CRITICAL", "LIFE_CRITICAL"):
            name, message = sender.envelope(self.recipient.id, kind=kind)
            self.assertEqual(self.submit(message, sender).status, 201)
            kinds[name] = kind
        stream = self.stream(self.recipient, credit=1)
        order = []
        while len(order) < 5:
            waiting = eventually(lambda: [n for n in stream.ids() if n not in order])
            self.assertTrue(waiting, order)
            order.append(waiting[0])
            self.ack(self.recipient, waiting[0])
        self.assertEqual([kinds[name] for name in order],
                         ["LIFE_CRITICAL", "SAFETY_CRITICAL", "OPERATIONAL", "COMMUNICATION", "MAINTENANCE"])

    def test_an_expired_message_is_not_delivered(self):
        name, message = self.sender.envelope(self.recipient.id, ttl=1)
        self.assertEqual(self.submit(message).status, 201)
        self.assertTrue(eventually(lambda: self.state(name) == "EXPIRED", 10, 0.1), self.state(name))
        stream = self.stream(self.recipient)
        marker, other = self.sender.envelope(self.recipient.id)
        self.submit(other)
        self.assertTrue(eventually(lambda: marker in stream.ids()))
        self.assertNotIn(name, stream.ids())

    def test_refusals(self):
        now = time.time()
        good = self.sender.envelope(self.recipient.id)[1]
        other = self.sender.envelope(self.recipient.id)[1]
        forged = dict(other, signature=good["signature"])
        stolen = dict(other, credential=self.recipient.credential)
        cases = [
            ("forged signature", forged, 403, "SIGNATURE_INVALID"),
            ("another's credential", stolen, 403, None),
            ("no envelope", dict(good, envelope=b64(b"\xff\xff\xff")), 400, "ENVELOPE_MALFORMED"),
            ("empty body", self.sender.envelope(self.recipient.id, body=b"")[1], 400, "BODY_EMPTY"),
            ("long body", self.sender.envelope(self.recipient.id, body=bytes(16385))[1], 400, "BODY_TOO_LARGE"),
            ("no lifetime", self.sender.envelope(self.recipient.id, ttl=999999)[1], 400, "TTL_OUT_OF_RANGE"),
            ("from the future", self.sender.envelope(self.recipient.id, now=now + 900)[1], 400,
             "SENT_IN_FUTURE"),
            ("too late", self.sender.envelope(self.recipient.id, now=now - 60, ttl=1)[1], 504,
             "MESSAGE_EXPIRED"),
            ("nobody", self.sender.envelope(b"\7" * 16)[1], 404, "DESTINATION_UNKNOWN"),
            ("class not granted", self.sender.envelope(self.recipient.id, kind="SAFETY_CRITICAL")[1], 403,
             "CLASS_NOT_ALLOWED"),
            ("not an exercise", self.sender.envelope(self.recipient.id, exercise=False)[1], 400,
             "EXERCISE_MISMATCH"),
        ]
        self.submit(good)
        for name, message, status, reason in cases:
            with self.subTest(name):
                answer = self.site.call("POST", "/v1/messages", message, self.sender.token)
                self.assert_problem(answer, status, reason)

    def test_a_receipt_of_a_stranger_counts_for_nothing(self):
        name, message = self.sender.envelope(self.recipient.id)
        self.submit(message)
        stranger = self.site.enrol(self.enrolment)
        answer = self.ack(stranger, name)
        self.assertEqual(answer.json["results"][0]["reason"], "NOT_A_RECIPIENT", answer)
        forged = dict(self.recipient.receipt(name), signature=stranger.receipt(name)["signature"])
        answer = self.site.call("POST", "/v1/messages:ack", {"receipts": [forged]}, stranger.token)
        self.assertEqual(answer.json["results"][0]["reason"], "SIGNATURE_INVALID", answer)
        self.assertEqual(self.state(name), "QUEUED")

    def test_explain_says_why_not_yet(self):
        name, message = self.sender.envelope(self.recipient.id)
        self.submit(message)
        answer = self.site.call("GET", f"/v1/messages/{name}:explain", token=self.sender.token)
        self.assertEqual(answer.status, 200, answer)
        self.assertTrue(answer.json["copies"][0]["why"])

    def test_strangers_do_not_see_it(self):
        name, message = self.sender.envelope(self.recipient.id)
        self.submit(message)
        stranger = self.site.enrol(self.enrolment)
        answer = self.site.call("GET", f"/v1/messages/{name}", token=stranger.token)
        self.assertIn(answer.status, (403, 404), answer)
        self.assertEqual(self.site.call("GET", f"/v1/messages/{name}", token=self.operator).status, 200)

    def test_messages_outlive_a_restart(self):
        name, message = self.sender.envelope(self.recipient.id)
        self.submit(message)
        self.site.stop()
        self.site.start()
        self.assertEqual(self.state(name), "QUEUED")
        stream = self.stream(self.recipient)
        self.assertTrue(eventually(lambda: name in stream.ids()))

