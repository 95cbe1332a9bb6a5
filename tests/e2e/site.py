"""A backend of its own for a test: its process, its data, and plain HTTP to it."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from tests.e2e.wire import Device, b64, unb64

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(os.environ.get("IMECE_BINARY", os.path.join(ROOT, "build/dev/imece")))
SHARED = os.environ.get("IMECE_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))
PASSWORD = "correct horse battery staple"
LONG = os.environ.get("IMECE_E2E_ALL") == "1"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Answer:
    """Status, headers (names in lower case) and body of one HTTP answer."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def reason(self):
        """Of a problem+json body; "" where there is none."""
        if not self.headers.get("content-type", "").startswith("application/problem+json"):
            return ""
        return self.json.get("reason", "")

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Site:
    """`imece serve` on free ports over a data directory that outlives restarts."""

    def __init__(self, *options, exercise=True):
        self.exercise = exercise
        self.data = tempfile.mkdtemp(prefix="imece-e2e-")
        self.http_port = free_port()
        self.grpc_port = free_port()
        self.options = options
        self.process = None
        self.log = open(os.path.join(self.data, "server.log"), "ab")
        self.connections = threading.local()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def grpc(self):
        return f"127.0.0.1:{self.grpc_port}"

    def environment(self):
        return dict(os.environ, IMECE_GATEWAY_LISTEN=f"127.0.0.1:{self.http_port}",
                    IMECE_RPC_LISTEN=self.grpc)

    def start(self):
        """Returns the seconds until /readyz answered."""
        began = time.monotonic()
        self.process = subprocess.Popen(
            [BINARY, "serve", *(["--exercise"] if self.exercise else []), "--data", self.data, *self.options],
            env=self.environment(), stdout=self.log, stderr=self.log)
        while time.monotonic() < began + 30:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.tail()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.call("GET", "/readyz").status == 200:
                    return time.monotonic() - began
            self.drop_connection()
            time.sleep(0.005)
        raise AssertionError(f"not ready after 30 s:\n{self.tail()}")

    def stop(self):
        """SIGTERM; returns the seconds until the process was gone."""
        self.drop_connection()
        if self.process is None or self.process.poll() is not None:
            return 0.0
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"SIGTERM did not end the server in 30 s:\n{self.tail()}") from None
        if status != 0:
            raise AssertionError(f"the server ended with {status}:\n{self.tail()}")
        return time.monotonic() - began

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self.drop_connection()

    def remove(self):
        self.stop()
        self.log.close()
        shutil.rmtree(self.data, ignore_errors=True)

    def tail(self):
        with open(os.path.join(self.data, "server.log"), encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-20:])

    def run(self, *arguments, timeout=120):
        """Runs `imece …` beside the server."""
        return subprocess.run([BINARY, *arguments], env=self.environment(), capture_output=True,
                              text=True, timeout=timeout, check=False)

    # --- HTTP ---

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=30)

    def drop_connection(self):
        connection = getattr(self.connections, "one", None)
        if connection is not None:
            connection.close()
            self.connections.one = None

    def call(self, method, path, body=None, token=None, headers=None):
        """One request on this thread's kept connection. `body`: a JSON value, or bytes as they are."""
        headers = dict(headers or {})
        if body is not None:
            headers.setdefault("content-type", "application/json")
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        if token:
            headers.setdefault("authorization", f"Bearer {token}")
        connection = getattr(self.connections, "one", None)
        if connection is None:
            connection = self.connections.one = self.connect()
        try:
            connection.request(method, path, body, headers)
            got = connection.getresponse()
            answer = Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        except (OSError, http.client.HTTPException):
            self.drop_connection()
            raise
        if got.will_close:
            self.drop_connection()
        return answer

    def raw(self, data, seconds=10):
        """Sends bytes as they are on a new socket; what comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.http_port), timeout=seconds) as link:
            with contextlib.suppress(OSError):
                link.sendall(data)
                link.shutdown(socket.SHUT_WR)
            received = b""
            with contextlib.suppress(OSError):
                while chunk := link.recv(65536):
                    received += chunk
            return received

    # --- people and devices ---

    def setup_token(self):
        """The token of the one-time link that the first start left in the data directory."""
        for folder, _, names in os.walk(self.data):
            for name in names:
                if "setup" in name:
                    path = os.path.join(folder, name)
                    mode = os.stat(path).st_mode & 0o777
                    if mode != 0o600:
                        raise AssertionError(f"{path} has mode {mode:o}")
                    with open(path, encoding="utf-8") as file:
                        return re.search(r"([A-Za-z0-9_-]{16,})\s*$", file.read()).group(1)
        raise AssertionError("the first start left no set-up link")

    def make_operator(self, name="operator"):
        """Through the one-time link; returns the operator's access token."""
        answer = self.call("POST", "/v1/setup", {"setupToken": self.setup_token(), "name": name,
                                                 "password": PASSWORD})
        if answer.status != 201:
            raise AssertionError(f"set-up: {answer}")
        return self.login(name)["accessToken"]

    def login(self, name="operator", password=PASSWORD):
        answer = self.call("POST", "/v1/sessions", {"name": name, "password": password})
        if answer.status != 201:
            raise AssertionError(f"login: {answer}")
        return answer.json

    def enrolment_token(self, operator, quota=100, **more):
        answer = self.call("POST", "/v1/enrolment-tokens", {"quota": quota, **more}, operator)
        if answer.status != 201:
            raise AssertionError(f"enrolment token: {answer}")
        return answer.json["token"]

    def enrol(self, token):
        """A new device, enrolled and signed in."""
        device = Device()
        answer = self.call("POST", "/v1/devices", device.enrolment(token))
        if answer.status != 201:
            raise AssertionError(f"enrolment: {answer}")
        device.credential = answer.json["credential"]
        self.sign_in(device)
        return device

    def challenge(self, device):
        answer = self.call("POST", f"/v1/devices/{device.name}:challenge", {})
        if answer.status != 201:
            raise AssertionError(f"challenge: {answer}")
        return unb64(answer.json["challenge"])

    def sign_in(self, device):
        challenge = self.challenge(device)
        answer = self.call("POST", f"/v1/devices/{device.name}:signIn", signed(device, challenge))
        if answer.status != 201:
            raise AssertionError(f"sign-in: {answer}")
        device.token = answer.json["session"]["accessToken"]
        device.credential = answer.json["credential"]
        return answer.json


def signed(device, challenge):
    """The body of POST /v1/devices/{id}:signIn."""
    return {"challenge": b64(challenge),
            "signature": b64(device.key.sign_in_domain("imece.challenge.v1", challenge))}


def eventually(condition, seconds=10, every=0.02):
    """The first true value of `condition()`, or the last false one after so many seconds."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > until:
            return value
        time.sleep(every)


class SiteTest(unittest.TestCase):
    """Tests that share one running site with an operator."""

    options = ()

    @classmethod
    def setUpClass(cls):
        cls.site = Site(*cls.options)
        cls.addClassCleanup(cls.site.remove)
        cls.ready_after = cls.site.start()
        cls.operator = cls.site.make_operator()
        cls.enrolment = cls.site.enrolment_token(cls.operator)

    def assert_problem(self, answer, status, reason=None):
        """A clear refusal: the status, problem+json, a reason, words, and a trace id to quote."""
        self.assertEqual(answer.status, status, answer)
        self.assertTrue(answer.headers.get("content-type", "").startswith("application/problem+json"),
                        answer)
        problem = answer.json
        self.assertRegex(problem.get("reason", ""), r"^[A-Z][A-Z0-9_]+$", answer)
        self.assertTrue(problem.get("detail") or problem.get("title"), answer)
        self.assertEqual(problem.get("status"), status, answer)
        self.assertRegex(problem.get("traceId", ""), r"^[0-9a-f]{32}$", answer)
        if reason:
            self.assertEqual(problem["reason"], reason, answer)
