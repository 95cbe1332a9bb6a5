"""The packages as somebody installs them who has a bare Debian 12 and no network: `./dev package` has built them. Needs root."""

import configparser
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from tests.packages.machine import FIRST_MESSAGE, ROOT, Machine, base, cut_off, get, run

OUT = os.path.join(ROOT, "build/packages")
EMULATED_SECONDS = 300  # An emulated processor is ten to twenty times slower.


def package(pattern):
    found = glob.glob(os.path.join(OUT, pattern))
    if len(found) != 1:
        raise unittest.SkipTest(f"no {pattern} in {OUT}: ./dev package")
    return found[0]


def setUpModule():
    if os.geteuid() != 0:
        raise unittest.SkipTest("a machine in a folder needs root: run ./dev package as root")
    base("amd64")
    if glob.glob(os.path.join(OUT, "*arm64*")):
        base("arm64")
    cut_off()


def say(what, seconds):
    print(f"{what}: {seconds:.1f} s", file=sys.stderr)


class PackageTest(unittest.TestCase):
    def machine(self, architecture="amd64"):
        made = Machine(architecture)
        self.addCleanup(made.close)
        return made

    def unit(self, machine):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.optionxform = str
        parser.read_string(machine.read("/usr/lib/systemd/system/imece.service"))
        return parser["Service"]

    def start_unit(self, machine, seconds=120):
        """There is no systemd in a folder: what its unit names is started as the user that it names."""
        unit = self.unit(machine)
        process = machine.start(*unit["ExecStart"].split(), user=unit["User"], seconds=seconds)
        self.addCleanup(process.stop)
        self.assertTrue(process.wait_until_ready(), process.said)
        return process

    def assert_demo(self, machine, program, seconds=120, **options):
        process = machine.start(program, "demo", seconds=seconds, **options)
        self.addCleanup(process.stop)
        self.assertTrue(process.wait_for(FIRST_MESSAGE), "".join(process.said))
        delivered = time.monotonic()
        self.assertEqual(get("/v1/site")[1]["exercise"], True)
        self.assertEqual(process.stop(), 0, process.said)
        self.assertEqual(glob.glob(machine.path("/tmp/imece-demo-*")), [], "the demo leaves nothing")
        return delivered


class Deb(PackageTest):
    def setUp(self):
        self.deb = package("imece_*_amd64.deb")

    def install(self, machine, deb=None):
        return machine.run("dpkg", "--install", machine.give(deb or self.deb))

    def upgrade(self):
        """The same as a later version."""
        folder = self.enterContext(tempfile.TemporaryDirectory())
        run("dpkg-deb", "--raw-extract", self.deb, folder + "/root")
        control = folder + "/root/DEBIAN/control"
        with open(control, encoding="utf-8") as file:
            text = file.read()
        with open(control, "w", encoding="utf-8") as file:
            file.write(text.replace("\nVersion: ", "\nVersion: 9"))
        run("dpkg-deb", "-Znone", "--build", folder + "/root", folder + "/later.deb")
        return folder + "/later.deb"

    def test_first_message_within_a_minute(self):
        machine = self.machine()
        began = time.monotonic()
        self.install(machine)
        installed = time.monotonic()
        self.assertEqual(self.start_unit(machine).stop(), 0)
        served = time.monotonic()
        delivered = self.assert_demo(machine, "/usr/bin/imece")
        say(".deb installed", installed - began)
        say("unit's command served and stopped", served - installed)
        say(".deb to first message", delivered - began)
        self.assertLess(delivered - began, 60)

    def test_data_and_configuration_outlive_all_but_a_purge(self):
        machine = self.machine()
        before = set(machine.run("find", "/", "-xdev").splitlines())
        self.install(machine)
        config = machine.read("/etc/imece/imece.toml")
        with open(machine.path("/etc/imece/imece.toml"), "w", encoding="utf-8") as file:
            file.write(config.replace('#name = "imece"', 'name = "Hatay"'))
        edited = machine.read("/etc/imece/imece.toml")
        self.assertNotEqual(edited, config)
        site = self.start_unit(machine)
        keys = get("/v1/jwks")[1]["keys"]
        self.assertEqual(get("/v1/site")[1]["name"], "Hatay")
        self.assertEqual(get("/v1/site")[1]["exercise"], False)
        self.assertEqual(site.stop(), 0, site.said)
        self.assertEqual(os.stat(machine.path("/var/lib/imece")).st_mode & 0o777, 0o700)

        self.install(machine, self.upgrade())
        self.assertEqual(machine.read("/etc/imece/imece.toml"), edited)
        site = self.start_unit(machine)
        self.assertEqual(get("/v1/jwks")[1]["keys"], keys)
        self.assertEqual(get("/v1/site")[1]["name"], "Hatay")
        self.assertEqual(site.stop(), 0, site.said)

        machine.run("dpkg", "--remove", "imece")
        self.assertFalse(os.path.exists(machine.path("/usr/bin/imece")))
        self.assertEqual(machine.read("/etc/imece/imece.toml"), edited)
        self.assertTrue(os.path.exists(machine.path("/var/lib/imece/site-kind")))

        machine.run("dpkg", "--purge", "imece")
        left = set(machine.run("find", "/", "-xdev").splitlines()) - before
        self.assertEqual([name for name in left if "imece" in name and not name.startswith("/tmp/")], [])
        self.assertNotIn("imece", machine.read("/etc/passwd") + machine.read("/etc/group"))

    def test_it_listens_on_loopback_alone(self):
        machine = self.machine()
        self.install(machine)
        site = self.start_unit(machine)
        sockets = [line.split()[3] for line in run("ss", "--tcp", "--listening", "--numeric", "--no-header").splitlines()]
        self.assertEqual(site.stop(), 0)
        self.assertTrue(sockets)
        self.assertEqual([name for name in sockets if not name.startswith(("127.0.0.1:", "[::ffff:127.0.0.1]:"))], [])

    def test_the_unit_is_closed(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze here")
        machine = self.machine()
        self.install(machine)
        told = run("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", f"--root={machine.root}", "imece.service")
        self.assertIn("Overall exposure level", told)

    def test_lintian_finds_no_error(self):
        if not shutil.which("lintian"):
            self.skipTest("no lintian here")
        self.assertEqual(run("lintian", "--allow-root", "--fail-on=error,warning", "--suppress-tags=no-manual-page", self.deb), "")


class Tar(PackageTest):
    def unpack(self, architecture):
        archive = package(f"imece-*-{architecture}.tar.xz")
        machine = self.machine(architecture)
        os.makedirs(machine.path("/media/some where"))
        run("tar", "--extract", "--file", archive, "--directory", machine.path("/media/some where"))
        return machine, "/media/some where/" + os.path.basename(archive).removesuffix(".tar.xz")

    def test_first_message_within_a_minute_from_any_folder(self):
        began = time.monotonic()
        machine, folder = self.unpack("amd64")
        delivered = self.assert_demo(machine, folder + "/bin/imece")
        say(".tar.xz to first message", delivered - began)
        self.assertLess(delivered - began, 60)

    def test_it_takes_nothing_but_glibc_from_the_system(self):
        machine, folder = self.unpack("amd64")
        taken = [line.split()[0] for line in machine.run("ldd", folder + "/bin/imece").splitlines() if folder not in line]
        glibc = ("linux-vdso.so", "libc.so", "libm.so", "libpthread.so", "libresolv.so", "/lib64/ld-linux")
        self.assertEqual([name for name in taken if not name.startswith(glibc)], [])

    def test_arm64_delivers_from_any_folder(self):
        began = time.monotonic()
        machine, folder = self.unpack("arm64")
        delivered = self.assert_demo(machine, folder + "/bin/imece", seconds=EMULATED_SECONDS)
        say("arm64 .tar.xz to first message, emulated", delivered - began)


class DebArm64(PackageTest):
    def test_it_says_its_version_serves_and_delivers(self):
        deb = package("imece_*_arm64.deb")
        machine = self.machine("arm64")
        # Its scripts are the other package's; emulated, dpkg itself does not run here.
        run("dpkg-deb", "--extract", deb, machine.root)
        self.assertEqual(run("dpkg-deb", "--field", deb, "Architecture").strip(), "arm64")
        self.assertEqual(machine.run("/usr/bin/imece", "--version").strip(), run("dpkg-deb", "--field", deb, "Version").strip())
        with open(machine.path("/etc/passwd"), "a", encoding="utf-8") as file:
            file.write("imece:x:990:990::/var/lib/imece:/usr/sbin/nologin\n")
        os.mkdir(machine.path("/var/lib/imece"), 0o700)
        os.chown(machine.path("/var/lib/imece"), 990, 990)
        began = time.monotonic()
        self.assertEqual(self.start_unit(machine, EMULATED_SECONDS).stop(), 0)
        say("arm64 .deb: unit's command served and stopped, emulated", time.monotonic() - began)
        began = time.monotonic()
        say("arm64 .deb: demo's first message, emulated",
            self.assert_demo(machine, "/usr/bin/imece", seconds=EMULATED_SECONDS) - began)


class Contents(PackageTest):
    def test_nothing_names_the_machine_that_built_it(self):
        for pattern in ("imece_*_amd64.deb", "imece-*-amd64.tar.xz", "imece_*_arm64.deb", "imece-*-arm64.tar.xz"):
            with self.subTest(pattern), tempfile.TemporaryDirectory() as folder:
                archive = package(pattern)
                if archive.endswith(".deb"):
                    run("dpkg-deb", "--raw-extract", archive, folder + "/root")
                else:
                    run("tar", "--extract", "--file", archive, "--directory", folder)
                found = run("grep", "--recursive", "--files-with-matches", "--fixed-strings", ROOT, folder, check=False)
                self.assertEqual(found, "")

    def test_the_same_program_gives_the_same_bytes(self):
        for architecture in ("amd64", "arm64"):
            with self.subTest(architecture), tempfile.TemporaryDirectory() as folder:
                deb = package(f"imece_*_{architecture}.deb")
                subprocess.run([os.path.join(ROOT, "deploy/packages/build.sh"), architecture,
                                os.environ.get(f"IMECE_BUILD_{architecture.upper()}", ""), folder],
                               check=True, timeout=900, stdout=subprocess.DEVNULL)
                for name in (os.path.basename(deb), os.path.basename(package(f"imece-*-{architecture}.tar.xz"))):
                    with open(os.path.join(OUT, name), "rb") as one, open(os.path.join(folder, name), "rb") as other:
                        self.assertEqual(hashlib.file_digest(one, "sha256").hexdigest(),
                                         hashlib.file_digest(other, "sha256").hexdigest(), name)

    def test_the_sums_hold(self):
        package("SHA256SUMS")
        run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=OUT)


if __name__ == "__main__":
    unittest.main()
