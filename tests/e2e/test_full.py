"""A full disk: what cannot be kept is refused, what was acknowledged is there, and it goes on by itself once there is room."""

import os
import subprocess
import tempfile
import time
import unittest

from tests.e2e.site import Site, SiteTest, eventually

SIZE_MB = 400
RESERVE = 128 << 20  # Of runtime/kv/kv_store.h.


def mountable():
    """Why no disk of our own can be had here; nothing if one can."""
    if os.geteuid() != 0:
        return "mounting a small disk needs root"
    with tempfile.TemporaryDirectory() as probe:
        if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", probe], capture_output=True, check=False).returncode != 0:
            return "this machine lets nobody mount a disk"
        subprocess.run(["umount", probe], check=True)
    return None


class SmallDisk(Site):
    """A site whose data lie on a disk of its own; the log lies elsewhere."""

    def __init__(self):
        super().__init__()
        self.log_folder, self.data = self.data, tempfile.mkdtemp(prefix="imece-full-")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", self.data], check=True)

    @property
    def ballast(self):
        return os.path.join(self.data, "ballast")

    def fill(self, leave):
        """Takes all room but `leave` bytes."""
        free = os.statvfs(self.data).f_bavail * os.statvfs(self.data).f_frsize
        with open(self.ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, free - leave)

    def tail(self):
        with open(os.path.join(self.log_folder, "server.log"), encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-20:])

    def remove(self):
        self.stop()
        self.log.close()
        subprocess.run(["umount", "--lazy", self.data], check=False)
        for folder in (self.data, self.log_folder):
            subprocess.run(["rm", "-rf", folder], check=False)


class FullDisk(SiteTest):
    @classmethod
    def setUpClass(cls):
        why = mountable()
        if why:
            raise unittest.SkipTest(why)
        cls.site = SmallDisk()
        cls.addClassCleanup(cls.site.remove)
        cls.site.start()
        cls.operator = cls.site.make_operator()
        cls.enrolment = cls.site.enrolment_token(cls.operator)

    def test_intake_says_no_and_goes_on_by_itself(self):
        sender, recipient = (self.site.enrol(self.enrolment) for _ in range(2))
        acknowledged = []

        def submit():
            name, message = sender.envelope(recipient.id, body=os.urandom(12_000))
            answer = self.site.call("POST", "/v1/messages", message, sender.token)
            if answer.status == 429:
                time.sleep(int(answer.headers["retry-after"]))
                return submit()
            if answer.status == 201:
                acknowledged.append(name)
            return answer

        self.assertTrue(eventually(lambda: submit().status == 201))
        self.site.fill(leave=RESERVE + 4_000_000)
        for _ in range(2_000):
            answer = submit()
            if answer.status != 201:
                break
        self.assert_problem(answer, 503, "STORE_FULL")
        self.assertGreater(len(acknowledged), 10)
        # What is on its way still arrives, and its receipt is kept.
        received = self.site.call("POST", "/v1/messages:ack",
                                  {"receipts": [recipient.receipt(acknowledged[0])]}, recipient.token)
        self.assertEqual(received.status, 200, received)
        self.assertEqual(self.site.call("GET", "/healthz").status, 200)
        for name in acknowledged[-5:]:
            self.assertEqual(self.site.call("GET", f"/v1/messages/{name}", token=self.operator).status, 200)

        os.remove(self.site.ballast)
        self.assertTrue(eventually(lambda: submit().status == 201, 30), self.site.tail())
        self.site.kill()
        self.site.start()
        token = self.site.login()["accessToken"]
        lost = [name for name in acknowledged
                if self.site.call("GET", f"/v1/messages/{name}", token=token).status != 200]
        self.assertEqual(lost, [], f"of {len(acknowledged)}")
        print(f"{len(acknowledged)} acknowledged, none lost", end=" ")


if __name__ == "__main__":
    unittest.main()
