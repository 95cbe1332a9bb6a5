"""What a process tells of itself: metrics of its machine, the level of its log, and the rules
that watch it."""

import json
import os
import re
import resource
import shutil
import subprocess
import time

from tests.e2e.site import PASSWORD, ROOT, SiteTest, eventually

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
