#!/usr/bin/env python3
"""buf's rules for our contracts: lint, and that nothing breaks what tests/golden/contracts.binpb holds.

buf itself comes by npm (tools/buf/package-lock.json); `./dev check protos` fetches it. The rules, each exception with its
reason, are in tools/buf/buf.yaml. `--renew` writes the baseline again, and refuses while something is broken.
"""

import json
import os
import subprocess
import sys
import tempfile

import check_protos
import tree

BUF = "tools/buf/node_modules/.bin/buf"
RULES = "tools/buf/buf.yaml"
BASELINE = "tests/golden/contracts.binpb"
OURS = ["--path", "imece"]


def describe(root, into):
    """Writes the descriptors of all our protos and what they import; gives protoc's complaints."""
    protos = [os.path.relpath(path, "proto") for path in check_protos.proto_files(root)]
    done = subprocess.run(
        ["protoc", "-I", "proto", "-I", check_protos.GOOGLEAPIS, "--include_imports",
         "--include_source_info", "-o", into] + protos,
        cwd=root, capture_output=True, text=True, check=False)
    return done.stderr.splitlines() if done.returncode else []


def run(buf, *arguments):
    return subprocess.run([buf, *arguments], capture_output=True, text=True, check=False)


def complaints(buf, *arguments):
    """What a check of buf finds, as "proto/x.proto:12: RULE: words"."""
    done = run(buf, *arguments, "--error-format=json")
    found = []
    for line in done.stdout.splitlines():
        one = json.loads(line)
        # What is gone altogether has no place.
        place = f"proto/{one['path']}:{one['start_line']}: " if one.get("start_line") else ""
        found.append(f"{place}{one['type']}: {one['message']}")
    if done.returncode and not found:  # It could not look.
        found = done.stderr.splitlines() or [f"buf {arguments[0]} ended with {done.returncode}"]
    return found


def broken(buf, image, rules, baseline):
    found = complaints(buf, "breaking", image, "--against", baseline, "--config", rules, *OURS)
    if found:
        found.append(f"{baseline} is what was released (tests/golden/README.md): add beside it instead")
    return found


def renew(buf, image, baseline):
    done = run(buf, "build", image, "-o", baseline, "--exclude-source-info", *OURS)
    return done.stderr.splitlines() if done.returncode else []


def problems(root=tree.ROOT, buf=None, rules=None, renewing=False):
    buf = buf or os.path.join(tree.ROOT, BUF)
    rules = rules or os.path.join(tree.ROOT, RULES)
    baseline = os.path.join(root, BASELINE)
    with tempfile.TemporaryDirectory() as folder:
        image = os.path.join(folder, "now.binpb")
        found = describe(root, image)
        if found:
            return found
        found = complaints(buf, "lint", image, "--config", rules, *OURS)
        if os.path.exists(baseline):
            found += broken(buf, image, rules, baseline)
        elif not renewing:
            found.append(f"{BASELINE} is missing: nothing says what was released")
        if renewing and not found:
            found = renew(buf, image, baseline)
    return found


def main():
    arguments = sys.argv[1:]
    if arguments not in ([], ["--renew"]):
        print(__doc__)
        return 0 if arguments == ["--help"] else 2
    if not os.path.exists(os.path.join(tree.ROOT, BUF)):
        print(f"{BUF} is missing: npm --prefix tools/buf ci --ignore-scripts")
        return 1
    found = problems(renewing=bool(arguments))
    for problem in found:
        print(problem.replace(tree.ROOT + "/", ""))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
