#!/usr/bin/env python3
"""Rules of our protos that protoc does not know. protoc itself parses them first.

- The package is the folder, and every file begins by saying what it is for.
- Names: CamelCase messages and rpcs, snake_case fields, an enum's zero ends in _UNSPECIFIED.
- An rpc takes a request of its own, <Rpc>Request, which no other rpc takes.
- An rpc with an HTTP route says in its rules who may call it, or in a comment what it does.
- Numbers of the retired are reserved, never used again: a removed field leaves `reserved` behind
  (compared with the base commit where git is there).
"""

import os
import re
import subprocess
import sys

import tree

GOOGLEAPIS = "/usr/share/gocode/src/github.com/gogo/googleapis"
MESSAGE = re.compile(r"^(\s*)message\s+(\w+)\s*\{", re.MULTILINE)
FIELD = re.compile(r"(?:^|(?<=[{;]))\s*(?:repeated\s+|optional\s+)?[\w.]+(?:<[^>]*>)?\s+(\w+)\s*=\s*(\d+)", re.MULTILINE)
RPC = re.compile(r"^\s*rpc\s+(\w+)\s*\(\s*(?:stream\s+)?([\w.]+)\s*\)\s*returns\s*\(\s*(?:stream\s+)?([\w.]+)\s*\)\s*([;{])",
                 re.MULTILINE)


def proto_files(root):
    found = []
    for folder, inner, names in os.walk(os.path.join(root, "proto")):
        inner.sort()
        found += [os.path.relpath(os.path.join(folder, n), root) for n in names if n.endswith(".proto")]
    return sorted(found)


def block_at(text, start):
    """The text from `start`, which is a '{', to its match. Braces in strings do not count."""
    depth, quoted, i = 0, False, start
    while i < len(text):
        c = text[i]
        if c == "\\" and quoted:
            i += 1
        elif c == '"':
            quoted = not quoted
        elif not quoted and c == "{":
            depth += 1
        elif not quoted and c == "}":
            depth -= 1
            if depth == 0:
                break
        i += 1
    return text[start:i + 1]


def without_comments(text):
    """Comments blanked, so that places stay. '//' inside a string is no comment."""
    return re.sub(r'"(?:[^"\\]|\\.)*"|//[^\n]*',
                  lambda m: m.group() if m.group()[0] == '"' else " " * len(m.group()), text)


def messages(text):
    """{message: {field number: field name}}; the fields of an inner message are its own."""
    text = without_comments(text)
    found = {}
    for match in MESSAGE.finditer(text):
        body = block_at(text, match.end() - 1)[1:-1]
        for inner in list(MESSAGE.finditer(body)) + list(re.finditer(r"\benum\s+\w+\s*\{", body)):
            part = block_at(body, inner.end() - 1)
            body = body.replace(part, "\n" * part.count("\n"))
        found[match.group(2)] = {int(number): name for name, number in FIELD.findall(body)}
    return found


def reserved(text):
    """All field numbers that a file reserves."""
    numbers = set()
    for listed in re.findall(r"\breserved\s+([\d\sto,]+);", without_comments(text)):
        for part in listed.split(","):
            ends = [int(n) for n in re.findall(r"\d+", part)]
            if ends:
                numbers |= set(range(ends[0], ends[-1] + 1))
    return numbers


def problems_of_file(path, text, requests):
    lines = text.splitlines()
    if not lines or not lines[0].startswith("// "):
        yield f"{path}: the first line says what the file is for"
    package = os.path.dirname(path)[len("proto/"):].replace("/", ".")
    if f"package {package};" not in text:
        yield f"{path}: its package is {package}"
    plain = without_comments(text)

    for name, fields in messages(text).items():
        if not re.match(r"^[A-Z][A-Za-z0-9]*$", name):
            yield f"{path}: message {name} is not CamelCase"
        for field in fields.values():
            if not re.match(r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", field):
                yield f"{path}: {name}.{field} is not snake_case"
    for match in re.finditer(r"\benum\s+(\w+)\s*\{\s*(\w+)\s*=\s*0", plain):
        if not match.group(2).endswith("_UNSPECIFIED"):
            yield f"{path}: the zero of enum {match.group(1)} ends in _UNSPECIFIED, not {match.group(2)}"

    for match in RPC.finditer(plain):
        rpc, request, _, ending = match.groups()
        line = plain.count("\n", 0, match.start(1))
        where = f"{path}:{line + 1}"
        streaming = "stream" in match.group().split("returns")[0]
        if not streaming and request != f"{rpc}Request":
            yield f"{where}: rpc {rpc} takes {rpc}Request, not {request}"
        if request in requests:
            yield f"{where}: {request} is already what {requests[request]} takes"
        requests[request] = rpc
        body = block_at(plain, match.end() - 1) if ending == "{" else ""
        commented = line > 0 and lines[line - 1].strip().startswith("//")
        if "google.api.http" in body and "api.v1.rules" not in body and not commented:
            yield f"{where}: rpc {rpc} is public and has neither rules nor a comment"


def removed_fields(path, text, before):
    """Fields that `before` had and `text` neither has nor reserves, and numbers with a new name."""
    now, kept = messages(text), reserved(text)
    for name, fields in messages(before).items():
        for number, field in fields.items():
            there = now.get(name, {}).get(number)
            if name in now and there is None and number not in kept:
                yield f"{path}: {name}.{field} = {number} is gone and its number is not reserved"
            elif there is not None and there != field:
                yield f"{path}: {name} number {number} was {field} and is now {there}"


def before(path, root, base):
    return tree.git("show", f"{base}:{path}", root=root) if base else ""


def problems(root=tree.ROOT):
    found, requests, base = [], {}, tree.base_commit(root)
    paths = proto_files(root)
    parsed = subprocess.run(
        ["protoc", "-I", "proto", "-I", GOOGLEAPIS, "-o", os.devnull] + paths,
        cwd=root, capture_output=True, text=True, check=False)
    found += parsed.stderr.splitlines()
    for path in paths:
        text = tree.read(path, root)
        found += problems_of_file(path, text, requests)
        found += removed_fields(path, text, before(path, root, base))
    return found


def main():
    found = problems()
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
