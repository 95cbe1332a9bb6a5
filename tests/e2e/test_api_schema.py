"""schemathesis against /openapi.json: no 5xx, no status and no answer that the document does not name.

About 40 s on two quiet cores. Where schemathesis cannot be installed, the test is skipped and says why.
"""

import os
import subprocess
import venv

from tests.e2e.site import LONG, PASSWORD, ROOT, SiteTest, eventually

VENV = os.path.join(ROOT, "build/venv")
WANTED = "schemathesis==4.32.0"
EXAMPLES = "100" if LONG else "10"
# With ids that there are, answers of success are looked at too; refusals of others are in test_bad_input.
# A caller who gives us a millisecond is told 504, rightly; what the header may hold, unit tests say.
CONFIG = """[parameters]
"header.x-timeout-ms" = "30000"
"path.device_id" = "{device_id}"
"path.message_id" = "{message_id}"
"path.user_id" = "{user_id}"
"""
# One worker: Python 3.11 may fail when two threads parse source at once, as hypothesis does.
# HTTP lets a client send any header, and a page token or an id has a form that no schema tells.
NOT_CHECKED = "negative_data_rejection,positive_data_acceptance"


def schemathesis():
    """(its path, "") or ("", why it is not there)."""
    program = os.path.join(VENV, "bin/schemathesis")
    if os.path.exists(program):
        return program, ""
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return "", f"no virtual environment can be made ({error})"
    result = subprocess.run(
        [os.path.join(VENV, "bin/python"), "-m", "pip", "install", "--quiet", "--retries", "0", "--timeout",
         "15", "--disable-pip-version-check", WANTED], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["pip failed"])[-1]
        return "", f"{WANTED} cannot be installed here: {last}"
    return program, ""


class ApiSchema(SiteTest):
    def test_the_server_is_as_its_document_says(self):
        program, why_not = schemathesis()
        if not program:
            self.skipTest(why_not)
        sender, receiver = (self.site.enrol(self.enrolment) for _ in range(2))
        message_id, message = sender.envelope(receiver.id)
        self.assertTrue(eventually(
            lambda: self.site.call("POST", "/v1/messages", message, sender.token).status == 201))
        # Another than who asks: some calls end a user's sessions.
        user = self.site.call("POST", "/v1/users", {"name": "other", "password": PASSWORD, "roles": ["CITIZEN"]},
                              self.operator).json["userId"]
        with open(os.path.join(self.site.data, "schemathesis.toml"), "w", encoding="utf-8") as file:
            file.write(CONFIG.format(device_id=sender.name, message_id=message_id, user_id=user))
        result = subprocess.run(
            [program, "run", f"{self.site.url}/openapi.json", "--header",
             f"Authorization: Bearer {self.operator}", "--max-examples", EXAMPLES, "--workers", "1",
             "--seed", "1", "--request-timeout", "10", "--phases", "examples,coverage,fuzzing",
             "--checks", "all", "--exclude-checks", NOT_CHECKED,
             # Three never end, the other ends the session that asks.
             "--exclude-path", "/v1/messages:stream", "--exclude-path", "/v1/config:watch",
             "--exclude-path", "/v1/overview:watch",
             "--exclude-path", "/v1/sessions:logout"],
            capture_output=True, text=True, timeout=1500, check=False, cwd=self.site.data)
        self.assertEqual(result.returncode, 0, result.stdout[-8000:] + result.stderr[-2000:])
        self.assertIsNone(self.site.process.poll())

