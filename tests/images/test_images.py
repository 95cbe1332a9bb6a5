"""The images as an operator would start them: `./dev images` has built them with the present programs. Needs root, podman and buildah."""

import contextlib
import http.client
import json
import os
import resource
import subprocess
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SERVICES = ("identity", "discovery", "messaging", "ledger", "security", "analytics", "config", "gateway")
# What works with cgroups of either version, and without systemd.
NOFILE, NPROC = (min(hard, 20_000) if hard > 0 else 20_000 for hard in (
    resource.getrlimit(resource.RLIMIT_NOFILE)[1], resource.getrlimit(resource.RLIMIT_NPROC)[1]))
CONTAINERS_CONF = f"""
[containers]
log_driver = "k8s-file"
default_ulimits = ["nofile={NOFILE}:{NOFILE}", "nproc={NPROC}:{NPROC}"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


def run(*command, timeout=120):
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def eventually(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.2)
    return condition()


def status(port, path):
    try:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as link:
            link.request("GET", path)
            return link.getresponse().status
    except OSError:
        return 0


class Images(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("containers need root here: run ./dev images as root")
        cls.conf = tempfile.NamedTemporaryFile("w", suffix=".conf")
        cls.addClassCleanup(cls.conf.close)
        cls.conf.write(CONTAINERS_CONF)
        cls.conf.flush()
        os.environ["CONTAINERS_CONF"] = cls.conf.name

    def files_of(self, image):
        made = run("podman", "create", image)
        self.assertEqual(made.returncode, 0, made.stderr)
        container = made.stdout.strip()
        self.addCleanup(run, "podman", "rm", "--force", container)
        exported = subprocess.run(f"podman export {container} | tar --list --verbose", shell=True, capture_output=True,
                                  text=True, timeout=120, check=True)
        return [line.split(None, 5) for line in exported.stdout.splitlines()]

    def test_there_is_nothing_in_them_but_the_program(self):
        for image in ("imece", *(f"imece-{name}" for name in SERVICES)):
            with self.subTest(image):
                files = self.files_of(image)
                names = {os.path.basename(fields[5].split(" -> ")[0].rstrip("/")) for fields in files}
                self.assertFalse(names & {"sh", "bash", "dash", "busybox", "dpkg", "apt", "apt-get", "perl", "python3"})
                self.assertFalse([fields for fields in files if "s" in fields[0][1:10]], "a file with another's rights")
                told = json.loads(run("podman", "image", "inspect", image).stdout)[0]["Config"]
                self.assertEqual(told["User"], "65532:65532")
                with open(os.path.join(ROOT, f"build/images/{image}.spdx.json"), encoding="utf-8") as file:
                    listed = json.load(file)
                inside = " ".join(package.get("sourceInfo", "") for package in listed["packages"])
                for fields in files:
                    if ".so" in fields[5] and fields[0].startswith("-"):
                        self.assertIn("/" + fields[5], inside)

    def play(self, file):
        self.addCleanup(run, "podman", "kube", "down", file)
        self.addCleanup(run, "podman", "volume", "prune", "--force")
        played = run("podman", "kube", "play", file, timeout=300)
        self.assertEqual(played.returncode, 0, played.stdout + played.stderr)

    def logs(self, pod):
        return run("podman", "pod", "logs", pod).stderr[-3000:]

    def test_one_container_is_a_site(self):
        self.play(os.path.join(ROOT, "deploy/containers/pod.yaml"))
        self.assertTrue(eventually(lambda: status(8080, "/readyz") == 200), self.logs("imece"))
        self.assertEqual(status(8080, "/v1/site"), 200)
        began = time.monotonic()
        self.assertEqual(run("podman", "pod", "stop", "imece").returncode, 0)
        self.assertLess(time.monotonic() - began, 10)
        ended = run("podman", "inspect", "--format", "{{.State.ExitCode}}", "imece-site")
        self.assertEqual(ended.stdout.strip(), "0", self.logs("imece"))

    def test_eight_containers_are_a_site(self):
        self.play(os.path.join(ROOT, "deploy/containers/apart.yaml"))
        for port in range(9311, 9319):
            self.assertTrue(eventually(lambda port=port: status(port, "/readyz") == 200), (port, self.logs("imece-apart")))
        self.assertEqual(status(8080, "/v1/jwks"), 200)
        for path in ("/v1/users", "/v1/topology", "/v1/queues", "/v1/ledger", "/v1/audit/records", "/v1/config"):
            self.assertEqual(status(8080, path), 401, path)


if __name__ == "__main__":
    unittest.main()
