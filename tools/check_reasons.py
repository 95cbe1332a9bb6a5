#!/usr/bin/env python3
"""Holds reasons together: each one that the code gives, or an rpc's rules name, stands in
proto/imece/api/v1/reasons.proto with the same code; each one there has its number range, is documented and is used."""

import glob
import os
import re
import sys

import tree

PROTO = "proto/imece/api/v1/reasons.proto"
ENTRY = re.compile(r'^\s*([A-Z][A-Z0-9_]*)\s*=\s*(\d+)\s*(?:\[\(info\)\s*=\s*\{(.*)\}\])?;', re.MULTILINE)
FIELD = re.compile(r'(code|means|action):\s*"((?:[^"\\]|\\.)*)"')
RULES = re.compile(r"reasons:\s*\[([^\]]*)\]")
# fail(ErrorCode::kX, "REASON", …) and Error{ErrorCode::kX, "REASON", …}, over line ends.
GIVEN = re.compile(r'(?:\bfail\s*\(|\bError\s*\{)\s*(?:imece::)?ErrorCode::k(\w+)\s*,\s*"([^"]*)"')
RANGES = {"any": (1, 99), "identity": (100, 199), "discovery": (200, 299), "messaging": (300, 399),
          "gateway": (400, 499), "sdk": (500, 549), "replay": (550, 599), "command line": (600, 649),
          "analytics": (700, 749), "config": (750, 799), "ledger": (800, 849)}


def code_name(enumerator):
    """NotFound → NOT_FOUND."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", enumerator).upper()


def known_reasons(text):
    """{reason: (number, {"code", "means", "action"})}"""
    return {name: (int(number), dict(FIELD.findall(info or "")))
            for name, number, info in ENTRY.findall(text)}


def problems(root=tree.ROOT):
    found = []
    known = known_reasons(tree.read(PROTO, root))
    used = set()
    for name, (number, info) in known.items():
        if number == 0:
            continue
        for part in ("code", "means", "action"):
            if not info.get(part):
                found.append(f"{PROTO}: {name} has no {part}")
        if not any(low <= number <= high for low, high in RANGES.values()):
            found.append(f"{PROTO}: {name} = {number} is in no service's range")

    for path in tree.files(root):
        if "/tests/" in path or path.startswith("tests/") or re.search(r"_(test|fuzz)\.cc$", path):
            continue
        text = tree.read(path, root)
        used |= set(re.findall(r'"([A-Z][A-Z0-9_]+)"', text))
        for match in GIVEN.finditer(text):
            where = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
            code, reason = code_name(match.group(1)), match.group(2)
            if reason not in known:
                found.append(f"{where}: {reason or 'an empty reason'} is not in {PROTO}")
            elif known[reason][1].get("code") != code:
                found.append(f"{where}: {reason} is given as {code}, and documented as "
                             f"{known[reason][1].get('code')}")

    for path in sorted(glob.glob(os.path.join(root, "proto/**/*.proto"), recursive=True)):
        name = os.path.relpath(path, root)
        for listed in RULES.findall(tree.read(name, root)):
            for reason in re.findall(r'"([^"]*)"', listed):
                if reason not in known:
                    found.append(f"{name}: the rules of an rpc name {reason}, which is not in {PROTO}")
    found += [f"{PROTO}: nothing gives {name}" for name, (number, _) in known.items()
              if number and name not in used]
    return found


def main():
    found = problems()
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
