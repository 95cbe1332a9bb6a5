"""The process: start, idle cost, shutdown, and what every site serves."""

import json
import os
import signal
import socket
import subprocess
import time
import unittest

from tests.e2e.site import BINARY, PASSWORD, ROOT, Site, SiteTest, eventually

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


class Process(unittest.TestCase):
    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.remove)

    def test_is_ready_in_less_than_a_second_also_with_data(self):
        self.site.start()  # Makes the stores; what counts is shown by the next starts too.
        self.site.stop()
        times = []
        for _ in range(3):
            times.append(self.site.start())
            self.site.stop()
        print(f"ready after {min(times):.3f} s", end=" ")
        self.assertLess(min(times), 1.0)

    def test_first_start_is_ready_in_less_than_a_second(self):
        self.assertLess(self.site.start(), 1.0)

    def test_idle_costs_little(self):
        self.site.start()
        pid = self.site.process.pid
        seconds = 5
        time.sleep(1)  # What the start has begun ends here; idleness is what is measured.
        before = cpu_seconds(pid)
        time.sleep(seconds)
        share = (cpu_seconds(pid) - before) / seconds
        memory = resident_mb(pid)
        print(f"idle: {100 * share:.2f} % of a core, {memory:.0f} MB", end=" ")
        self.assertLess(share, 0.01)
        self.assertLess(memory, 100)

    def test_sigterm_drains_in_less_than_five_seconds(self):
        self.site.start()
        self.assertLess(self.site.stop(), 5)

    def test_sigterm_ends_streams_too(self):
        self.site.start()
        token = self.site.enrolment_token(self.site.make_operator())
        head = "GET {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n{}\r\n"
        upgrade = ("upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
                   "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
        links = []
        for path, more, opened in (("/v1/messages:stream", "", b": open\n\n\r\n"),
                                   ("/v1/connect", upgrade, b"\r\n\r\n")):
            link = socket.create_connection(("127.0.0.1", self.site.http_port), timeout=10)
            self.addCleanup(link.close)
            link.sendall(head.format(path, self.site.enrol(token).token, more).encode())
            received = b""
            while not received.endswith(opened):
                received += link.recv(4096)
            links.append(link)
        before = time.monotonic()
        self.site.process.send_signal(signal.SIGTERM)
        events, frames = links
        self.assertTrue(events.recv(4096).endswith(b"0\r\n\r\n"))
        self.assertEqual(events.recv(4096), b"")
        close = frames.recv(4096)
        self.assertEqual((close[0], int.from_bytes(close[2:4], "big")), (0x88, 1001), close)
        # That the client of the WebSocket answers nothing does not hold the process.
        self.assertEqual(self.site.process.wait(10), 0)
        self.assertLess(time.monotonic() - before, 5)

    def test_a_taken_port_is_named(self):
        self.site.start()
        second = Site()
        self.addCleanup(second.remove)
        second.http_port = self.site.http_port
        result = second.run("serve", "--exercise", "--data", second.data, timeout=20)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(str(second.http_port), result.stdout + result.stderr)

    def test_two_processes_do_not_share_a_data_directory(self):
        self.site.start()
        second = Site()
        self.addCleanup(second.remove)
        result = second.run("serve", "--exercise", "--data", self.site.data, timeout=20)
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(self.site.call("GET", "/readyz").status, 200)

    def test_a_real_site_refuses_a_time_scale(self):
        result = self.site.run("serve", "--time-scale", "10", "--data", self.site.data, timeout=20)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("exercise", (result.stdout + result.stderr).lower())

    def test_an_unknown_target_is_refused(self):
        result = self.site.run("serve", "--exercise", "--target", "kitchen", "--data", self.site.data,
                               timeout=20)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("kitchen", result.stdout + result.stderr)


class Surroundings(SiteTest):
    options = ("--time-scale", "10")

    def test_the_site_says_what_it_is(self):
        site = self.site.call("GET", "/v1/site").json
        self.assertTrue(site["exercise"])
        self.assertEqual(site["timeScale"], 10)
        self.assertTrue(site["version"])
        self.assertTrue({"identity", "discovery", "messaging"} <= set(site["services"]))

    def test_its_clock_runs_as_fast_as_it_says(self):
        def site_time():
            text = self.site.call("GET", "/v1/site").json["now"].rstrip("Z")
            whole, _, part = text.partition(".")
            return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + (part or "0"))
        wall, then = time.monotonic(), site_time()
        time.sleep(1)
        passed, site_passed = time.monotonic() - wall, site_time() - then
        self.assertAlmostEqual(site_passed / passed, 10, delta=0.5)

    def test_the_operators_pages_answer(self):
        for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"):
            with self.subTest(path):
                self.assertEqual(self.site.call("GET", path).status, 200)
        self.assertIn("imece_", self.site.call("GET", "/metrics").body.decode())

    def test_answers_carry_security_headers(self):
        headers = self.site.call("GET", "/v1/site").headers
        self.assertEqual(headers.get("x-content-type-options"), "nosniff")
        self.assertIn("content-security-policy", headers)

    def test_the_openapi_document_names_every_route_of_the_contract(self):
        document = self.site.call("GET", "/openapi.json").json
        self.assertTrue(document["openapi"].startswith("3.1"))
        for path in ("/v1/messages", "/v1/messages/{message_id}", "/v1/messages/{message_id}:explain",
                     "/v1/messages:stream", "/v1/devices", "/v1/nodes", "/v1/topology", "/v1/site"):
            self.assertIn(path.replace("_id", ""), [p.replace("_id", "").replace("Id", "")
                                                    for p in document["paths"]], path)

    def test_no_secret_is_in_the_log(self):
        self.site.call("POST", "/v1/sessions", {"name": "operator", "password": "hunter2 hunter2"})
        token = self.site.login()["refreshToken"]
        with open(os.path.join(self.site.data, "server.log"), encoding="utf-8") as file:
            log = file.read()
        for secret in ("correct horse", "hunter2", token, self.enrolment, self.operator):
            self.assertNotIn(secret, log)

    def test_the_log_is_json_lines(self):
        with open(os.path.join(self.site.data, "server.log"), encoding="utf-8") as file:
            lines = [line for line in file if line.startswith("{")]
        self.assertTrue(lines)
        for line in lines:
            json.loads(line)

    def test_the_document_of_errors_is_up_to_date(self):
        with open(os.path.join(ROOT, "docs/errors.md"), encoding="utf-8") as file:
            self.assertEqual(self.site.run("docs", "errors").stdout, file.read(), "run ./dev docs")

    def test_the_calls_to_copy_work(self):
        """What ./dev run prints in the end."""
        password = os.path.join(self.site.data, "operator.password")
        with open(password, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        printed = subprocess.run(
            ["bash", "-c", 'eval "$(sed -n "/^print_how_to_go_on/,/^}/p" dev)"; print_how_to_go_on "$1" 10',
             "dev", self.site.data], env=dict(os.environ, base_url=self.site.url), cwd=ROOT,
            capture_output=True, text=True, check=True).stdout
        calls = [line for line in printed.splitlines() if line.startswith(("curl ", "TOKEN="))]
        self.assertEqual(len(calls), 5, printed)
        script = "\n".join(calls).replace("curl -s", "curl -s --fail-with-body -w '\\n'")
        result = subprocess.run(["bash", "-e", "-c", script], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        answers = [json.loads(line) for line in result.stdout.splitlines() if line]
        self.assertEqual(len(answers), 4, result.stdout)
        self.assertIn("timeScale", answers[0])

    def test_the_command_line_tells_how_the_site_is(self):
        self.assertTrue(eventually(
            lambda: self.site.run("status", "--server", self.site.grpc).returncode == 0, every=0.5))
        self.assertEqual(self.site.run("version").returncode, 0)
        self.assertNotEqual(self.site.run("dance").returncode, 0)
        self.assertIn("serve", self.site.run("--help").stdout)
