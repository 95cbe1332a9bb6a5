#!/usr/bin/env python3
"""docs/privacy.md lists what the stores hold; this keeps it complete.

- Each column of each SQLite table (from running the migrations) and each RocksDB family (from the sources) stands in one
  of its two lists, as `service.table.column`, `service.table.{one,other}` or `service/family`; and nothing stands there
  that is no more.
- A row of the first list says what it is for, by which right, until when and for whom: no cell is empty.
- Each event type of the sources is named.
- Each constant (`kName`), setting (`service.key`) and path of ours that this page or docs/threat_model.md names is there.
"""

import os
import re
import sqlite3
import sys

import tree

PAGE = "docs/privacy.md"
ALSO = "docs/threat_model.md"
PERSONAL = "## What may be of a person"
OTHER = "## What is of nobody"
CELLS = 5
MIGRATION = re.compile(r'Migration\s+\w+\s*\{\s*(\d+)\s*,\s*"(\w+)"\s*,\s*R"sql\((.*?)\)sql"', re.DOTALL)
JOINED = re.compile(r'"\s*\n\s*"')
CREATE = re.compile(r'"(CREATE TABLE[^"]*)"')
OPENED = re.compile(r"\bKvStore::open\(\s*\{")
FAMILIES = re.compile(r"\.families\s*=\s*\{([^}]*)\}")
EVENT = re.compile(r'"((?!imece\.)[a-z_]+\.[a-z_]+\.v\d+)"')
SPAN = re.compile(r"`([^`\n]+)`")
COLUMN = re.compile(r"^([a-z]+)\.([a-z_]+)\.(?:([a-z_]+)|\{([a-z_, ]+)\})$")
FAMILY = re.compile(r"^([a-z]+)/([a-z_]+)$")
PATH = re.compile(r"(?<![\w/])(?:src|tests|docs|proto|sdk|console|tools|deploy)/[\w./-]*\w")


def sources(root):
    """[(path, text)] of what is built into the product."""
    return [(path, tree.read(path, root)) for path in tree.files(root)
            if path.startswith("src/") and "/tests/" not in path and not re.search(r"_(test|fuzz)\.cc$", path)]


def service_of(path):
    return path.split("/")[1]


def columns_of(statements):
    """{(table, column)} after these statements, in their order."""
    database = sqlite3.connect(":memory:")
    for statement in statements:
        database.executescript(statement)
    return {(table, column) for (table,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
            for _, column, *_ in database.execute(f"PRAGMA table_info({table})").fetchall()}


def stored(files):
    """What the stores hold: (names as the page writes them, problems)."""
    steps, names, problems = {}, set(), []
    for path, text in files:
        found = MIGRATION.findall(text)
        for number, _, statements in found:
            steps.setdefault(service_of(path), []).append((int(number), statements))
        rest = JOINED.sub("", MIGRATION.sub("", text))
        plain = [statement for statement in CREATE.findall(rest)]
        for statement in plain:
            steps.setdefault(service_of(path), []).append((0, statement))
        if rest.count("CREATE TABLE") != len(plain):
            problems.append(f"{path}: a CREATE TABLE that this check cannot read")
        opened, listed = len(OPENED.findall(text)), FAMILIES.findall(text)
        if opened > len(listed):
            problems.append(f"{path}: a KvStore whose families this check cannot read")
        if opened:
            names |= {f"{service_of(path)}/{name}" for part in listed for name in re.findall(r'"([^"]*)"', part)}
    for service, of_service in steps.items():
        try:
            columns = columns_of(statements for _, statements in sorted(of_service))
        except sqlite3.Error as error:
            problems.append(f"{service}: its migrations do not run: {error}")
            continue
        names |= {f"{service}.{table}.{column}" for table, column in columns}
    return names, problems


def section(text, heading):
    start = text.find("\n" + heading + "\n")
    if start < 0:
        return ""
    end = text.find("\n## ", start + len(heading) + 1)
    return text[start:end if end > 0 else len(text)]


def names_in(text, services):
    """The columns and families that a text names."""
    names = set()
    for span in SPAN.findall(text):
        column, family = COLUMN.match(span), FAMILY.match(span)
        if column and column.group(1) in services:
            service, table, one, several = column.groups()
            for name in [one] if one else [part.strip() for part in several.split(",")]:
                names.add(f"{service}.{table}.{name}")
        elif family and family.group(1) in services:
            names.add(span)
    return names


def rows(text):
    """The cells of each row of the tables in a text."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines
            if not re.match(r"^\|[\s|:-]+\|$", line)]


def problems_of_lists(page, names):
    services = {re.split(r"[./]", name)[0] for name in names}
    personal, other = (names_in(section(page, heading), services) for heading in (PERSONAL, OTHER))
    for name in sorted(names - personal - other):
        yield f"{PAGE}: {name} is stored and not listed: say what it is for, or that it is of nobody"
    for name in sorted((personal | other) - names):
        yield f"{PAGE}: {name} is listed and no longer stored"
    for name in sorted(personal & other):
        yield f"{PAGE}: {name} is in both lists"
    for row in rows(section(page, PERSONAL)):
        if len(row) != CELLS or not all(row):
            yield f"{PAGE}: a row without all of its {CELLS} cells: {row[0] if row else ''}"


def problems_of_names(path, text, files, root):
    """What a page names and is not there."""
    code = {service: "" for service in {service_of(name) for name, _ in files}}
    for name, source in files:
        code[service_of(name)] += source
    everything = "".join(code.values())
    for span in SPAN.findall(text):
        setting = re.match(r"^([a-z]+)\.([a-z_]+)$", span)
        if re.match(r"^k[A-Z]\w*$", span) and not re.search(rf"\b{span}\b", everything):
            yield f"{path}: no constant is called {span}"
        elif setting and setting.group(1) in code and f'"{setting.group(2)}"' not in code[setting.group(1)] \
                and not os.path.splitext(span)[1] in (".db", ".key"):
            yield f"{path}: no setting is called {span}"
    for named in sorted(set(PATH.findall(text))):
        if not os.path.exists(os.path.join(root, named)):
            yield f"{path}: {named} is not there"


def problems(root=tree.ROOT):
    files = sources(root)
    names, found = stored(files)
    page = tree.read(PAGE, root)
    found += problems_of_lists(page, names)
    events = {event for _, text in files for event in EVENT.findall(text)}
    found += [f"{PAGE}: the event {event} is not named" for event in sorted(events) if f"`{event}`" not in page]
    for path in (PAGE, ALSO):
        if os.path.exists(os.path.join(root, path)):
            found += problems_of_names(path, tree.read(path, root), files, root)
    return found


def main():
    found = problems()
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
