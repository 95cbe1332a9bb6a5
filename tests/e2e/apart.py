"""A site whose services are processes of their own, behind a gateway."""

import contextlib
import http.client
import os
import subprocess
import time

from tests.e2e.replay_site import ReplaySite
from tests.e2e.site import BINARY, eventually, free_port

SERVICES = ("identity", "discovery", "messaging", "ledger", "security", "analytics", "config")
# What each service answers an operator, out of its own store.
READS = {"identity": "/v1/users", "discovery": "/v1/topology", "messaging": "/v1/queues",
         "ledger": "/v1/ledger", "security": "/v1/audit/records", "analytics": "/v1/overview",
         "config": "/v1/config"}


class ApartSite(ReplaySite):
    """Eight processes, each its service's own program, or `imece serve --target SERVICE` where not `programs`. `process` is the
    gateway; `others` are the rest, by name."""

    def __init__(self, *options, scale=10, secrets_of=None, programs=True):
        super().__init__(*options, scale=scale)
        self.began = int(time.time() * 1000)
        self.others = {}
        self.programs = programs
        self.ports = {name: free_port() for name in SERVICES}
        self.watch = {name: free_port() for name in (*SERVICES, "gateway")}
        self.secrets_of = secrets_of or {}  # Whose secret a service has, where it is not its own.

    def join_secret(self, name):
        path = os.path.join(self.data, f"{name}.join")
        if not os.path.exists(path):
            result = self.run("ca", "join-secret", self.secrets_of.get(name, name), "--data",
                              os.path.join(self.data, "security"), "--out", path)
            if result.returncode != 0:
                raise AssertionError(result.stderr)
        return path

    def command(self, name):
        peers = ",".join(f"{each}=127.0.0.1:{port}" for each, port in self.ports.items())
        settings = {"rpc.peers": peers, "rpc.join_secret_file": self.join_secret(name),
                    "site.began_ms": self.began, "watch.listen": f"127.0.0.1:{self.watch[name]}"}
        if name != "gateway":
            settings |= {"rpc.listen": "", "rpc.peer_listen": f"127.0.0.1:{self.ports[name]}"}
        program = [f"{BINARY}-{name}"] if self.programs else [BINARY, "serve", "--target", name]
        return [*program, "--exercise", "--data", os.path.join(self.data, name), *self.options,
                *(word for key, value in settings.items() for word in ("--set", f"{key}={value}"))]

    def launch(self, name):
        environment = self.environment()
        if name != "gateway":
            del environment["IMECE_RPC_LISTEN"]
        process = subprocess.Popen(self.command(name), env=environment, stdout=self.log, stderr=self.log)
        if name == "gateway":
            self.process = process
        else:
            self.others[name] = process
        return process

    def start(self, never_ready=()):
        """All of them; returns the seconds until each was ready."""
        began = time.monotonic()
        for name in (*SERVICES, "gateway"):
            if self.process_of(name) is None or self.process_of(name).poll() is not None:
                self.launch(name)
        for name in (*SERVICES, "gateway"):
            if name not in never_ready and not eventually(lambda name=name: self.is_ready(name), 60):
                raise AssertionError(f"{name} is not ready after 60 s:\n{self.tail()}")
        return time.monotonic() - began

    def is_ready(self, name):
        try:
            link = http.client.HTTPConnection("127.0.0.1", self.watch[name], timeout=10)
            with contextlib.closing(link):
                link.request("GET", "/readyz")
                return link.getresponse().status == 200
        except OSError:
            return False

    def process_of(self, name):
        return self.process if name == "gateway" else self.others.get(name)

    def status(self, path, token=None):
        try:
            return self.call("GET", path, token=token).status
        except OSError:
            return 0

    def kill_one(self, name):
        self.process_of(name).kill()
        self.process_of(name).wait()
        self.drop_connection()

    def stop(self):
        seconds = super().stop()
        ending = [process for process in self.others.values() if process.poll() is None]
        for process in ending:
            process.terminate()
        statuses = [process.wait(30) for process in ending]
        if any(statuses):
            raise AssertionError(f"processes ended with {statuses}:\n{self.tail()}")
        return seconds
