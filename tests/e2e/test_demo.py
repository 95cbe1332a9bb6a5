"""`imece demo`: one command from nothing to a delivered message."""

import glob
import os
import socket
import subprocess
import tempfile
import unittest

from tests.e2e.site import BINARY, free_port


class Demo(unittest.TestCase):
    def demo(self, *options):
        with tempfile.TemporaryDirectory() as temporary:
            done = subprocess.run([BINARY, "demo", "--once", "--time-scale", "60", *options], capture_output=True, text=True,
                                  timeout=120, check=False, env=dict(os.environ, TMPDIR=temporary))
            self.assertEqual(glob.glob(temporary + "/*"), [])
        return done

    def test_a_message_is_delivered_and_nothing_is_left(self):
        done = self.demo("--http", f"127.0.0.1:{free_port()}", "--grpc", f"127.0.0.1:{free_port()}")
        self.assertIn("first message delivered", done.stderr)
        # So much faster than the wall, a busy machine may be late.
        self.assertEqual(done.returncode, 0 if "Every judged promise held." in done.stdout else 1, done.stderr)

    def test_a_port_that_is_taken_is_told_at_once(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            done = self.demo("--http", f"127.0.0.1:{other.getsockname()[1]}", "--grpc", f"127.0.0.1:{free_port()}")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertNotIn("first message delivered", done.stderr)


if __name__ == "__main__":
    unittest.main()
