"""Sites of earlier versions, as their backups, and what each of them held.

`python3 -m tests.e2e.golden VERSION` makes one with the present binary: once, when VERSION is released. It stays as it is then.
"""

import datetime
import json
import os
import shutil
import sys

from tests.e2e.site import BINARY, ROOT, Site, eventually

SITES = os.path.join(ROOT, "tests/golden/sites")
SHARE = "messaging.queue_share_maintenance"


def look(site, token):
    """What a site says of what it keeps; the same before a backup and after it was restored by any later version."""
    def get(path):
        answer = site.call("GET", path, token=token)
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer}")
        return answer.json
    messages = get("/v1/messages?pageSize=100").get("messages", [])
    return {
        "users": sorted(user["name"] for user in get("/v1/users")["users"]),
        "devices": sorted(device["deviceId"] for device in get("/v1/devices")["devices"]),
        "messages": sorted([each["messageId"], each["state"]] for each in messages),
        "nodes": sorted(node["nodeId"] for node in get("/v1/nodes").get("nodes", [])),
        "genesis": get("/v1/ledger/blocks/0"),
        "emergencies": [[each["emergencyId"], each["level"]] for each in get("/v1/emergencies").get("emergencies", [])],
        "setting": get(f"/v1/config/{SHARE}")["value"],
        "secrets": [secret["name"] for secret in get("/v1/secrets").get("secrets", [])],
        "audit": [record["leafHash"] for record in get("/v1/audit/records?page_size=500")["records"]],
    }


def fill(site):
    """One of each that is kept; the operator's token."""
    operator = site.make_operator()
    enrolment = site.enrolment_token(operator, quota=5)
    sender, recipient = (site.enrol(enrolment) for _ in range(2))

    def must(method, path, body, token=operator):
        answers = []

        def done():
            answers.append(site.call(method, path, body, token))
            return answers[-1].status in (200, 201)
        if not eventually(done, 10):
            raise AssertionError(f"{path}: {answers[-1]}")
        return answers[-1].json
    delivered, first = sender.envelope(recipient.id, ttl=86400)
    _, second = sender.envelope(recipient.id, ttl=86400)
    must("POST", "/v1/messages", first, sender.token)
    must("POST", "/v1/messages:ack", {"receipts": [recipient.receipt(delivered)]}, recipient.token)
    must("POST", "/v1/messages", second, sender.token)
    must("POST", "/v1/nodes:report", {"reports": [sender.report((37.0, 36.1), uplink=True)]}, sender.token)
    must("PUT", f"/v1/config/{SHARE}", {"value": "37", "expectedRevision": 0})
    must("PUT", "/v1/secrets/sms.token", {"value": "Z29sZGVu"})
    must("POST", "/v1/emergencies", {"level": "EMERGENCY", "cause": "earthquake", "durationS": 86400})
    if not eventually(lambda: site.call("GET", "/v1/emergencies", token=operator).json["level"] == "EMERGENCY", 30):
        raise AssertionError("the emergency is not in force")
    return operator


def make(version):
    site = Site()
    try:
        site.start()
        operator = fill(site)
        made = site.call("POST", "/v1/process/backups", {}, operator)
        if made.status != 201:
            raise AssertionError(made)
        to = os.path.join(SITES, version)
        shutil.copytree(made.json["path"], os.path.join(to, "backup"))
        now = datetime.datetime.fromisoformat(site.call("GET", "/v1/site").json["now"])
        with open(os.path.join(to, "held.json"), "w", encoding="utf-8") as file:
            json.dump({"unixMs": int(now.timestamp() * 1000), "held": look(site, operator)}, file, indent=1)
            file.write("\n")
        print(f"{to}: by {BINARY}")
    finally:
        site.remove()


if __name__ == "__main__":
    make(sys.argv[1])
