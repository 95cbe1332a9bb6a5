"""What no good client sends: each gets a clear 4xx, and the server goes on."""

import json
import os
import re
import socket
import struct
import tempfile

from tests.e2e.site import PASSWORD, SiteTest
from tests.e2e.wire import Device

LOGIN = {"name": "operator", "password": "wrong wrong wrong"}


class BadInput(SiteTest):
    def tearDown(self):
        self.assertIsNone(self.site.process.poll(), "the server is gone")
        self.assertEqual(self.site.call("GET", "/readyz").status, 200)

    def post(self, body, path="/v1/sessions", headers=None, token=None):
        body = body.encode() if isinstance(body, str) else body
        return self.site.call("POST", path, body, token, headers)

    def test_json_that_is_none(self):
        bodies = {
            "nothing": "", "cut": '{"name": "a"', "bare word": "{name: 1}", "single quotes": "{'name': 'a'}",
            "trailing comma": '{"name": "a",}', "two values": "{} {}", "comment": '{"name": "a" /* b */}',
            "not a number": '{"name": NaN}', "duplicate key": '{"name": "a", "name": "b", "password": "c"}',
            "bad escape": r'{"name": "\x"}', "lone surrogate": r'{"name": "\ud800", "password": "b"}',
            "control character": '{"name": "a\tb"}', "not UTF-8": b'{"name": "\xff\xfe"}',
            "NUL": b'{"name": "a"}\0', "deep": "[" * 5000 + "]" * 5000, "leading zero": '{"name": 01}',
            "BOM": b'\xef\xbb\xbf{"name": "a"}',
        }
        for name, body in bodies.items():
            with self.subTest(name):
                self.assert_problem(self.post(body), 400)

    def test_wrong_types_and_unknown_fields(self):
        token = self.operator
        cases = [
            ("/v1/sessions", {"name": 5, "password": "b"}),
            ("/v1/sessions", {"name": ["a"], "password": "b"}),
            ("/v1/sessions", {"name": {"a": 1}, "password": "b"}),
            ("/v1/sessions", ["name"]), ("/v1/sessions", "text"), ("/v1/sessions", 7),
            ("/v1/sessions", dict(LOGIN, admin=True)),
            ("/v1/sessions", {}), ("/v1/sessions", {"name": "operator"}),
            ("/v1/sessions", dict(LOGIN, name="x" * 65)),
            ("/v1/enrolment-tokens", {"quota": "many"}), ("/v1/enrolment-tokens", {"quota": -1}),
            ("/v1/enrolment-tokens", {"quota": 0}), ("/v1/enrolment-tokens", {"quota": 1.5}),
            ("/v1/enrolment-tokens", {"quota": 10**12}), ("/v1/enrolment-tokens", {"quota": True}),
            ("/v1/enrolment-tokens", {"quota": 1, "classes": ["URGENT"]}),
            ("/v1/enrolment-tokens", {"quota": 1, "classes": "LIFE_CRITICAL"}),
            ("/v1/enrolment-tokens", {"quota": 1, "expiresIn": "soon"}),
            ("/v1/enrolment-tokens", {"quota": 1, "expiresIn": "999999999999s"}),
            ("/v1/devices", dict(Device().enrolment("x" * 40), publicKey="!!!")),
            ("/v1/devices", dict(Device().enrolment("x" * 40), publicKey=5)),
            ("/v1/users", {"name": "Bad Name", "password": "a good long password", "roles": ["CITIZEN"]}),
            ("/v1/users", {"name": "a", "password": "a good long password", "roles": ["KING"]}),
        ]
        for path, body in cases:
            with self.subTest(path=path, body=body):
                self.assert_problem(self.site.call("POST", path, body, token), 400)

    def test_oversized(self):
        self.assert_problem(self.post(json.dumps(dict(LOGIN, name="x" * 3_000_000))), 413, "REQUEST_TOO_LARGE")
        answer = self.site.raw(b"GET /v1/site HTTP/1.1\r\nhost: x\r\nx-long: " + b"a" * 200_000 + b"\r\n\r\n")
        self.assertRegex(answer[:40], rb"^HTTP/1.1 4(13|31|00)")
        answer = self.site.raw(b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n")
        self.assertRegex(answer[:40], rb"^HTTP/1.1 4")

    def test_a_body_that_lies_about_its_length(self):
        answer = self.site.raw(b"POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                               b"content-length: 99999999999\r\n\r\n{}")
        self.assertRegex(answer[:40], rb"^HTTP/1.1 4")
        answer = self.site.raw(b"POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                               b"content-length: -1\r\n\r\n{}")
        self.assertRegex(answer[:40], rb"^HTTP/1.1 4")

    def test_doubtful_framing_is_no_way_to_smuggle(self):
        """What follows a request whose end two readers may see in two places is never read as one."""
        post = b"POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        get = b"GET /v1/site HTTP/1.1\r\n"
        chunked = post + b"transfer-encoding: chunked\r\n\r\n"
        cases = {
            "length, then coding": post + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "coding, then length": post + b"transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n",
            "two lengths": post + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
            "the same length twice": post + b"content-length: 2\r\ncontent-length: 2\r\n\r\n{}",
            "a list of lengths": post + b"content-length: 2, 2\r\n\r\n{}",
            "a length with a sign": post + b"content-length: +2\r\n\r\n{}",
            "a negative length": post + b"content-length: -2\r\n\r\n{}",
            "a length in hex": post + b"content-length: 0x2\r\n\r\n{}",
            "an empty length": post + b"content-length: \r\n\r\n{}",
            "two codings": post + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "chunked twice": post + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "another coding": post + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
            "a coding in 1.0": chunked.replace(b"HTTP/1.1", b"HTTP/1.0") + b"0\r\n\r\n",
            "no host": get + b"\r\n",
            "two hosts": get + b"host: x\r\nhost: y\r\n\r\n",
            "a space before the colon": get + b"host : x\r\n\r\n",
            "a NUL": get + b"host: x\r\nx-a: b\0c\r\n\r\n",
            "a bare line feed": get + b"host: x\r\nx-a: b\nx-b: c\r\n\r\n",
            "a bare carriage return": get + b"host: x\r\nx-a: b\rx-b: c\r\n\r\n",
            "no chunk size": chunked + b"zz\r\n{}\r\n0\r\n\r\n",
            "a chunk size with a sign": chunked + b"+2\r\n{}\r\n0\r\n\r\n",
            "a chunk size out of range": chunked + b"ffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
            "a chunk that goes on": chunked + b"2\r\n{}xx\r\n0\r\n\r\n",
            "chunks with bare line feeds": chunked + b"2\n{}\n0\n\n",
        }
        for name, data in cases.items():
            with self.subTest(name):
                answer = self.site.raw(data + b"GET /v1/site HTTP/1.1\r\nhost: x\r\n\r\n")
                self.assertEqual(re.findall(rb"HTTP/1\.1 (\d{3}) ", answer), [b"400"], answer)
                self.assertIn(b"HTTP_MALFORMED", answer)

    def test_http_that_is_none(self):
        for data in (b"\0\1\2\3\4\5\6\7\r\n\r\n", b"GET\r\n\r\n", b"hello there\r\n\r\n",
                     b"GET /v1/site HTTP/9.9\r\n\r\n", b"GET /v1/site HTTP/1.1\r\nbad header\r\n\r\n",
                     bytes(range(256)) * 64, b"\x16\x03\x01\x02\x00\x01\x00"):
            with self.subTest(data[:30]):
                answer = self.site.raw(data)
                self.assertTrue(not answer or answer.startswith(b"HTTP/1.1 4"), answer[:80])

    def test_media_types(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
            self.assert_problem(self.post(json.dumps(LOGIN), headers={"content-type": kind}), 415,
                                "MEDIA_TYPE_UNSUPPORTED")

    def test_routes_and_methods(self):
        self.assert_problem(self.site.call("GET", "/v1/nothing"), 404, "ROUTE_UNKNOWN")
        self.assert_problem(self.site.call("GET", "/../../etc/passwd"), 404)
        self.assert_problem(self.site.call("GET", "/%2e%2e/%2e%2e/etc/passwd"), 404)
        answer = self.site.call("DELETE", "/v1/site")
        self.assert_problem(answer, 405, "METHOD_NOT_ALLOWED")
        self.assertIn("GET", answer.headers.get("allow", ""))

    def test_queries_and_ids(self):
        token = self.operator
        for path, reason in (("/v1/users?pageSize=-1", None), ("/v1/users?pageSize=many", "QUERY_INVALID"),
                             ("/v1/users?pageSize=99999999999999", None), ("/v1/users?colour=red", "QUERY_INVALID"),
                             ("/v1/users?pageToken=nonsense", "PAGE_TOKEN_INVALID"),
                             ("/v1/users?pageSize=1&pageSize=2", "QUERY_INVALID"), ("/v1/users?%zz=1", None),
                             ("/v1/users/no-id", "ID_MALFORMED"), ("/v1/devices/zz", "ID_MALFORMED"),
                             ("/v1/messages/1234", "ID_MALFORMED")):
            with self.subTest(path):
                self.assert_problem(self.site.call("GET", path, token=token), 400, reason)
        for path, reason in ((f"/v1/devices/{'0' * 32}", "DEVICE_UNKNOWN"),
                             (f"/v1/nodes/{'0' * 32}", "NODE_UNKNOWN"),
                             ("/v1/messages/0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5f", "MESSAGE_UNKNOWN")):
            with self.subTest(path):
                self.assert_problem(self.site.call("GET", path, token=token), 404, reason)

    def test_a_websocket_that_breaks_the_rules_is_closed(self):
        device = self.site.enrol(self.enrolment)
        upgrade = ("GET /v1/connect HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
                   "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                   f"authorization: Bearer {device.token}\r\n\r\n").encode()

        def frame(opcode, payload):
            size = len(payload)
            head = bytes([0x80 | opcode]) + (bytes([0x80 | size]) if size < 126
                                             else b"\xfe" + struct.pack(">H", size))
            return head + b"\0\0\0\0" + payload  # A mask of zeros is a mask.

        for name, payload in (("no hello", b'{"credit": {"add": 1}}'), ("no JSON", b"{hello"),
                              ("unknown field", b'{"hello": {"colour": "red"}}'), ("binary", None)):
            with self.subTest(name):
                with socket.create_connection(("127.0.0.1", self.site.http_port), timeout=10) as link:
                    link.sendall(upgrade)
                    answer = link.recv(4096)
                    self.assertTrue(answer.startswith(b"HTTP/1.1 101"), answer)
                    link.sendall(frame(1, payload) if payload else frame(2, b"\xff\xff"))
                    received = b""
                    while chunk := link.recv(4096):
                        received += chunk
                        if received and received[0] == 0x88:
                            break
                    self.assertTrue(received and received[0] == 0x88, received)

        refused = self.site.raw(upgrade.replace(device.token.encode(), b"nonsense"))
        self.assertTrue(refused.startswith(b"HTTP/1.1 401"), refused[:80])

    def test_a_client_that_is_too_fast_is_told_to_wait(self):
        device = self.site.enrol(self.enrolment)
        limited = None
        for _ in range(3000):
            answer = self.site.call("GET", f"/v1/devices/{device.name}", token=device.token)
            if answer.status == 429:
                limited = answer
                break
        self.assertIsNotNone(limited, "3000 calls in a row were let through")
        self.assert_problem(limited, 429, "RATE_LIMITED")
        self.assertGreaterEqual(int(limited.headers["retry-after"]), 1)
        # Another caller is not made to wait for it.
        self.assertEqual(self.site.call("GET", "/v1/users", token=self.operator).status, 200)


class BrokenFiles(SiteTest):
    """Topology files that are none: a message that names the file and what is wrong."""

    def test_are_refused_by_name(self):
        cases = {
            "not-json.json": "{nodes", "empty.json": "", "no-links.json": "{}", "list.json": "[1, 2]",
            "bad-link.json": '{"links": [{"source": "a"}]}', "bad-quality.json":
                '{"links": [{"source": "a", "target": "b", "source_tq": "good", "target_tq": 1}]}',
            "self.json": '{"links": [{"source": "a", "target": "a", "source_tq": 1, "target_tq": 1}]}',
        }
        with tempfile.TemporaryDirectory() as folder:
            password = os.path.join(folder, "password")
            with open(password, "w", encoding="utf-8") as file:
                file.write(PASSWORD + "\n")
            os.chmod(password, 0o600)
            for name, text in cases.items():
                path = os.path.join(folder, name)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                with self.subTest(name):
                    result = self.site.run("replay", "--url", self.site.url, "--user", "operator",
                                           "--password-file", password, "--topology", path)
                    self.assertNotEqual(result.returncode, 0, result.stdout)
                    self.assertIn(name, result.stdout + result.stderr)
