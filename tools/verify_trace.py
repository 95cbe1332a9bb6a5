#!/usr/bin/env python3
"""Recomputes the report of a replay, and the oracle behind it, from the replay's trace.

usage: verify_trace.py TRACE.jsonl [--report REPORT.json] [--json]

It shares no code with imece and uses the standard library only; what it computes is written down in
docs/trace.md. With --report it compares every field of imece's own report, exactly.

Exit status: 0 agreed (or nothing to compare with), 1 differences, 2 the trace or report is broken.
"""

import argparse
import json
import sys


class TraceError(Exception):
    """The trace contradicts its own format; the message names the line."""


def bits(mask):
    """The numbers of the bits that are set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class Network:
    """Which vertices reach each other now. Vertex `nodes` is the backend, always up.

    Components are kept as bit sets. Each change costs as much as the smaller part that it touches:
    a join relabels the smaller side, a cut searches from both ends until one side is exhausted.
    """

    def __init__(self, nodes):
        self.backend = nodes
        self.up = 1 << nodes
        self.near = [0] * (nodes + 1)  # Links that are up, whether or not their ends are.
        self.part_of = [None] * nodes + [0]
        self.parts = {0: 1 << nodes}
        self.next_part = 1

    def part(self, vertex):
        """The set of vertices that `vertex` reaches; itself alone while it is down."""
        name = self.part_of[vertex]
        return 1 << vertex if name is None else self.parts[name]

    def set_power(self, node, up):
        """Returns the part that grew, or 0 when nothing came together."""
        if bool(self.up >> node & 1) == up:
            return 0
        if up:
            return self._power_up(node)
        self._power_down(node)
        return 0

    def set_edge(self, a, b, up):
        """As set_power. `b` may be the backend."""
        if bool(self.near[a] >> b & 1) == up:
            return 0
        self.near[a] ^= 1 << b
        self.near[b] ^= 1 << a
        if not (self.up >> a & 1 and self.up >> b & 1):
            return 0
        if not up:
            self._cut(a, b)
            return 0
        if self.part_of[a] == self.part_of[b]:
            return 0
        self._join(a, b)
        return self.part(a)

    def islands(self):
        """Parts of two or more nodes that do not reach the backend."""
        backend = 1 << self.backend
        return sum(1 for part in self.parts.values()
                   if part & (part - 1) and not part & backend)

    def _new_part(self, mask):
        name = self.next_part
        self.next_part += 1
        self.parts[name] = mask
        for vertex in bits(mask):
            self.part_of[vertex] = name

    def _join(self, a, b):
        keep, gone = self.part_of[a], self.part_of[b]
        if keep == gone:
            return
        if self.parts[keep].bit_count() < self.parts[gone].bit_count():
            keep, gone = gone, keep
        for vertex in bits(self.parts[gone]):
            self.part_of[vertex] = keep
        self.parts[keep] |= self.parts.pop(gone)

    def _power_up(self, node):
        self.up |= 1 << node
        self._new_part(1 << node)
        for other in bits(self.near[node] & self.up):
            self._join(node, other)
        # A node alone is reported too: what it keeps from before it went down is with it again,
        # and that changes nothing, so that the caller need not tell the cases apart.
        return self.part(node)

    def _power_down(self, node):
        rest = self.parts.pop(self.part_of[node]) & ~(1 << node)
        self.up &= ~(1 << node)
        self.part_of[node] = None
        while rest:
            seen = frontier = rest & -rest
            while frontier:
                frontier = self._beyond(frontier) & rest & ~seen
                seen |= frontier
            self._new_part(seen)
            rest &= ~seen

    def _cut(self, a, b):
        """Splits the part of `a` and `b` when no other way is left between them."""
        name = self.part_of[a]
        whole = self.parts[name]
        sides = [[1 << a, 1 << a], [1 << b, 1 << b]]  # What was seen, and its newest vertices.
        while True:
            side, other = sides
            side[1] = self._beyond(side[1]) & whole & ~side[0]
            side[0] |= side[1]
            if side[0] & other[0]:
                return
            if not side[1]:
                break
            if side[1].bit_count() > other[1].bit_count():
                sides.reverse()
        self.parts[name] = whole & ~sides[0][0]
        self._new_part(sides[0][0])

    def _beyond(self, frontier):
        reached = 0
        for vertex in bits(frontier):
            reached |= self.near[vertex]
        return reached


class Waiting:
    """Messages whose copies could by now be on the same set of vertices, none yet at a recipient."""

    __slots__ = ("messages", "wanted", "last")

    def __init__(self):
        self.messages = []
        self.wanted = 0  # All their recipients.
        self.last = 0    # The latest deadline among them.


class Oracle:
    """The earliest moment at which any relaying at all could have brought each message home.

    All messages advance together: those with equal reach are one group, so that a contact costs one
    step for each distinct reach and not for each message.
    """

    def __init__(self, network):
        self.network = network
        self.groups = {}  # Reach (a bit set, closed under what is connected) to Waiting.

    def submit(self, message):
        reach = self.network.part(message.sender)
        if reach & message.recipients:
            message.arrival = message.submitted
            return
        self._put(reach, [message])

    def grown(self, part, now):
        """`part` has come together: who reaches into it reaches all of it."""
        touched = [reach for reach in self.groups if part & reach and part & ~reach]
        for reach in touched:
            group = self.groups.pop(reach)
            if group.last < now:
                continue
            if group.wanted & part:
                for message in group.messages:
                    if message.recipients & part:
                        message.arrival = now
                group.messages = [m for m in group.messages if m.arrival is None]
            self._put(reach | part, group.messages)

    def _put(self, reach, messages):
        if not messages:
            return
        group = self.groups.setdefault(reach, Waiting())
        if len(group.messages) < len(messages):
            group.messages, messages = messages, group.messages
        group.messages += messages
        group.wanted = 0
        group.last = 0
        for message in group.messages:
            group.wanted |= message.recipients
            group.last = max(group.last, message.deadline)


class Message:
    """What the trace says of one message."""

    __slots__ = ("sender", "recipients", "kind", "submitted", "deadline", "arrival", "refused",
                 "accepted", "first_delivery", "deliveries", "arrivals", "hops")

    def __init__(self, sender, recipients, kind, submitted, deadline):
        self.sender = sender
        self.recipients = recipients
        self.kind = kind
        self.submitted = submitted
        self.deadline = deadline
        self.arrival = None
        self.refused = False
        self.accepted = False
        self.first_delivery = None
        self.deliveries = {}  # Recipient to number of times.
        self.arrivals = 0
        self.hops = 0

    def delivered(self):
        return self.first_delivery is not None and self.first_delivery <= self.deadline


class Trace:
    """Reads the lines in order and keeps what the report needs."""

    def __init__(self):
        self.run = None
        self.nodes = 0
        self.network = None
        self.oracle = None
        self.messages = {}
        self.links = set()
        self.islands = 0
        self.now = 0
        self.end = None
        self.contacts_changed = False
        self.handlers = {
            "run": self._run, "node": self._node, "power": self._power, "link": self._link,
            "uplink": self._uplink, "submit": self._submit, "refused": self._refused,
            "accepted": self._accepted, "hop": self._hop, "arrive": self._arrive,
            "deliver": self._deliver, "ack": self._ack, "end": self._end,
        }

    def read(self, lines):
        for number, text in enumerate(lines, 1):
            try:
                line = json.loads(text)
                self._apply(line)
            except TraceError as error:
                raise TraceError(f"line {number}: {error}") from None
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise TraceError(f"line {number}: not a line of a trace ({error!r})") from None
        if self.end is None:
            raise TraceError("the trace has no end line: the run was cut off")
        self._close_moment()

    def _apply(self, line):
        handler = self.handlers.get(line["e"])
        if handler is None:
            raise TraceError(f"unknown event {line['e']!r}")
        if self.run is None and line["e"] != "run":
            raise TraceError("the first line must be the run line")
        if self.end is not None:
            raise TraceError("a line after the end line")
        now = line["t"]
        if type(now) is not int or now < self.now:
            raise TraceError(f"time {now!r} after {self.now}")
        if now > self.now:
            self._close_moment()
            self.now = now
        handler(line)

    def _close_moment(self):
        if self.contacts_changed:
            self.islands = max(self.islands, self.network.islands())
            self.contacts_changed = False

    def _run(self, line):
        if self.run is not None:
            raise TraceError("a second run line")
        self.run = {"horizon": line["horizon"], "min_samples": line["min_samples"],
                    "promises": line["promises"]}

    def _node(self, line):
        if self.network is not None:
            raise TraceError("a node line after the first contact")
        if line["n"] != self.nodes:
            raise TraceError(f"node {line['n']} out of order, {self.nodes} was expected")
        self.nodes += 1

    def _contacts(self):
        if self.network is None:
            self.network = Network(self.nodes)
            self.oracle = Oracle(self.network)
        return self.network

    def _known_node(self, number):
        if type(number) is not int or not 0 <= number < self.nodes:
            raise TraceError(f"unknown node {number!r}")
        return number

    def _grew(self, part):
        self.contacts_changed = True
        if part:
            self.oracle.grown(part, self.now)

    def _power(self, line):
        network = self._contacts()
        self._grew(network.set_power(self._known_node(line["n"]), line["up"]))

    def _link(self, line):
        network = self._contacts()
        a, b = self._known_node(line["a"]), self._known_node(line["b"])
        if a == b:
            raise TraceError("a link from a node to itself")
        if line["up"]:
            self.links.add((min(a, b), max(a, b)))
        self._grew(network.set_edge(a, b, line["up"]))

    def _uplink(self, line):
        network = self._contacts()
        self._grew(network.set_edge(self._known_node(line["n"]), network.backend, line["up"]))

    def _submit(self, line):
        self._contacts()
        if line["m"] in self.messages:
            raise TraceError(f"message {line['m']} is submitted twice")
        recipients = 0
        for node in line["to"]:
            recipients |= 1 << self._known_node(node)
        if not recipients:
            raise TraceError("a message without recipients")
        message = Message(self._known_node(line["n"]), recipients, line["c"], self.now,
                          self.now + line["ttl"])
        self.messages[line["m"]] = message
        self.oracle.submit(message)

    def _message(self, line):
        message = self.messages.get(line["m"])
        if message is None:
            raise TraceError(f"message {line['m']} was not submitted")
        return message

    def _refused(self, line):
        message = self._message(line)
        if message.accepted:
            raise TraceError(f"message {line['m']} is refused after it was accepted")
        message.refused = True

    def _accepted(self, line):
        message = self._message(line)
        if message.refused:
            raise TraceError(f"message {line['m']} is accepted after it was refused")
        message.accepted = True

    def _hop(self, line):
        self._known_node(line["from"])
        self._known_node(line["to"])
        self._message(line).hops += 1

    def _at_recipient(self, line):
        message = self._message(line)
        if not message.recipients >> self._known_node(line["n"]) & 1:
            raise TraceError(f"node {line['n']} is no recipient of message {line['m']}")
        return message

    def _arrive(self, line):
        self._at_recipient(line).arrivals += 1

    def _deliver(self, line):
        message = self._at_recipient(line)
        message.deliveries[line["n"]] = message.deliveries.get(line["n"], 0) + 1
        if message.first_delivery is None:
            message.first_delivery = self.now

    def _ack(self, line):
        if not self._at_recipient(line).deliveries.get(line["n"]):
            raise TraceError(f"node {line['n']} acknowledges {line['m']} before its delivery")

    def _end(self, line):
        self._contacts()
        self.end = self.now


def quotient(a, b):
    return a / b if b else None


def nearest_rank(ascending, percent):
    if not ascending:
        return None
    return ascending[(percent * len(ascending) + 99) // 100 - 1]


def report_of_class(messages, promise, trace):
    """One entry of the report: `messages` are all of the class, refused ones among them."""
    taken = [m for m in messages if not m.refused]
    delivered = [m for m in taken if m.delivered()]
    reachable = [m for m in taken if m.arrival is not None
                 and m.arrival <= min(m.deadline, trace.run["horizon"])]
    both = [m for m in reachable if m.delivered()]
    waits = sorted(max(0, m.first_delivery - m.arrival) for m in both)
    entry = {
        "submitted": len(taken),
        "refused": len(messages) - len(taken),
        "delivered": len(delivered),
        "reachable": len(reachable),
        "delivered_reachable": len(both),
        "ratio_all": quotient(len(delivered), len(taken)),
        "ratio_reachable": quotient(len(both), len(reachable)),
        "p50_ms": nearest_rank(waits, 50),
        "p95_ms": nearest_rank(waits, 95),
        "p99_ms": nearest_rank(waits, 99),
        "expired": sum(1 for m in taken if not m.delivered() and m.deadline <= trace.end),
        "duplicates": sum(m.arrivals - sum(m.deliveries.values()) for m in taken),
        "hops_mean": quotient(sum(m.hops for m in delivered), len(delivered)),
        "held": None,
    }
    if promise["ratio"] is not None and len(reachable) >= trace.run["min_samples"]:
        entry["held"] = (entry["ratio_reachable"] >= promise["ratio"]
                         and entry["p95_ms"] is not None
                         and entry["p95_ms"] <= promise["p95_ms"])
    return entry


def report(trace):
    """The whole report, in the shape that tools/README.md gives."""
    promises = trace.run["promises"]
    by_class = {name: [] for name in promises}
    for message in trace.messages.values():
        by_class.setdefault(message.kind, []).append(message)
    best_effort = {"ratio": None, "p95_ms": None}
    classes = {name: report_of_class(messages, promises.get(name, best_effort), trace)
               for name, messages in by_class.items()}
    twice = sum(1 for m in trace.messages.values()
                for times in m.deliveries.values() if times > 1)
    return {
        "classes": classes,
        "twice": twice,
        "nodes": trace.nodes,
        "links": len(trace.links),
        "islands": trace.islands,
        "messages": sum(entry["submitted"] for entry in classes.values()),
        "held": twice == 0 and all(entry["held"] is not False for entry in classes.values()),
    }


def same(ours, theirs):
    """Equal as JSON values: true is not 1, but 1 is 1.0."""
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    return ours == theirs


def differences(ours, theirs, where=""):
    """One line for each field of `ours` that `theirs` lacks or has otherwise."""
    if not isinstance(ours, dict):
        return [] if same(ours, theirs) else [f"{where}: computed {ours!r}, reported {theirs!r}"]
    if not isinstance(theirs, dict):
        return [f"{where or 'report'}: an object was expected, reported {theirs!r}"]
    found = []
    for key, value in ours.items():
        path = f"{where}.{key}" if where else key
        if key not in theirs:
            found.append(f"{path}: computed {value!r}, not reported")
        else:
            found += differences(value, theirs[key], path)
    if where == "classes":
        found += [f"classes.{key}: reported, but not in the trace" for key in theirs
                  if key not in ours]
    return found


def show(value, percent=False):
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "held" if value else "BROKEN"
    if percent:
        return f"{100 * value:.2f}%"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def print_report(result):
    names = ["submitted", "refused", "delivered", "reachable", "ratio_all", "ratio_reachable",
             "p50_ms", "p95_ms", "p99_ms", "expired", "duplicates", "hops_mean", "held"]
    rows = [["class"] + names]
    for kind, entry in result["classes"].items():
        cells = [show(entry[name], name.startswith("ratio")) for name in names[:-1]]
        judged = "not judged" if entry["held"] is None else show(entry["held"])
        rows.append([kind] + cells + [judged])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))))
    print(f"nodes {result['nodes']}, links {result['links']}, islands {result['islands']}, "
          f"messages {result['messages']}, delivered twice {result['twice']}: "
          f"{'every promise held' if result['held'] else 'A PROMISE WAS BROKEN'}")


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        description="Recomputes a replay's report and its oracle from the trace.",
        epilog="Exit status: 0 agreed, 1 differences, 2 broken input. See docs/trace.md.")
    parser.add_argument("trace", help="what `imece replay --trace` wrote")
    parser.add_argument("--report", help="what `imece replay --json` wrote, to compare with")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse_arguments(arguments)
    trace = Trace()
    try:
        with open(options.trace, encoding="utf-8") as lines:
            trace.read(lines)
        result = report(trace)
        theirs = None
        if options.report:
            with open(options.report, encoding="utf-8") as file:
                theirs = json.load(file)
    except (OSError, TraceError, ValueError) as error:
        print(f"verify_trace: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        print_report(result)
    if theirs is None:
        return 0
    found = differences(result, theirs)
    for line in found:
        print(f"differs: {line}")
    print(f"verify_trace: {len(found)} differences" if found
          else "verify_trace: the report agrees with the trace in every field", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
