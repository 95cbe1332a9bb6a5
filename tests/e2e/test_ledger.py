"""The ledger: emergencies declared and ended, and a chain that Python and openssl check by docs/ledger.md alone."""

import base64
import hashlib
import os
import subprocess
import unittest

from tests.e2e.site import PASSWORD, SiteTest, eventually

# RFC 8410: what stands before the 32 bytes of an Ed25519 public key.
SPKI = bytes.fromhex("302a300506032b6570032100")


def raw(text):
    return base64.b64decode(text)


class Ledger(SiteTest):
    def get(self, path):
        answer = self.site.call("GET", path, token=self.operator)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def post(self, path, body, status):
        answer = self.site.call("POST", path, body, self.operator)
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def declare(self, **more):
        return self.post("/v1/emergencies", {"level": "CRISIS", "cause": "earthquake", "durationS": 600, **more}, 201)

    def final(self, transaction):
        def state():
            return self.get(f"/v1/ledger/transactions/{transaction}")
        self.assertTrue(eventually(lambda: state()["state"] != "PENDING"))
        self.assertEqual(state()["state"], "FINAL", state())
        return state()

    def level(self):
        return self.get("/v1/emergencies")["level"]

    def verified(self, key, message, signature):
        """openssl's verdict."""
        paths = []
        for name, content in (("key.der", SPKI + key), ("message", message), ("signature", signature)):
            paths.append(os.path.join(self.site.data, name))
            with open(paths[-1], "wb") as file:
                file.write(content)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths[0], "-rawin",
                               "-in", paths[1], "-sigfile", paths[2]], capture_output=True, timeout=30).returncode == 0

    def test_an_emergency_is_declared_ended_and_audited(self):
        declared = self.declare(area="hatay")
        self.final(declared["transactionId"])
        self.assertEqual(self.level(), "CRISIS")
        again = self.declare(emergencyId=declared["emergencyId"])
        self.assertEqual(again, declared, "a repeated call declares nothing new")
        self.assertEqual(len(self.get("/v1/emergencies")["emergencies"]), 1)

        path = f"/v1/emergencies/{declared['emergencyId']}:end"
        self.final(self.post(path, {"cause": "all clear"}, 200)["transactionId"])
        self.assertEqual(self.level(), "NORMAL")
        self.assert_problem(self.site.call("POST", path, {"cause": "again"}, self.operator), 400, "EMERGENCY_OVER")
        self.assertTrue(eventually(lambda: any(
            record["read"]["type"] == "transaction.submitted.v1" and record["read"]["actor"].startswith("user:")
            for record in self.get("/v1/audit/records?page_size=500")["records"])))

    def test_refusals_say_why(self):
        for body, reason in (({"level": "NORMAL", "cause": "x", "durationS": 60}, "TRANSACTION_MALFORMED"),
                             ({"level": "CRISIS", "durationS": 60}, "FIELD_INVALID"),
                             ({"level": "CRISIS", "cause": "x", "durationS": 9999999}, "FIELD_INVALID")):
            answer = self.site.call("POST", "/v1/emergencies", body, self.operator)
            self.assert_problem(answer, 400, reason)
        unknown = "0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5f"
        for path, reason in ((f"/v1/ledger/transactions/{unknown}", "TRANSACTION_UNKNOWN"),
                             (f"/v1/ledger/receipts/{unknown}/{'0' * 32}:prove", "RECEIPT_UNKNOWN"),
                             ("/v1/ledger/blocks/999999", "BLOCK_UNKNOWN")):
            self.assert_problem(self.site.call("GET", path, token=self.operator), 404, reason)

    def test_the_chain_holds_by_its_documented_formats(self):
        """Also after the process is killed."""
        self.final(self.declare()["transactionId"])
        before = self.get("/v1/ledger")
        self.site.kill()
        self.site.start()
        self.final(self.declare()["transactionId"])
        told = self.get("/v1/ledger")
        self.assertEqual(told["chainId"], before["chainId"])
        authorities = {bytes.fromhex(one["authorityId"]): raw(one["publicKey"])
                       for one in told["authorities"]["authorities"]}
        parent = None
        for height in range(int(told["tip"]["header"]["height"]) + 1):
            block = self.get(f"/v1/ledger/blocks/{height}")
            header, certificate = raw(block["encodedHeader"]), raw(block["encodedCertificate"])
            block_hash = hashlib.sha256(b"\0" + header).digest()
            self.assertEqual(int.from_bytes(header[33:41], "big"), height)
            if parent is None:
                self.assertEqual(block_hash.hex(), told["chainId"])
            else:
                self.assertEqual(header[45:77], parent)
                self.assertEqual(header[1:33].hex(), told["chainId"])
            transactions = [raw(one) for one in block["transactions"]]
            if len(transactions) == 1:
                self.assertEqual(header[-64:-32], hashlib.sha256(b"\0" + transactions[0]).digest())
            self.assertEqual(certificate[1], len(authorities))
            voted = b"imece.vote.v1\0" + b"\1" + header[33:45] + block_hash
            key = authorities[certificate[2:18]]
            self.assertTrue(self.verified(key, voted, certificate[18:82]))
            self.assertFalse(self.verified(key, voted[:-1] + bytes([voted[-1] ^ 1]), certificate[18:82]))
            parent = block_hash

    def test_the_command_line_declares_and_verifies(self):
        secret = os.path.join(self.site.data, "password")
        with open(secret, "w", encoding="ascii") as file:
            file.write(PASSWORD)
        signed_in = ("--server", self.site.grpc, "--user", "operator", "--password-file", secret)
        declared = self.site.run("emergency", "declare", "--cause", "flood", "--for", "1h", *signed_in)
        self.assertEqual(declared.returncode, 0, declared.stderr)
        self.assertTrue(eventually(lambda: "EMERGENCY" in self.site.run("emergency", "list", *signed_in).stdout))
        first = self.site.run("ledger", "verify", *signed_in)
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("from the first on", first.stdout)
        second = self.site.run("ledger", "verify", *signed_in)
        self.assertIn("behind those verified before", second.stdout, second.stderr)
        self.assertIn("not fault-tolerant", self.site.run("ledger", "show", *signed_in).stdout)


if __name__ == "__main__":
    unittest.main()
