"""The audit log as an auditor meets it: by REST with checks of our own, by the command line, and rewritten by somebody."""

import base64
import hashlib
import json
import os
import sqlite3
import unittest

from tests.e2e.ed25519 import SigningKey
from tests.e2e.site import PASSWORD, Site, SiteTest, eventually


def leaf_hash(record):
    return hashlib.sha256(b"\0" + record).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves):
    """RFC 6962, section 2.1, as it is defined."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node_hash(root_of(leaves[:half]), root_of(leaves[half:]))


def root_by_path(index, size, leaf, path):
    """Where an audit path leads, by recursion over the tree's shape."""
    if size == 1:
        assert not path
        return leaf
    half = 1
    while half * 2 < size:
        half *= 2
    if index < half:
        return node_hash(root_by_path(index, half, leaf, path[:-1]), path[-1])
    return node_hash(path[-1], root_by_path(index - half, size - half, leaf, path[:-1]))


class Audit(SiteTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.devices = [cls.site.enrol(cls.enrolment) for _ in range(5)]
        answer = cls.site.call("POST", f"/v1/devices/{cls.devices[0].name}:revoke", {"cause": "lost"}, cls.operator)
        assert answer.status == 200, answer
        eventually(lambda: any(r["read"]["type"] == "device.revoked.v1" for r in cls.records()))

    @classmethod
    def get(cls, path):
        answer = cls.site.call("GET", path, token=cls.operator)
        assert answer.status == 200, answer
        return answer.json

    @classmethod
    def records(cls):
        return cls.get("/v1/audit/records?pageSize=500")["records"]

    def test_it_says_who_did_what_to_whom(self):
        revoked = [r["read"] for r in self.records() if r["read"]["type"] == "device.revoked.v1"]
        self.assertEqual(len(revoked), 1)
        users = self.get("/v1/users")["users"]
        self.assertEqual(revoked[0]["subject"], self.devices[0].name)
        self.assertEqual(revoked[0]["actor"], f"user:{users[0]['userId']}")
        self.assertEqual(revoked[0]["source"], "identity")
        self.assertRegex(revoked[0]["traceId"], "^[0-9a-f]{32}$")

    def test_the_checkpoint_is_a_signed_note_over_the_records(self):
        checkpoint = self.get("/v1/audit/checkpoint")
        size = int(checkpoint["treeSize"])
        records = self.records()[:size]
        leaves = [leaf_hash(base64.b64decode(r["record"])) for r in records]
        self.assertEqual([base64.b64decode(r["leafHash"]) for r in records], leaves)
        root = base64.b64encode(root_of(leaves)).decode()
        text = f"imece/{self.get('/v1/site')['name']}/audit\n{size}\n{root}\n"
        note, _, signature = checkpoint["note"].partition("\n\n")
        self.assertEqual(note + "\n", text)
        with open(os.path.join(self.site.data, "security/audit.key"), "rb") as file:
            key = SigningKey(file.read())
        name, key_hash, public = checkpoint["verifierKey"].split("+", 2)
        self.assertEqual(base64.b64decode(public), b"\1" + key.public)
        digest = hashlib.sha256(name.encode() + b"\n\1" + key.public).digest()[:4]
        self.assertEqual(key_hash, digest.hex())
        expected = base64.b64encode(digest + key.sign(text.encode())).decode()
        self.assertEqual(signature, f"\u2014 {name} {expected}\n")

    def test_each_record_is_proved_in_the_log(self):
        checkpoint = self.get("/v1/audit/checkpoint")
        size = int(checkpoint["treeSize"])
        root = base64.b64decode(checkpoint["rootHash"])
        for index in range(size):
            proof = self.get(f"/v1/audit/records/{index}:prove?treeSize={size}")
            leaf = leaf_hash(base64.b64decode(proof["record"]["record"]))
            path = [base64.b64decode(part) for part in proof.get("path", [])]
            self.assertEqual(root_by_path(index, size, leaf, path), root, index)
        self.assert_problem(self.site.call("GET", f"/v1/audit/records/{size + 99}:prove", token=self.operator),
                            400, "PROOF_OUT_OF_RANGE")
        self.assert_problem(self.site.call("GET", "/v1/audit/records/x:prove", token=self.operator), 400)

    def test_only_an_operator_reads_it(self):
        self.assert_problem(self.site.call("GET", "/v1/audit/records"), 401, "TOKEN_MISSING")
        self.assert_problem(self.site.call("GET", "/v1/audit/records", token=self.devices[1].token), 403, "ROLE_MISSING")

    def test_no_data_of_the_events_is_in_it(self):
        log = json.dumps([r["read"] for r in self.records()])
        self.assertNotIn("lost", log)


class Rewritten(unittest.TestCase):
    """Somebody with the database in hand; the auditor's machine has kept what it saw."""

    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.remove)
        self.site.start()
        self.operator = self.site.make_operator()
        enrolment = self.site.enrolment_token(self.operator)
        for _ in range(6):
            self.site.enrol(enrolment)
        self.assertTrue(eventually(lambda: self.tree_size() >= 7))
        self.home = os.path.join(self.site.data, "auditor")
        os.environ["XDG_CONFIG_HOME"] = self.home
        self.addCleanup(os.environ.pop, "XDG_CONFIG_HOME")
        with open(os.path.join(self.site.data, "password"), "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        self.export = os.path.join(self.site.data, "audit.jsonl")
        self.assertEqual(self.audit("export", self.export).returncode, 0)
        first = self.audit("verify")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("records are as they were signed", first.stdout)

    def tree_size(self):
        return int(self.site.call("GET", "/v1/audit/checkpoint", token=self.operator).json["treeSize"])

    def audit(self, *words):
        return self.site.run("audit", *words, "--server", self.site.grpc, "--user", "operator", "--password-file",
                             os.path.join(self.site.data, "password"))

    def rewrite(self, *statements):
        self.site.stop()
        with sqlite3.connect(os.path.join(self.site.data, "security/security.db")) as database:
            for statement in statements:
                database.execute(*statement) if isinstance(statement, tuple) else database.execute(statement)
        database.close()
        self.site.start()

    def broken(self, *words):
        answer = self.audit("verify", *words)
        self.assertEqual(answer.returncode, 1, answer)
        self.assertIn("AUDIT_BROKEN", answer.stderr)
        return answer.stderr

    def test_a_log_that_grew_goes_on_from_what_was_kept(self):
        enrolment = self.site.enrolment_token(self.operator)
        before = self.tree_size()
        self.site.enrol(enrolment)
        self.assertTrue(eventually(lambda: self.tree_size() > before))
        for words in ((), ("--since", self.export), (self.export,)):
            answer = self.audit("verify", *words)
            self.assertEqual(answer.returncode, 0, answer.stderr)

    def test_a_site_made_anew_is_told_from_a_log_that_was_changed(self):
        self.site.stop()
        for name in ("audit.key", "security.db"):
            os.remove(os.path.join(self.site.data, "security", name))
        self.site.start()
        answer = self.audit("verify")
        self.assertEqual(answer.returncode, 1, answer)
        self.assertIn("another key than the one in", answer.stderr)

    def test_a_changed_record_is_named(self):
        self.rewrite("UPDATE audit_records SET record = CAST(record || x'00' AS BLOB) WHERE at = 3")
        self.assertIn("record 3 was changed", self.broken())

    def test_a_missing_record_is_named(self):
        self.rewrite("DELETE FROM audit_records WHERE at = 2")
        self.assertIn("record 2 is missing", self.broken())

    def test_a_cut_log_is_named(self):
        self.rewrite("DELETE FROM audit_records WHERE at >= 4")
        self.assertIn("the log was cut: it has 4 records", self.broken())

    def test_a_record_rewritten_with_its_hashes_is_named_by_an_export(self):
        forged = b"somebody else did it"
        self.rewrite(("UPDATE audit_records SET record = ?, leaf = ? WHERE at = 1", (forged, leaf_hash(forged))))
        self.assertIn("was changed, and its hash with it", self.broken())
        self.assertIn("record 1 was changed", self.broken("--since", self.export))

    def test_a_file_is_checked_with_no_site(self):
        record = os.path.join(self.site.data, "record.jsonl")
        with open(record, "w", encoding="utf-8") as file:
            file.write(self.audit("prove", "2").stdout)
        key = self.site.call("GET", "/v1/audit/checkpoint", token=self.operator).json["verifierKey"]
        self.site.stop()
        for words in ((self.export,), ("--record", record), ("--record", record, "--key", key)):
            answer = self.site.run("audit", "verify", *words)
            self.assertEqual(answer.returncode, 0, answer.stderr)
        lines = open(self.export, encoding="utf-8").readlines()
        for name, forged in (("cut", lines[:-1]), ("gap", lines[:3] + lines[4:])):
            path = os.path.join(self.site.data, name)
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(forged)
            answer = self.site.run("audit", "verify", path)
            self.assertEqual(answer.returncode, 1, answer)
            self.assertIn("AUDIT_BROKEN", answer.stderr)
        other = self.site.run("audit", "verify", self.export, "--key", "imece/demo/audit+00000000+AQ==")
        self.assertIn("CHECKPOINT_INVALID", other.stderr)
