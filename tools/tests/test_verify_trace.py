"""The reckoning of verify_trace.py against a slow one that follows docs/trace.md word by word."""

import copy
import io
import json
import os
import random
import sys
import tempfile
import time
import unittest
from contextlib import redirect_stderr, redirect_stdout

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import verify_trace  # noqa: E402

PROMISES = {"LIFE_CRITICAL": {"ratio": 0.995, "p95_ms": 5000},
            "SAFETY_CRITICAL": {"ratio": 0.5, "p95_ms": 15000},
            "MAINTENANCE": {"ratio": None, "p95_ms": None}}


def reach_of(start, up, links, uplinks):
    """Everything connected to an up member of `start`; "B" is the backend."""
    reach = set(start)
    frontier = [v for v in start if v == "B" or v in up]
    while frontier:
        vertex = frontier.pop()
        if vertex == "B":
            near = uplinks & up
        else:
            near = {b for a, b in links if a == vertex} | {a for a, b in links if b == vertex}
            near = (near & up) | ({"B"} if vertex in uplinks else set())
        for other in near - reach:
            reach.add(other)
            frontier.append(other)
    return reach


def slow_arrivals(lines):
    """Message to the first time at which a recipient is reached; None for never."""
    up, links, uplinks = set(), set(), set()
    reach, recipients, arrival = {}, {}, {}
    for line in lines:
        event = line["e"]
        change = {"power": lambda: (up, line["n"]), "uplink": lambda: (uplinks, line["n"]),
                  "link": lambda: (links, tuple(sorted((line["a"], line["b"]))))}.get(event)
        if change:
            members, member = change()
            (members.add if line["up"] else members.discard)(member)
        elif event == "submit":
            reach[line["m"]] = {line["n"]}
            recipients[line["m"]] = set(line["to"])
            arrival[line["m"]] = None
        for message in reach:
            # Members that are down keep their copies, but nothing spreads from them.
            reach[message] = reach_of(reach[message], up, links, uplinks)
            if arrival[message] is None and reach[message] & recipients[message]:
                arrival[message] = line["t"]
    return arrival


def slow_islands(lines):
    """The most parts of two or more nodes without an uplink, at the end of any moment."""
    up, links, uplinks, most = set(), set(), set(), 0
    for i, line in enumerate(lines):
        members, member = {"power": (up, line.get("n")), "uplink": (uplinks, line.get("n")),
                           "link": (links, tuple(sorted((line.get("a", 0), line.get("b", 0)))))
                           }.get(line["e"], (set(), 0))
        (members.add if line.get("up") else members.discard)(member)
        if i + 1 < len(lines) and lines[i + 1]["t"] == line["t"]:
            continue
        parts = {frozenset(reach_of({node}, up, links, uplinks)) for node in up}
        most = max(most, sum(1 for part in parts if len(part) > 1 and "B" not in part))
    return most


def random_trace(seed):
    """A small network that comes and goes, with deliveries and refusals by chance."""
    dice = random.Random(seed)
    nodes = dice.randint(2, 9)
    lines = [{"t": 0, "e": "run", "horizon": 4000, "min_samples": 3, "promises": PROMISES}]
    lines += [{"t": 0, "e": "node", "n": n, "kind": "phone"} for n in range(nodes)]
    now, count, up = 0, 0, set()
    for _ in range(dice.randint(20, 90)):
        now += dice.choice([0, 0, 1, 40, 200])
        what = dice.random()
        node = dice.randrange(nodes)
        if what < 0.25:
            lines.append({"t": now, "e": "power", "n": node, "up": dice.random() < 0.7})
            (up.add if lines[-1]["up"] else up.discard)(node)
        elif what < 0.6:
            other = (node + dice.randrange(1, nodes)) % nodes
            lines.append({"t": now, "e": "link", "a": node, "b": other, "up": dice.random() < 0.5})
        elif what < 0.7:
            lines.append({"t": now, "e": "uplink", "n": node, "up": dice.random() < 0.4})
        elif up:
            count += 1
            to = dice.sample(range(nodes), dice.randint(1, min(2, nodes)))
            lines.append({"t": now, "e": "submit", "m": f"m{count}", "n": dice.choice(sorted(up)),
                          "to": to, "c": dice.choice(list(PROMISES)),
                          "ttl": dice.choice([50, 300, 5000]), "bytes": 9})
            if dice.random() < 0.1:
                lines.append({"t": now, "e": "refused", "m": f"m{count}", "reason": "QUEUE_FULL"})
            elif dice.random() < 0.7:
                now += dice.choice([0, 30, 400])
                lines.append({"t": now, "e": "hop", "m": f"m{count}", "from": 0, "to": 1})
                lines += [{"t": now, "e": "arrive", "m": f"m{count}", "n": to[0]}] * dice.randint(1, 3)
                lines.append({"t": now, "e": "deliver", "m": f"m{count}", "n": to[0]})
    lines.append({"t": now + dice.choice([0, 1000]), "e": "end"})
    return lines


def read(lines):
    trace = verify_trace.Trace()
    trace.read(json.dumps(line) for line in lines)
    return trace


def example():
    """Two phones that meet a relay one after the other; the relay meets the backend."""
    return [
        {"t": 0, "e": "run", "horizon": 10000, "min_samples": 1, "promises": PROMISES},
        {"t": 0, "e": "node", "n": 0, "kind": "phone"},
        {"t": 0, "e": "node", "n": 1, "kind": "relay"},
        {"t": 0, "e": "node", "n": 2, "kind": "phone"},
        {"t": 0, "e": "power", "n": 0, "up": True},
        {"t": 0, "e": "power", "n": 1, "up": True},
        {"t": 0, "e": "power", "n": 2, "up": True},
        {"t": 10, "e": "submit", "m": "a", "n": 0, "to": [2], "c": "LIFE_CRITICAL", "ttl": 5000,
         "bytes": 3},
        {"t": 20, "e": "link", "a": 0, "b": 1, "up": True},
        {"t": 25, "e": "hop", "m": "a", "from": 0, "to": 1},
        {"t": 30, "e": "link", "a": 0, "b": 1, "up": False},
        {"t": 40, "e": "uplink", "n": 1, "up": True},
        {"t": 45, "e": "accepted", "m": "a", "n": 1},
        {"t": 50, "e": "uplink", "n": 2, "up": True},
        {"t": 57, "e": "arrive", "m": "a", "n": 2},
        {"t": 57, "e": "deliver", "m": "a", "n": 2},
        {"t": 58, "e": "arrive", "m": "a", "n": 2},
        {"t": 60, "e": "ack", "m": "a", "n": 2},
        {"t": 9000, "e": "end"},
    ]


class Oracle(unittest.TestCase):
    def test_agrees_with_the_slow_reckoning(self):
        reached = unreached = 0
        for seed in range(600):
            lines = random_trace(seed)
            trace = read(lines)
            for name, slow in slow_arrivals(lines).items():
                message = trace.messages[name]
                # Past the deadline nobody asks: groups are dropped there.
                limit = message.deadline
                ours = message.arrival if message.arrival is not None else limit + 1
                theirs = slow if slow is not None else limit + 1
                self.assertEqual(min(ours, limit + 1), min(theirs, limit + 1), f"seed {seed} {name}")
                reached += theirs <= limit
                unreached += theirs > limit
            self.assertEqual(trace.islands, slow_islands(lines), f"seed {seed}")
        self.assertGreater(reached, 1000)
        self.assertGreater(unreached, 1000)

    def test_a_node_that_was_down_spreads_what_it_kept(self):
        lines = example()
        lines[8:11] = [{"t": 20, "e": "link", "a": 0, "b": 1, "up": True},
                       {"t": 21, "e": "power", "n": 1, "up": False},
                       {"t": 22, "e": "power", "n": 0, "up": False},
                       {"t": 30, "e": "power", "n": 1, "up": True}]
        self.assertEqual(read(lines).messages["a"].arrival, 50)

    def test_is_fast_enough_for_a_large_run(self):
        dice = random.Random(5)
        nodes, lines, now = 1100, [], 0
        lines.append({"t": 0, "e": "run", "horizon": 10**7, "min_samples": 30,
                      "promises": PROMISES})
        lines += [{"t": 0, "e": "node", "n": n, "kind": "phone"} for n in range(nodes)]
        lines += [{"t": 0, "e": "power", "n": n, "up": True} for n in range(nodes)]
        links = [(n, (n + d) % nodes) for n in range(nodes) for d in (1, 2, 37)]
        state = dict.fromkeys(links, False)
        for i in range(100_000):
            now += dice.randint(0, 30)
            if i % 10 == 0:
                link = dice.choice(links)
                state[link] = not state[link]
                lines.append({"t": now, "e": "link", "a": link[0], "b": link[1], "up": state[link]})
            if i % 400 == 0:
                lines.append({"t": now, "e": "uplink", "n": dice.randrange(nodes),
                              "up": dice.random() < 0.5})
            lines.append({"t": now, "e": "submit", "m": f"m{i}", "n": dice.randrange(nodes),
                          "to": [dice.randrange(nodes)], "c": "LIFE_CRITICAL", "ttl": 10**6,
                          "bytes": 100})
        lines.append({"t": now, "e": "end"})
        began = time.monotonic()
        trace = read(lines)
        result = verify_trace.report(trace)
        self.assertGreater(result["classes"]["LIFE_CRITICAL"]["reachable"], 10_000)
        self.assertLess(time.monotonic() - began, 60)


class Report(unittest.TestCase):
    def test_of_the_example(self):
        result = verify_trace.report(read(example()))
        life = result["classes"]["LIFE_CRITICAL"]
        self.assertEqual(life, {
            "submitted": 1, "refused": 0, "delivered": 1, "reachable": 1, "delivered_reachable": 1,
            "ratio_all": 1.0, "ratio_reachable": 1.0, "p50_ms": 7, "p95_ms": 7, "p99_ms": 7,
            "expired": 0, "duplicates": 1, "hops_mean": 1.0, "held": True})
        self.assertEqual((result["nodes"], result["links"], result["islands"], result["messages"],
                          result["twice"], result["held"]), (3, 1, 1, 1, 0, True))

    def test_follows_each_change(self):
        def late(lines):
            lines[7]["ttl"] = 9000
            for line in lines[14:18]:
                line["t"] = 5051

        def too_late(lines):
            for line in lines[14:18]:
                line["t"] = 5011

        def lost(lines):
            del lines[14:18]

        def refused(lines):
            lines[12:] = [{"t": 45, "e": "refused", "m": "a", "reason": "QUEUE_FULL"}, lines[-1]]

        def unreachable(lines):
            del lines[13]

        def twice(lines):
            lines.insert(17, dict(lines[15], t=58))

        def cut_short(lines):
            lines[0]["horizon"] = 49

        cases = [
            (late, "classes.LIFE_CRITICAL.delivered_reachable", 1),
            (late, "classes.LIFE_CRITICAL.held", False),
            (too_late, "classes.LIFE_CRITICAL.expired", 1),
            (too_late, "classes.LIFE_CRITICAL.delivered", 0),
            (lost, "classes.LIFE_CRITICAL.held", False),
            (lost, "held", False),
            (refused, "classes.LIFE_CRITICAL.refused", 1),
            (refused, "messages", 0),
            (unreachable, "classes.LIFE_CRITICAL.reachable", 0),
            (unreachable, "classes.LIFE_CRITICAL.held", None),
            (twice, "twice", 1),
            (twice, "held", False),
            (cut_short, "classes.LIFE_CRITICAL.reachable", 0),
        ]
        for change, path, expected in cases:
            with self.subTest(change=change.__name__, path=path):
                lines = copy.deepcopy(example())
                change(lines)
                value = verify_trace.report(read(lines))
                for key in path.split("."):
                    value = value[key]
                self.assertEqual(value, expected)

    def test_percentiles_are_nearest_rank(self):
        for count, expected in [(1, (7, 7, 7)), (20, (9, 18, 19)), (100, (49, 94, 98)),
                                (101, (50, 95, 99))]:
            values = [7] if count == 1 else list(range(count))
            self.assertEqual(tuple(verify_trace.nearest_rank(values, p) for p in (50, 95, 99)),
                             expected)
        self.assertIsNone(verify_trace.nearest_rank([], 95))


class BrokenTraces(unittest.TestCase):
    def test_are_refused_with_their_line(self):
        def swap(at, line):
            return lambda lines: lines.__setitem__(at, line)

        cases = [
            ("line 1: the first line", swap(0, {"t": 0, "e": "end"})),
            ("line 9: message a is submitted twice", lambda lines: lines.insert(7, lines[7])),
            ("line 9: unknown node 7", swap(8, {"t": 20, "e": "link", "a": 7, "b": 1, "up": True})),
            ("line 9: a link from a node to itself",
             swap(8, {"t": 20, "e": "link", "a": 1, "b": 1, "up": True})),
            ("line 9: unknown event", swap(8, {"t": 20, "e": "wave"})),
            ("line 9: time 3 after 10", swap(8, {"t": 3, "e": "end"})),
            ("line 16: node 1 is no recipient",
             swap(15, {"t": 57, "e": "deliver", "m": "a", "n": 1})),
            ("line 13: message b was not submitted",
             swap(12, {"t": 45, "e": "accepted", "m": "b", "n": 1})),
            ("line 14: message a is refused after",
             swap(13, {"t": 50, "e": "refused", "m": "a", "reason": "X"})),
            ("line 3: node 5 out of order", swap(2, {"t": 0, "e": "node", "n": 5, "kind": "desk"})),
            ("line 9: not a line", swap(8, {"t": 20, "e": "link"})),
            ("no end line", lambda lines: lines.pop()),
            ("a line after the end", lambda lines: lines.append(lines[-1])),
        ]
        for expected, change in cases:
            with self.subTest(expected):
                lines = copy.deepcopy(example())
                change(lines)
                with self.assertRaises(verify_trace.TraceError) as raised:
                    read(lines)
                self.assertIn(expected, str(raised.exception))


class Program(unittest.TestCase):
    def run_main(self, lines, reported):
        with tempfile.TemporaryDirectory() as folder:
            trace, told = os.path.join(folder, "t.jsonl"), os.path.join(folder, "r.json")
            with open(trace, "w", encoding="utf-8") as file:
                file.writelines(json.dumps(line) + "\n" for line in lines)
            with open(told, "w", encoding="utf-8") as file:
                json.dump(reported, file)
            out = io.StringIO()
            with redirect_stdout(out), redirect_stderr(out):
                status = verify_trace.main([trace, "--report", told])
            return status, out.getvalue()

    def test_compares_field_by_field(self):
        right = verify_trace.report(read(example()))
        right["extra"] = "ignored"
        self.assertEqual(self.run_main(example(), right)[0], 0)

        def leaves(value, path=()):
            if not isinstance(value, dict):
                yield path
                return
            for key in value:
                yield from leaves(value[key], path + (key,))

        checked = 0
        for path in leaves(verify_trace.report(read(example()))):
            wrong = copy.deepcopy(right)
            inner = wrong
            for key in path[:-1]:
                inner = inner[key]
            before = inner[path[-1]]
            inner[path[-1]] = not before if isinstance(before, bool) else (before or 0) + 0.001
            status, text = self.run_main(example(), wrong)
            self.assertEqual(status, 1, path)
            self.assertIn(f"differs: {'.'.join(path)}: computed", text)
            del inner[path[-1]]
            self.assertIn("not reported", self.run_main(example(), wrong)[1])
            checked += 1
        self.assertEqual(checked, 14 * 3 + 6)

    def test_tells_true_from_one(self):
        wrong = verify_trace.report(read(example()))
        wrong["held"] = 1
        self.assertEqual(self.run_main(example(), wrong)[0], 1)

    def test_names_a_broken_file(self):
        status, text = self.run_main(example()[:-1], {})
        self.assertEqual(status, 2)
        self.assertIn("no end line", text)


if __name__ == "__main__":
    unittest.main()
