"""A backup under load, and the site that goes on from it elsewhere."""

import os
import shutil
import subprocess
import threading
import time

from tests.e2e.replay_site import ReplaySite, ReplayTest
from tests.e2e.site import BINARY, PASSWORD


class Backup(ReplayTest):
    def back_up(self):
        """(path, SHA-256 of its list), as an operator has it."""
        token = self.site.login()["accessToken"]
        answer = self.site.call("POST", "/v1/process/backups", {}, token)
        self.assertEqual(answer.status, 201, answer)
        return answer.json["path"], answer.json["sumsSha256"]

    def restore(self, path, data, *more):
        return subprocess.run([BINARY, "restore", path, "--data", data, *more], capture_output=True,
                              text=True, timeout=120, check=False)

    def test_a_replay_goes_on_from_a_backup_made_in_the_middle(self):
        made = {}

        def in_the_middle():
            token = self.site.login()["accessToken"]
            until = time.monotonic() + 60
            while time.monotonic() < until:
                listed = self.site.call("GET", "/v1/messages?pageSize=100", token=token).json.get("messages", [])
                if len(listed) >= 60:
                    made["before"] = [each["messageId"] for each in listed]
                    made["path"], made["sums"] = self.back_up()
                    return
                time.sleep(0.05)

        thread = threading.Thread(target=in_the_middle)
        thread.start()
        status, report, _ = self.replay("--scenario", "kahramanmaras-2023", "--phones", "60", "--minutes", "3",
                                        "--seed", "11")
        thread.join()
        self.assertIn("path", made)
        self.assertEqual(status, 0, report)
        self.assertEqual(subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=made["path"],
                                        check=False).returncode, 0)

        elsewhere = ReplaySite(scale=self.scale)
        self.addCleanup(elsewhere.remove)
        shutil.rmtree(elsewhere.data)
        restored = self.restore(made["path"], elsewhere.data, "--sums-sha256", made["sums"])
        self.assertEqual(restored.returncode, 0, restored)
        elsewhere.log.close()
        elsewhere.log = open(os.path.join(elsewhere.data, "server.log"), "ab")
        self.site.stop()
        elsewhere.start()
        token = elsewhere.login()["accessToken"]
        for name in made["before"]:
            self.assertEqual(elsewhere.call("GET", f"/v1/messages/{name}", token=token).status, 200, name)
        with open(elsewhere.password_file, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        again = subprocess.run(elsewhere.replay_command("--scenario", "kahramanmaras-2023", "--phones", "60",
                                                        "--minutes", "2", "--seed", "12"),
                               capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)

    def test_a_changed_backup_is_refused(self):
        path, sums = self.back_up()
        data = os.path.join(self.site.data, "restored")
        with open(os.path.join(path, "site-kind"), "a", encoding="ascii") as file:
            file.write("!")
        result = self.restore(path, data)
        self.assertEqual(result.returncode, 1)
        self.assertIn("site-kind was changed", result.stderr)
        self.assertFalse(os.path.exists(data))
        path, sums = self.back_up()
        result = self.restore(path, data, "--sums-sha256", "0" * 64)
        self.assertIn("BACKUP_REFUSED", result.stderr)
        self.assertEqual(self.restore(path, data, "--sums-sha256", sums).returncode, 0)
        result = self.restore(path, data)
        self.assertIn("DATA_DIR_REFUSED", result.stderr)

    def test_only_an_operator_makes_one(self):
        self.assertEqual(self.site.call("POST", "/v1/process/backups", {}).status, 401)
