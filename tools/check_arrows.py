#!/usr/bin/env python3
"""Holds the arrows of the architecture: reads every #include against one table.

A folder that the table does not know is an error, and so is a cycle, of rooms or of headers. There is no
list of exceptions: a file that must break a rule is in the wrong room, or the table is wrong.
"""

import os
import re
import sys

import tree

# One service is built as the other: {layer: (layers of the same service, rooms outside)}.
LAYERS = {
    "domain": ((), ("base", "crypto")),
    "app": (("domain",), ("base", "crypto")),
    "adapters/*": (("domain", "app"), ("base", "crypto", "runtime")),
    "module": (("domain", "app", "adapters/*"), ("base", "crypto", "runtime")),
    "tests": (("domain", "app", "adapters/*", "module"), ("base", "crypto", "runtime", "testkit")),
}
SERVICES = ("identity", "discovery", "messaging", "security", "ledger", "analytics", "config")
MODULES = tuple(f"{service}/module" for service in SERVICES)

# Room: the rooms that it may include, beside itself.
ROOMS = {
    "base": (),
    "crypto": ("base",),
    "testkit": ("base", "crypto"),
    "runtime": ("base", "crypto"),
    # What it checks of the chain is what the ledger itself checks: one code.
    "sdk": ("base", "crypto", "ledger/domain"),
    "gateway": ("base", "crypto", "runtime"),
    "replay": ("base", "crypto", "sdk"),
    "imece": ("base", "crypto", "runtime", "sdk", "gateway", "replay", "ledger/domain") + MODULES,
    # Whole sites, wired by hand: all that a module wires but its threads and sockets.
    "sim": ("base", "crypto", "runtime") + tuple(
        f"{service}/{layer}" for service in ("discovery", "messaging", "ledger")
        for layer in ("domain", "app", "adapters/*")),
    # Also what messaging decides without any I/O, to time it alone.
    "bench": ("base", "crypto", "runtime", "sdk", "gateway", "messaging/domain"),
    "tests": ("base", "crypto", "runtime", "sdk", "gateway", "replay", "testkit") + MODULES,
}
for _service in SERVICES:
    for _layer, (_inner, _outer) in LAYERS.items():
        ROOMS[f"{_service}/{_layer}"] = tuple(f"{_service}/{i}" for i in _inner) + _outer
# A room's own tests may use what the room may, and the testkit.
for _room in ("base", "crypto", "testkit", "runtime", "sdk", "gateway", "replay", "imece"):
    ROOMS[f"{_room}/tests"] = (_room, "testkit") + ROOMS[_room]
# The stores' contracts hold on a simulated disk too.
ROOMS["sim/tests"] = ("sim", "testkit", "discovery/tests", "messaging/tests", "ledger/tests") + ROOMS["sim"]

# Who may see generated protos and gRPC. Tests may, where they are beside such a room.
PROTO_ROOMS = re.compile(
    r"^(runtime|gateway|replay|imece|sdk|sim|bench|tests)(/tests)?$|/adapters/(rpc|bus)$|/tests$")
PROTO = re.compile(r"\.pb\.h$|^grpcpp/|^google/protobuf/|^google/rpc/")

# Third parties that belong to one place. Anywhere else they are a leak of a driver into the house.
TECHNOLOGIES = {
    r"^sodium": r"^crypto(/tests)?$",
    r"^rocksdb/": r"^(runtime|bench)(/tests)?$",
    r"^sqlite3": r"^runtime(/tests)?$",
    r"^openssl/": r"^(crypto|runtime|gateway|sdk|replay|bench)(/tests)?$|^security/(adapters/[a-z0-9_]+|tests)$",
    r"^boost/(asio|beast)": r"^(runtime|gateway|sdk|replay|imece|bench|tests)(/tests)?$",
    r"^toml\+\+/": r"^(runtime|replay|imece)(/tests)?$",
    r"^CLI/": r"^(imece|sim|bench)(/tests)?$",
    r"^argon2": r"^identity/(adapters/[a-z_]+|tests)$",
    r"^prometheus/": r"^runtime(/tests)?$",
    r"^Civet": r"^runtime(/tests)?$",
    r"^spdlog/": r"^runtime(/tests)?$",
}
# Rooms without I/O: of the outside they see the C++ standard library only.
PURE = re.compile(r"/(domain|app)$")
IMPURE_STANDARD = {"thread", "mutex", "shared_mutex", "condition_variable", "future", "iostream",
                   "fstream", "filesystem", "cstdio", "semaphore", "latch", "barrier"}
STANDARD = re.compile(r"^[a-z_0-9]+$")


def room_of(path):
    """The room of a file, or None for a folder that has no place in the house. Tests that lie
    beside what they test belong to the room's tests."""
    parts = path.split("/")
    if parts[0] in ("bench", "tests"):
        return parts[0]
    is_test = "tests" in parts[1:-1] or re.search(r"_(test|fuzz)\.cc$", parts[-1])
    if parts[0] in ("sdk", "sim"):
        return f"{parts[0]}/tests" if is_test else parts[0]
    if parts[0] != "src" or len(parts) < 3:
        return None
    room, inner = parts[1], parts[2:-1]
    if is_test:
        return f"{room}/tests" if room in SERVICES or room in ROOMS else None
    if room in SERVICES:
        if not inner:
            return f"{room}/module"
        if inner[0] == "adapters":
            return f"{room}/adapters/{inner[1]}" if len(inner) > 1 else None
        return f"{room}/{inner[0]}" if inner[0] in LAYERS else None
    return room if room in ROOMS else None


def row_of(room):
    """The name under which the table has `room`."""
    return re.sub(r"/adapters/.*", "/adapters/*", room)


def may_include(source, target):
    if source == target:
        return True
    # Two adapters of one service do not know each other, though they share a row.
    return row_of(target) in ROOMS[row_of(source)]


def problems_of_file(path, room, text, root):
    for line, bracket, what in tree.includes(text):
        where = f"{path}:{line}"
        target = tree.resolve(what, root) if bracket == '"' else None
        if target:
            target_room = room_of(target)
            if target_room is None:
                continue  # Reported once, for the folder.
            if not may_include(room, target_room):
                yield f"{where}: {room} may not include {target_room} ({what})"
            continue
        if PROTO.search(what):
            if not PROTO_ROOMS.search(room):
                yield f"{where}: {room} may not see protos or gRPC ({what})"
            continue
        if bracket == '"':
            yield f"{where}: no such file: {what}"
            continue
        for pattern, rooms in TECHNOLOGIES.items():
            if re.search(pattern, what) and not re.search(rooms, room):
                yield f"{where}: {room} may not use {what}"
        if PURE.search(room):
            if not STANDARD.match(what):
                yield f"{where}: {room} is pure: of the outside only the C++ standard library ({what})"
            elif room.endswith("/domain") and what in IMPURE_STANDARD:
                yield f"{where}: {room} has no I/O and no threads ({what})"


def cycle_in(graph):
    """The first cycle found, as a list whose ends are the same, or []."""
    state, stack = {}, []

    def visit(node):
        state[node] = "open"
        stack.append(node)
        for other in graph.get(node, ()):
            if state.get(other) == "open":
                return stack[stack.index(other):] + [other]
            if other not in state:
                found = visit(other)
                if found:
                    return found
        state[node] = "done"
        stack.pop()
        return []

    for node in sorted(graph):
        if node not in state:
            found = visit(node)
            if found:
                return found
    return []


def problems(root=tree.ROOT):
    found = []
    table_cycle = cycle_in(ROOMS)
    if table_cycle:
        found.append("the table has a cycle: " + " → ".join(table_cycle))
    headers = {}
    unknown = set()
    for path in tree.files(root):
        room = room_of(path)
        if room is None:
            unknown.add(os.path.dirname(path))
            continue
        text = tree.read(path, root)
        found += problems_of_file(path, room, text, root)
        if path.endswith(".h"):
            headers[path] = [target for target in
                             (tree.resolve(what, root) for _, _, what in tree.includes(text)) if target]
    found += [f"{folder}: this folder has no place in the house (tools/check_arrows.py)"
              for folder in sorted(unknown)]
    header_cycle = cycle_in(headers)
    if header_cycle:
        found.append("headers include each other: " + " → ".join(header_cycle))
    return found


def main():
    found = problems()
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
