#!/usr/bin/env python3
"""clang-tidy on what changed (or on everything, with --all), within bounded time.

A file is looked at again only when it, something that it includes, or the rules changed: what passed is kept in
build/tidy. A changed header is looked at through a file that includes it. Past the time budget the rest is named,
not failed: the next run goes on from there.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys
import time

import tree

TIDY = "clang-tidy-19"


def compile_commands(build):
    """{path: command line} of our own files."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    found = {}
    for entry in entries:
        path = os.path.relpath(os.path.join(entry["directory"], entry["file"]), tree.ROOT)
        if path.split("/")[0] in tree.ROOMS:
            found[path] = entry["command"]
    return found


def closures(paths):
    return {path: tree.closure(path) for path in paths}


def chosen(known, changed):
    """The files to look at for the changed ones: themselves, or for a header the file that belongs to it, or else
    the one with the least behind it that includes it."""
    files = set()
    for path in changed:
        if path in known:
            files.add(path)
        elif path.endswith(".h"):
            own = path[:-2] + ".cc"
            users = [user for user, behind in known.items() if path in behind]
            if own in users:
                files.add(own)
            elif users:
                files.add(min(users, key=lambda user: (len(known[user]), user)))
    return files


def fingerprint(path, behind, command, rules):
    digest = hashlib.sha256(rules)
    digest.update(command.encode())
    for name in sorted(behind):
        digest.update(name.encode() + b"\0" + tree.read(name).encode() + b"\0")
    return digest.hexdigest()


def look_at(path, build, deadline):
    """(path, findings or "", whether it was done)."""
    left = deadline - time.monotonic()
    if left <= 0:
        return path, "", False
    try:
        result = subprocess.run([TIDY, "-p", build, "--quiet", path], cwd=tree.ROOT, text=True,
                                capture_output=True, check=False, timeout=max(left, 60))
    except subprocess.TimeoutExpired:
        return path, "", False
    return path, result.stdout if result.returncode else "", True


def rules_of():
    version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    # Generated protos are not followed one by one: their sources stand for them.
    protos = b""
    for folder, _, names in sorted(os.walk(os.path.join(tree.ROOT, "proto"))):
        for name in sorted(names):
            with open(os.path.join(folder, name), "rb") as file:
                protos += file.read()
    return version + tree.read(".clang-tidy").encode() + hashlib.sha256(protos).digest()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="every file, not only what changed")
    parser.add_argument("--build", default=os.path.join(tree.ROOT, "build/dev"))
    parser.add_argument("--budget", type=int, help="seconds (default 1500; 7200 with --all)")
    return parser.parse_args()


def main():
    options = parse_arguments()
    budget = options.budget or (7200 if options.all else 1500)
    commands = compile_commands(options.build)
    known = closures(commands)
    changed = None if options.all else tree.changed_since(tree.base_commit())
    files = set(commands) if changed is None else chosen(known, changed)

    rules = rules_of()
    passed = os.path.join(tree.ROOT, "build/tidy")
    os.makedirs(passed, exist_ok=True)
    marks = {path: os.path.join(passed, fingerprint(path, known[path], commands[path], rules))
             for path in files}
    due = sorted(path for path in files if not os.path.exists(marks[path]))
    deadline = time.monotonic() + budget
    failed, left = 0, []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, findings, done in pool.map(
                lambda path: look_at(path, options.build, deadline), due):
            if not done:
                left.append(path)
            elif findings:
                failed += 1
                print(findings, flush=True)
            else:
                open(marks[path], "w").close()
    if left:
        print(f"tidy: out of time after {budget} s; not looked at: {' '.join(left)}")
    print(f"tidy: {len(files)} files, {len(due) - len(left)} looked at now, {failed} with findings",
          file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
