#!/usr/bin/env python3
"""A nudge, never a failure: files over 500 lines and functions over 70."""

import re
import sys

import tree

FILE_MAX = 500
FUNCTION_MAX = 70


def long_functions(text):
    """[(first line, lines)] of the bodies that end with a '}' alone in the first column: clang-format ends
    every function outside a class there."""
    found, start = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("}"):
            if start and number - start + 1 > FUNCTION_MAX:
                found.append((start, number - start + 1))
            start = None
        elif re.match(r"^\w(?!amespace).*\(", line) and not line.endswith(";"):
            start = number
    return found


def main():
    for path in tree.files():
        text = tree.read(path)
        lines = text.count("\n")
        if lines > FILE_MAX:
            print(f"{path}: {lines} lines (we like at most {FILE_MAX})")
        for start, length in long_functions(text):
            print(f"{path}:{start}: a function of {length} lines (we like at most {FUNCTION_MAX})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
