"""What a process tells of itself: metrics of its machine."""

import os
import re
import resource
import time

from tests.e2e.site import SiteTest

SAMPLE = re.compile(r"^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)$")


def samples(site):
    """{(name, labels as they are written): value} of /metrics."""
    answer = site.call("GET", "/metrics")
    assert answer.status == 200, answer
    matches = [SAMPLE.match(line) for line in answer.body.decode().splitlines() if not line.startswith("#")]
    return {(m.group(1), m.group(2) or ""): float(m.group(3)) for m in matches if m}


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
