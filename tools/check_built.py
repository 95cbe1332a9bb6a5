#!/usr/bin/env python3
"""Every .cc of ours is compiled: a test that no CMakeLists.txt reaches would pass by never running.

Usage: check_built.py BUILD_DIRECTORY
"""

import json
import os
import sys

import tree


def forgotten(build, root=tree.ROOT):
    """The sources under `root` that no target of the build directory compiles."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        built = {os.path.relpath(os.path.join(each["directory"], each["file"]), root)
                 for each in json.load(file)}
    return [path for path in tree.files(root, endings=(".cc",)) if path not in built]


def main():
    found = forgotten(sys.argv[1])
    for path in found:
        print(f"{path}: no target of {sys.argv[1]} compiles it")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
