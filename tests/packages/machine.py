"""A bare Debian 12 in a folder, without any network, for the tests of packages."""

import contextlib
import ctypes
import http.client
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
FIRST_MESSAGE = "first message delivered"


def run(*command, timeout=300, check=True, **options):
    """What it said on both its outputs."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                          timeout=timeout, check=False, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}")
    return done.stdout


def base(architecture):
    """An archive with a bare Debian 12, fetched once; of another architecture only the C and C++ libraries, since none of its programs
    runs by itself here."""
    archive = os.path.join(ROOT, f"build/package-base-{architecture}.tar")
    if not os.path.exists(archive):
        kind = ("--variant=minbase",) if architecture == "amd64" else ("--variant=extract", "--skip=check/qemu",
                                                                         "--include=base-files,libc6,libstdc++6,libgcc-s1")
        mirror = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org") + "/debian"
        run("mmdebstrap", "--quiet", "--format=tar", f"--architectures={architecture}", *kind, "bookworm", archive + ".new", mirror, timeout=900)
        os.rename(archive + ".new", archive)
    return archive


def cut_off():
    """From here on this process and its children have no network but loopback, and mounts of their own."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS | CLONE_NEWNET) != 0:
        raise unittest.SkipTest("the kernel gives no namespaces here: " + os.strerror(ctypes.get_errno()))
    run("mount", "--make-rprivate", "/")
    run("ip", "link", "set", "lo", "up")


def get(path, port=8080):
    """Status and JSON of the site's answer; 0 while there is none."""
    try:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as link:
            link.request("GET", path)
            answer = link.getresponse()
            body = answer.read()
            return answer.status, json.loads(body) if body.startswith(b"{") else None
    except OSError:
        return 0, None


class Process:
    """A program that is stopped by SIGTERM, or after `seconds` killed."""

    def __init__(self, command, seconds):
        self.popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.watchdog = threading.Timer(seconds, self.popen.kill)
        self.watchdog.start()
        self.said = []

    def wait_for(self, words):
        """The line with these words; "" when it ended without."""
        for line in self.popen.stdout:
            self.said.append(line)
            if words in line:
                return line
        return ""

    def wait_until_ready(self):
        while get("/readyz")[0] != 200:
            if self.popen.poll() is not None:
                self.said.append(self.popen.stdout.read())
                self.watchdog.cancel()
                return False
            time.sleep(0.05)
        return True

    def stop(self):
        """Its exit status. May be asked again."""
        if self.popen.returncode is None:
            self.popen.terminate()
            self.said.append(self.popen.communicate()[0])
            self.watchdog.cancel()
        return self.popen.returncode


class Machine:
    def __init__(self, architecture="amd64"):
        self.root = tempfile.mkdtemp(prefix="imece-machine-")
        os.chmod(self.root, 0o755)
        run("tar", "--extract", "--file", base(architecture), "--numeric-owner", "--directory", self.root)
        os.makedirs(self.path("proc"), exist_ok=True)
        run("mount", "-t", "proc", "proc", self.path("proc"))
        self.emulator = ()
        if architecture != "amd64":
            shutil.copy(shutil.which("qemu-aarch64-static"), self.path("emulator"))
            self.emulator = ("/emulator",)

    def path(self, name):
        return os.path.join(self.root, name.lstrip("/"))

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def give(self, file):
        """Its name over there."""
        shutil.copy(file, self.path("tmp"))
        return "/tmp/" + os.path.basename(file)

    def run(self, *command, **options):
        return run("chroot", self.root, *self.emulator, *command,
                   env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"}, **options)

    def start(self, *command, user="nobody", seconds=120):
        """As that user, without any right."""
        became = ("chroot", f"--userspec={user}", self.root)
        if not self.emulator:
            became = ("chroot", self.root, "setpriv", f"--reuid={user}", f"--regid={user if user != 'nobody' else 'nogroup'}",
                      "--clear-groups", "--no-new-privs", "--bounding-set=-all")
        return Process((*became, *self.emulator, *command), seconds)

    def close(self):
        run("umount", self.path("proc"))
        shutil.rmtree(self.root)
