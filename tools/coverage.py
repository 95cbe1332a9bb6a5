#!/usr/bin/env python3
"""Prints line coverage of src/, a line a room and in total, and fails under a bound.

All of src/ counts, with no exclusions. Test files count for nothing: they would only flatter the figure.
"""

import argparse
import collections
import json
import os
import subprocess
import sys

import tree


def programs(build):
    """What was built there: every program that holds coverage data."""
    found = []
    for folder, inner, names in os.walk(build):
        inner[:] = [name for name in inner if name not in ("CMakeFiles", "gen")]
        for name in names:
            path = os.path.join(folder, name)
            if os.access(path, os.X_OK) and not os.path.islink(path):
                with open(path, "rb") as file:
                    if file.read(4) == b"\x7fELF":
                        found.append(path)
    return sorted(found)


def is_test(path):
    return "/tests/" in path or path.endswith(("_test.cc", "_fuzz.cc"))


def room_of(path):
    parts = path.split("/")
    return "/".join(parts[:2])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", help="the build directory, which holds all.profdata")
    parser.add_argument("--least", type=float, default=0, help="fail under this percentage")
    options = parser.parse_args()

    binaries = programs(options.build)
    command = ["llvm-cov-19", "export", "-summary-only", "-format=text",
               f"-instr-profile={options.build}/all.profdata", binaries[0]]
    for binary in binaries[1:]:
        command += ["-object", binary]
    command.append(os.path.join(tree.ROOT, "src"))
    exported = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    rooms, files = collections.defaultdict(lambda: [0, 0]), []
    for entry in exported["data"][0]["files"]:
        path = os.path.relpath(entry["filename"], tree.ROOT)
        if not path.startswith("src/") or is_test(path):
            continue
        lines = entry["summary"]["lines"]
        files.append((lines["count"] - lines["covered"], lines["covered"], lines["count"], path))
        for name in (room_of(path), "total"):
            rooms[name][0] += lines["covered"]
            rooms[name][1] += lines["count"]
    print("the most lines that no test runs:")
    for missed, covered, count, path in sorted(files, reverse=True)[:15]:
        print(f"  {missed:5} of {count:5}  {path}")
    for name in sorted(rooms, key=lambda name: (name == "total", name)):
        covered, count = rooms[name]
        print(f"{name:24} {covered:6} of {count:6} lines  {100 * covered / count:6.2f} %")
    covered, count = rooms["total"]
    if 100 * covered < options.least * count:
        print(f"coverage: under {options.least:g} %", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
