"""What a process tells of itself: metrics of its machine, the level of its log, the rules that watch it, its traces."""

import contextlib
import http.server
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import threading
import time
import unittest

from tests.e2e.site import PASSWORD, ROOT, Site, SiteTest, eventually, free_port
from tests.e2e.test_messages import Stream

RULES = os.path.join(ROOT, "deploy/prometheus")
SAMPLE = re.compile(r"^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)$")


def samples(site):
    """{(name, labels as they are written): value} of /metrics."""
    answer = site.call("GET", "/metrics")
    assert answer.status == 200, answer
    matches = [SAMPLE.match(line) for line in answer.body.decode().splitlines() if not line.startswith("#")]
    return {(m.group(1), m.group(2) or ""): float(m.group(3)) for m in matches if m}


def tool(name):
    """Where a program of tests/engines is: $IMECE_NAME, build/engines, or PATH. None: nowhere."""
    given = os.environ.get(f"IMECE_{name.upper()}")
    built = os.path.join(ROOT, "build/engines", name)
    return given or (built if os.access(built, os.X_OK) else shutil.which(name))


class Machine(SiteTest):
    def test_the_figures_are_those_of_the_machine(self):
        told = samples(self.site)
        with open("/proc/meminfo", encoding="ascii") as file:
            memory = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in file}
        self.assertEqual(told["imece_machine_memory_total_bytes", ""], memory["MemTotal"])
        self.assertEqual(told["imece_machine_cpus", ""], os.sysconf("SC_NPROCESSORS_ONLN"))
        disk = os.statvfs(self.site.data)
        self.assertEqual(told["imece_data_disk_size_bytes", ""], disk.f_blocks * disk.f_frsize)
        pid = self.site.process.pid
        self.assertAlmostEqual(told["process_open_fds", ""], len(os.listdir(f"/proc/{pid}/fd")), delta=5)
        self.assertAlmostEqual(told["process_threads", ""], len(os.listdir(f"/proc/{pid}/task")), delta=5)
        self.assertEqual(told["process_max_fds", ""], resource.prlimit(pid, resource.RLIMIT_NOFILE)[0])
        self.assertIn(("imece_machine_network_bytes_total", 'device="lo",direction="in"'), told)

    def test_work_moves_them(self):
        before = samples(self.site)
        for _ in range(50):
            self.site.call("GET", "/v1/site")
        after = samples(self.site)
        for name in (("process_cpu_seconds_total", ""),
                     ("imece_machine_network_bytes_total", 'device="lo",direction="in"')):
            self.assertGreater(after[name], before[name], name)

    def test_a_scrape_is_cheap(self):
        took = []
        for _ in range(20):
            began = time.monotonic()
            samples(self.site)
            took.append(time.monotonic() - began)
        print(f"a scrape: {1000 * min(took):.1f} ms with its transport", end=" ")
        self.assertLess(min(took), 0.05)


class LogLevel(SiteTest):
    def log(self):
        with open(os.path.join(self.site.data, "server.log"), encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.startswith("{")]

    def refused(self):
        """A call whose refusal is a line of the level debug; its trace id."""
        answer = self.site.call("GET", "/v1/messages/0190c8e2-0000-7000-8000-000000000000", token=self.operator)
        self.assert_problem(answer, 404)
        return answer.json["traceId"]

    def is_logged(self, trace):
        return any(line.get("trace_id") == trace for line in self.log())

    def set(self, level, seconds):
        answer = self.site.call("POST", "/v1/process/log-level", {"level": level, "durationS": seconds}, self.operator)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def test_it_changes_for_a_time_and_says_who_did_it(self):
        self.assertFalse(self.is_logged(self.refused()))
        self.assertEqual(self.set("DEBUG", 1), {"level": "DEBUG", "usualLevel": "INFO", "secondsLeft": 1})
        self.assertTrue(self.is_logged(self.refused()))

        def usual():
            return self.site.call("GET", "/v1/process/log-level", token=self.operator).json["level"] == "INFO"
        self.assertTrue(eventually(usual))
        self.assertFalse(self.is_logged(self.refused()))
        self.set("ERROR", 0)
        left = self.set("INFO", 60)["secondsLeft"]
        self.assertEqual(left, 60)
        changes = [line for line in self.log() if line["event"] == "log_level_changed"]
        self.assertEqual([(line["to"], line["seconds"]) for line in changes][-3:],
                         [("DEBUG", 1), ("ERROR", 900), ("INFO", 60)])
        self.assertTrue(all(line["by"] for line in changes))

    def test_it_is_the_operators(self):
        device = self.site.enrol(self.enrolment)
        for method, body in (("GET", None), ("POST", {"level": "DEBUG"})):
            path = "/v1/process/log-level"
            self.assert_problem(self.site.call(method, path, body), 401, "TOKEN_MISSING")
            self.assert_problem(self.site.call(method, path, body, device.token), 403, "ROLE_MISSING")
        for body in ({}, {"level": "LOUD"}, {"level": "INFO", "durationS": 86401}):
            self.assert_problem(self.site.call("POST", path, body, self.operator), 400)

    def test_the_command_line_does_it_too(self):
        password = os.path.join(self.site.data, "op.password")
        with open(password, "w", encoding="ascii") as file:
            file.write(PASSWORD + "\n")

        def command(*arguments):
            return self.site.run("log-level", *arguments, "--server", self.site.grpc, "--user", "operator",
                                 "--password-file", password)
        self.assertEqual(command("warn", "--for", "10m").stdout, "WARN for 10m, then INFO\n")
        self.assertEqual(json.loads(command("--json").stdout)["level"], "WARN")
        self.assertEqual(command("loud").returncode, 2)
        self.assertEqual(command("info", "--for", "25h").returncode, 1)


class Rules(SiteTest):
    # Of traces there are metrics only where traces go somewhere.
    options = ("--set", "telemetry.endpoint=http://127.0.0.1:1")

    def rules(self):
        with open(os.path.join(RULES, "imece.rules.yml"), encoding="utf-8") as file:
            return file.read()

    def test_every_metric_that_they_name_is_exported(self):
        named = set(re.findall(r"\b(?:imece|process)_[a-z_]+", re.sub(r"#.*", "", self.rules())))
        self.assertGreater(len(named), 15)
        told = {name for name, _ in samples(self.site)}
        self.assertEqual(named - told, set())

    def test_every_alert_has_its_page(self):
        alerts = re.findall(r"- alert: (\w+)", self.rules())
        links = re.findall(r"runbook: docs/operate/alerts\.md#(\w+)", self.rules())
        self.assertEqual([alert.lower() for alert in alerts], links)
        with open(os.path.join(ROOT, "docs/operate/alerts.md"), encoding="utf-8") as file:
            self.assertEqual(re.findall(r"^## (Imece\w+)$", file.read(), re.MULTILINE), alerts)

    def test_promtool_finds_them_right(self):
        promtool = tool("promtool")
        if not promtool:
            self.skipTest("no promtool: tests/engines/promtool.sh build/engines")
        for arguments in (("check", "config", "prometheus.yml"), ("test", "rules", "imece.rules.test.yml")):
            result = subprocess.run([promtool, *arguments], cwd=RULES, capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        with open(os.path.join(RULES, "imece.rules.test.yml"), encoding="utf-8") as file:
            tested = set(re.findall(r"alertname: (\w+)", file.read()))
        self.assertEqual(set(re.findall(r"- alert: (\w+)", self.rules())), tested)


class Sink(http.server.ThreadingHTTPServer):
    """What a collector passes on, as OTLP/JSON."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), SinkCall)
        self.spans = []
        self.resources = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self, request):
        for one in request["resourceSpans"]:
            self.resources.append(attributes(one["resource"]))
            for scope in one["scopeSpans"]:
                self.spans += scope["spans"]

    def of(self, trace):
        return {span["name"]: span for span in list(self.spans) if span["traceId"] == trace}


class SinkCall(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.take(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def attributes(of):
    return {one["key"]: one["value"].get("stringValue") for one in of.get("attributes", [])}


COLLECTOR = """
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:%d
exporters:
  otlphttp:
    endpoint: http://127.0.0.1:%d
    encoding: json
    compression: none
    sending_queue:
      enabled: false
service:
  telemetry:
    metrics:
      level: none
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [otlphttp]
"""


class Traces(unittest.TestCase):
    """Through a real collector."""

    def setUp(self):
        collector = tool("otelcol")
        if not collector:
            self.skipTest("no otelcol: tests/engines/otelcol.sh build/engines")
        self.sink = Sink()
        self.addCleanup(self.sink.server_close)
        self.addCleanup(self.sink.shutdown)
        self.port = free_port()
        self.site = Site("--set", f"telemetry.endpoint=http://127.0.0.1:{self.port}", "--set", "telemetry.share=1")
        self.addCleanup(self.site.remove)
        config = os.path.join(self.site.data, "otelcol.yaml")
        with open(config, "w", encoding="ascii") as file:
            file.write(COLLECTOR % (self.port, self.sink.server_port))
        process = subprocess.Popen([collector, "--config", config], stdout=self.site.log, stderr=self.site.log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

        def listens():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return True
            return False
        self.assertTrue(eventually(listens, 30), self.site.tail())
        self.site.start()
        self.operator = self.site.make_operator()

    def test_a_message_is_followed_from_the_call_to_its_receipt(self):
        enrolment = self.site.enrolment_token(self.operator)
        sender, recipient = self.site.enrol(enrolment), self.site.enrol(enrolment)
        trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
        name, message = sender.envelope(recipient.id)

        def submit():
            # A new device becomes known a moment after its enrolment.
            return self.site.call("POST", "/v1/messages", message, sender.token,
                                  {"traceparent": f"00-{trace}-{caller}-00"}).status < 300
        self.assertTrue(eventually(submit))
        stream = Stream(self.site, recipient)
        self.addCleanup(stream.close)
        self.assertTrue(eventually(lambda: name in stream.ids()))
        answer = self.site.call("POST", "/v1/messages:ack", {"receipts": [recipient.receipt(name)]}, recipient.token)
        self.assertEqual(answer.status, 200, answer)

        rpc = "imece.messaging.v1.MessageService/SubmitMessage"
        ours = {"HTTP SubmitMessage", rpc, "message commit", "message wait", "message delivery"}
        self.assertTrue(eventually(lambda: ours <= set(self.sink.of(trace))), self.sink.of(trace))
        spans = self.sink.of(trace)
        # By the first tries the recipient may not have been known: the last call is the one that counts.
        calls = {span["spanId"]: span for span in self.sink.spans if span["name"] == rpc}
        edges = {span["spanId"]: span for span in self.sink.spans if span["name"] == "HTTP SubmitMessage"}
        for step in ("message commit", "message wait", "message delivery"):
            call = calls[spans[step]["parentSpanId"]]
            edge = edges[call["parentSpanId"]]
            self.assertEqual(edge["parentSpanId"], caller)
            self.assertEqual((edge["kind"], call["kind"]), (2, 2))
            self.assertEqual(attributes(spans[step])["imece.message.id"], name)
            self.assertLessEqual(int(spans[step]["startTimeUnixNano"]), int(spans[step]["endTimeUnixNano"]))
        self.assertEqual(spans["message wait"]["endTimeUnixNano"][:10],
                         spans["message delivery"]["startTimeUnixNano"][:10])
        self.assertEqual(self.sink.resources[0]["service.name"], "imece")

        # What was made of the enrolment elsewhere names the call that caused it.
        enrolled = {span["traceId"] for span in self.sink.spans if span["name"] == "HTTP EnrolDevice"}
        applied = [span for span in self.sink.spans if span["name"] == "apply device.enrolled.v1"]
        self.assertTrue(applied)
        # A sign-in tells of the device again: it got a fresh credential.
        self.assertTrue(enrolled)
        self.assertLessEqual(enrolled, {link["traceId"] for span in applied for link in span["links"]})
        self.assertTrue({"messaging", "discovery", "security"} >= {attributes(s)["imece.by"] for s in applied})

    def test_what_is_left_at_the_end_arrives(self):
        answer = self.site.call("GET", "/v1/site")
        trace = answer.headers["traceparent"].split("-")[1]
        self.assertLess(self.site.stop(), 5)
        self.assertIn("imece.site.v1.SiteService/GetSite", self.sink.of(trace))


class NoCollector(SiteTest):
    options = ("--set", "telemetry.endpoint=http://127.0.0.1:1", "--set", "telemetry.share=1",
               "--set", "telemetry.queue_max=100")

    def test_it_costs_drops_and_nothing_else(self):
        slowest = 0.0
        for _ in range(300):
            began = time.monotonic()
            self.assertEqual(self.site.call("GET", "/v1/site").status, 200)
            slowest = max(slowest, time.monotonic() - began)
        print(f"slowest call {1000 * slowest:.0f} ms", end=" ")
        self.assertGreater(samples(self.site)["imece_trace_spans_dropped_total", ""], 100)
        with open(os.path.join(self.site.data, "server.log"), encoding="utf-8") as file:
            self.assertEqual(file.read().count("traces_not_exported"), 1)
        self.assertLess(self.site.stop(), 5)
