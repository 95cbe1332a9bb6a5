"""schemathesis against /openapi.json: no 5xx, no status and no answer that the document does not name."""

import os
import subprocess
import venv

from tests.e2e.site import LONG, ROOT, SiteTest

VENV = os.path.join(ROOT, "build/venv")
WANTED = "schemathesis==4.32.0"
EXAMPLES = "100" if LONG else "15"


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
        result = subprocess.run(
            [program, "run", f"{self.site.url}/openapi.json", "--header",
             f"Authorization: Bearer {self.operator}", "--max-examples", EXAMPLES, "--workers", "2",
             "--seed", "1", "--request-timeout", "10", "--phases", "examples,coverage,fuzzing", "--checks",
             "not_a_server_error,status_code_conformance,content_type_conformance,"
             "response_headers_conformance,response_schema_conformance",
             # One never ends, the other ends the session that asks.
             "--exclude-path", "/v1/messages:stream", "--exclude-path", "/v1/sessions:logout"],
            capture_output=True, text=True, timeout=1500, check=False, cwd=self.site.data)
        self.assertEqual(result.returncode, 0, result.stdout[-8000:] + result.stderr[-2000:])
        self.assertIsNone(self.site.process.poll())

