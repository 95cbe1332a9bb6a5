"""Off loopback: HTTP and gRPC by TLS only, with an authority of one's own."""

import http.client
import os
import shutil
import ssl
import subprocess
import tempfile
import unittest

from tests.e2e.replay_site import ReplaySite
from tests.e2e.site import Site


def make_certificates(folder):
    """An authority (ca.pem) and what it signed for this machine (site.pem, site.key)."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test authority")
    openssl("req", *key, "-keyout", "site.key", "-out", "site.csr", "-subj", "/CN=site")
    with open(os.path.join(folder, "names"), "w", encoding="ascii") as file:
        file.write("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl("x509", "-req", "-in", "site.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
            "2", "-extfile", "names", "-out", "site.pem")
    os.chmod(os.path.join(folder, "site.key"), 0o600)


class TlsSite(ReplaySite):
    """Listens on every address of the machine."""

    def __init__(self, folder):
        certificate, key = (os.path.join(folder, name) for name in ("site.pem", "site.key"))
        super().__init__("--set", f"gateway.tls_certificate={certificate}", "--set", f"gateway.tls_key={key}",
                         "--set", f"rpc.tls_certificate={certificate}", "--set", f"rpc.tls_key={key}",
                         scale=20)
        self.ca = os.path.join(folder, "ca.pem")

    @property
    def url(self):
        return f"https://127.0.0.1:{self.http_port}"

    def environment(self):
        return dict(os.environ, IMECE_GATEWAY_LISTEN=f"0.0.0.0:{self.http_port}",
                    IMECE_RPC_LISTEN=f"0.0.0.0:{self.grpc_port}")

    def connect(self):
        return http.client.HTTPSConnection("127.0.0.1", self.http_port, timeout=30,
                                           context=ssl.create_default_context(cafile=self.ca))


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("openssl") is None:
            raise unittest.SkipTest("no openssl here to make certificates with")
        folder = tempfile.TemporaryDirectory(prefix="imece-e2e-tls-")
        cls.addClassCleanup(folder.cleanup)
        make_certificates(folder.name)
        cls.site = TlsSite(folder.name)
        cls.addClassCleanup(cls.site.remove)
        cls.site.start_with_operator()

    def test_without_a_certificate_it_does_not_leave_loopback(self):
        plain = Site()
        self.addCleanup(plain.remove)
        for key in ("gateway.listen", "rpc.listen"):
            result = plain.run("config", "check", "--set", f"{key}=0.0.0.0:7999")
            self.assertEqual(result.returncode, 2, result)
            self.assertIn("tls_certificate", result.stderr)

    def test_http_is_served_by_tls_alone(self):
        answer = self.site.call("GET", "/v1/site")
        self.assertEqual(answer.status, 200)
        self.assertIn("max-age", answer.headers["strict-transport-security"])
        self.assertFalse(self.site.raw(b"GET /v1/site HTTP/1.1\r\nhost: x\r\n\r\n").startswith(b"HTTP/1.1 200"))
        with self.assertRaises(ssl.SSLCertVerificationError):
            stranger = http.client.HTTPSConnection("127.0.0.1", self.site.http_port, timeout=10)
            stranger.request("GET", "/v1/site")

    def test_the_command_line_checks_who_it_talks_to(self):
        good = self.site.run("status", "--server", self.site.grpc, "--ca", self.site.ca)
        self.assertEqual(good.returncode, 0, good)
        self.assertEqual(self.site.run("status", "--server", self.site.grpc, "--timeout", "3").returncode, 3)

    def test_phones_and_relays_work_over_it(self):
        result = subprocess.run(
            self.site.replay_command("--ca", self.site.ca, "--phones", "40", "--minutes", "1", "--seed", "7"),
            capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
