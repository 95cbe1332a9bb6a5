"""The certificate authority, checked by stock openssl."""

import base64
import os
import subprocess
import unittest

from tests.e2e.site import PASSWORD, Site, SiteTest, eventually
from tests.e2e.wire import Device

# RFC 8410: what stands before the 32 bytes of an Ed25519 seed in PKCS#8.
ED25519 = bytes.fromhex("302e020100300506032b657004220420")


def openssl(*words, check=True):
    return subprocess.run(["openssl", *words], capture_output=True, text=True, timeout=60, check=check)


class Ca(SiteTest):
    def setUp(self):
        self.folder = os.path.join(self.site.data, "ca-test")
        os.makedirs(self.folder, exist_ok=True)
        self.write("root.pem", self.get("/v1/certificates:bundle")["pem"])

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def get(self, path):
        answer = self.site.call("GET", path, token=self.operator)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def csr(self, name, key=None):
        """A request as openssl makes it: for a new P-256 key, or for the given one."""
        if key is None:
            key = self.path(f"{name}.key")
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", self.path(f"{name}.csr"))
        with open(self.path(f"{name}.csr"), encoding="ascii") as file:
            return file.read()

    def device_key(self, device):
        pem = base64.b64encode(ED25519 + device.seed).decode()
        return self.write("device.key", f"-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n")

    def issue(self, csr, token, **more):
        return self.site.call("POST", "/v1/certificates", {"csrPem": csr, **more}, token)

    def verify(self, pem, *options):
        """openssl's verdict over the chain that the site gave."""
        leaf, intermediate = [part + "-----END CERTIFICATE-----\n" for part in
                              pem.split("-----END CERTIFICATE-----\n")[:2]]
        return openssl("verify", "-x509_strict", "-CAfile", self.path("root.pem"), "-untrusted",
                       self.write("intermediate.pem", intermediate), *options, self.write("leaf.pem", leaf), check=False)

    def test_a_services_certificate_is_good_for_stock_openssl(self):
        answer = self.issue(self.csr("gateway"), self.operator, service="gateway")
        self.assertEqual(answer.status, 201, answer)
        certificate = answer.json["certificate"]
        self.assertEqual(certificate["spiffeId"], f"spiffe://{self.get('/v1/site')['name']}/service/gateway")
        self.assertEqual(self.verify(answer.json["pem"], "-purpose", "sslserver").returncode, 0)
        text = openssl("x509", "-in", self.path("leaf.pem"), "-noout", "-text").stdout
        self.assertIn(f"URI:{certificate['spiffeId']}, DNS:gateway", text)
        self.assertIn("CA:FALSE", text)
        serial = openssl("x509", "-in", self.path("leaf.pem"), "-noout", "-serial").stdout
        self.assertEqual(serial.strip().lower(), f"serial={certificate['serial']}")

    def test_a_device_gets_one_for_its_own_key_only(self):
        device = self.site.enrol(self.enrolment)
        own = self.issue(self.csr("device", self.device_key(device)), device.token)
        self.assertEqual(own.status, 201, own)
        self.assertTrue(own.json["certificate"]["spiffeId"].endswith(f"/device/{device.name}"))
        self.assertEqual(self.verify(own.json["pem"], "-purpose", "sslclient").returncode, 0)
        self.assert_problem(self.issue(self.csr("other"), device.token), 400, "CSR_KEY_MISMATCH")
        self.assert_problem(self.issue(self.csr("device", self.device_key(device)), device.token, service="gateway"),
                            403, "CERTIFICATE_REFUSED")
        stranger = Device()
        self.assert_problem(self.issue(self.csr("stranger", self.device_key(stranger)), device.token),
                            400, "CSR_KEY_MISMATCH")

    def test_what_is_no_request_is_refused(self):
        for csr, status, reason in (("hello", 400, "CSR_INVALID"), ("", 400, "FIELD_INVALID"),
                                    ("A" * 20000, 400, "FIELD_INVALID")):
            self.assert_problem(self.issue(csr, self.operator, service="gateway"), status, reason)
        self.assert_problem(self.issue(self.csr("x"), self.operator, service="No Such"), 400, "SERVICE_NAME_INVALID")
        self.assert_problem(self.issue(self.csr("x"), None), 401, "TOKEN_MISSING")

    def test_a_revoked_certificate_is_in_the_list(self):
        made = self.issue(self.csr("gone"), self.operator, service="gone").json
        kept = self.issue(self.csr("kept"), self.operator, service="kept").json
        path = f"/v1/certificates/{made['certificate']['serial']}:revoke"
        answer = self.site.call("POST", path, {}, self.operator)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.site.call("POST", path, {}, self.operator).json, answer.json)
        self.assert_problem(self.site.call("POST", f"/v1/certificates/{'0' * 32}:revoke", {}, self.operator),
                            404, "CERTIFICATE_UNKNOWN")
        der = self.write("list.der", base64.b64decode(self.get("/v1/certificates:revocationList")["der"]))
        openssl("crl", "-inform", "DER", "-in", der, "-out", self.path("list.pem"))
        checked = ("-crl_check", "-CRLfile", self.path("list.pem"))
        self.assertIn("revoked", self.verify(made["pem"], *checked).stderr)
        self.assertEqual(self.verify(kept["pem"], *checked).returncode, 0)

    def test_a_revoked_device_loses_its_certificate(self):
        device = self.site.enrol(self.enrolment)
        serial = self.issue(self.csr("device", self.device_key(device)),
                            device.token).json["certificate"]["serial"]
        self.site.call("POST", f"/v1/devices/{device.name}:revoke", {}, self.operator)

        def revoked():
            listed = self.get("/v1/certificates?pageSize=500")["certificates"]
            return [c for c in listed if c["serial"] == serial and c.get("revokedAt")]
        self.assertTrue(eventually(revoked))

    def test_what_it_does_is_audited(self):
        serial = self.issue(self.csr("audited"), self.operator, service="audited").json["certificate"]["serial"]
        self.site.call("POST", f"/v1/certificates/{serial}:revoke", {}, self.operator)
        records = [r["read"] for r in self.get("/v1/audit/records?pageSize=500")["records"]]
        issued = [r for r in records if r["type"] == "certificate.issued.v1" and r["subject"].endswith("/audited")]
        self.assertEqual(len(issued), 1)
        self.assertTrue(issued[0]["actor"].startswith("user:"))
        self.assertEqual(len([r for r in records if r["subject"] == serial]), 1)

    def test_the_list_goes_on_page_by_page(self):
        for number in range(3):
            self.issue(self.csr(f"p{number}"), self.operator, service=f"p{number}")
        seen, token = [], ""
        while True:
            page = self.get(f"/v1/certificates?pageSize=2&pageToken={token}")
            seen += [c["serial"] for c in page["certificates"]]
            token = page.get("nextPageToken", "")
            if not token:
                break
        self.assertEqual(seen, sorted(set(seen)))
        self.assertGreaterEqual(len(seen), 3)
        self.assert_problem(self.site.call("GET", "/v1/certificates?pageToken=x", token=self.operator),
                            400, "PAGE_TOKEN_INVALID")


class RootKey(unittest.TestCase):
    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.remove)
        self.passphrase = os.path.join(self.site.data, "passphrase")
        with open(self.passphrase, "w", encoding="utf-8") as file:
            file.write("it rains in the mountains\n")
        self.password = os.path.join(self.site.data, "password")
        with open(self.password, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")

    def doctor(self):
        return self.site.run("doctor", "--data", self.site.data).stdout

    def root_key(self):
        return os.path.join(self.site.data, "security/ca/root.key")

    def test_unsealed_it_is_told_and_can_be_taken_away(self):
        self.site.start()
        self.site.make_operator()
        self.assertIn("ca_root_key_unsealed", self.site.tail())
        self.assertIn("lies unsealed", self.doctor())
        away = os.path.join(self.site.data, "usb.key")
        answer = self.site.run("ca", "offline-root", "--data", self.site.data, "--out", away,
                               "--passphrase-file", self.passphrase)
        self.assertEqual(answer.returncode, 0, answer)
        self.assertFalse(os.path.exists(self.root_key()))
        self.assertNotIn("lies unsealed", self.doctor())
        # Stock openssl opens it, with the passphrase and not without.
        self.assertEqual(openssl("pkey", "-in", away, "-passin", f"file:{self.passphrase}", "-noout").returncode, 0)
        self.assertNotEqual(openssl("pkey", "-in", away, "-passin", "pass:x", "-noout", check=False).returncode, 0)
        self.site.stop()
        self.site.start()  # It is not needed.
        key = os.path.join(self.site.data, "k")
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        openssl("req", "-new", "-key", key, "-subj", "/CN=x", "-out", key + ".csr")
        issued = self.site.run("ca", "issue", "--csr", key + ".csr", "--service", "gateway", "--server", self.site.grpc,
                               "--user", "operator", "--password-file", self.password)
        self.assertEqual(issued.stdout.count("BEGIN CERTIFICATE"), 2, issued)
        listed = self.site.run("ca", "list", "--server", self.site.grpc, "--user", "operator", "--password-file",
                               self.password)
        self.assertIn("/service/gateway", listed.stdout)

    def test_sealed_from_the_start(self):
        self.site.options = ("--set", f"security.ca_passphrase_file={self.passphrase}")
        self.site.start()
        with open(self.root_key(), encoding="ascii") as file:
            self.assertIn("ENCRYPTED", file.readline())
        self.assertNotIn("ca_root_key_unsealed", self.site.tail())
        self.assertIn("sealed", self.doctor())
        self.assertEqual(os.stat(self.root_key()).st_mode & 0o777, 0o600)
