"""Each rule of our own checks, shown to fire on a small tree that breaks it."""

import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import check_arrows  # noqa: E402
import check_buf  # noqa: E402
import check_built  # noqa: E402
import check_privacy  # noqa: E402
import check_protos  # noqa: E402
import check_reasons  # noqa: E402
import check_sizes  # noqa: E402
import check_tidy  # noqa: E402
import tree  # noqa: E402


class Tree(unittest.TestCase):
    """A tree of files in a temporary folder."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, path, text):
        full = os.path.join(self.folder.name, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)

    def arrows(self):
        return check_arrows.problems(self.folder.name)


class Built(Tree):
    def test_a_source_that_no_target_compiles_is_named(self):
        for name in ("a.cc", "tests/a_test.cc"):
            self.write(f"src/base/{name}", "")
        self.write("build/compile_commands.json", json.dumps(
            [{"directory": os.path.join(self.folder.name, "build"), "file": "../src/base/a.cc"}]))
        self.assertEqual(check_built.forgotten(os.path.join(self.folder.name, "build"), self.folder.name),
                         ["src/base/tests/a_test.cc"])


class Arrows(Tree):
    def test_the_table_itself_has_no_cycle_and_names_no_unknown_room(self):
        self.assertEqual(check_arrows.cycle_in(check_arrows.ROOMS), [])
        for allowed in check_arrows.ROOMS.values():
            for room in allowed:
                self.assertIn(room, check_arrows.ROOMS)

    def test_each_rule(self):
        headers = ["src/base/a.h", "src/crypto/a.h", "src/runtime/kv/a.h", "src/testkit/a.h",
                   "src/messaging/domain/a.h", "src/messaging/app/ports.h",
                   "src/messaging/adapters/store_rocks/a.h", "src/messaging/adapters/rpc/a.h",
                   "src/messaging/module.h", "src/identity/module.h", "src/identity/domain/a.h",
                   "src/gateway/a.h", "sdk/cpp/a.h", "src/replay/a.h", "sim/kit/a.h",
                   "src/messaging/tests/a.h"]
        for header in headers:
            self.write(header, "#pragma once\n")
        self.assertEqual(self.arrows(), [])
        allowed = [
            ("src/messaging/app/x.cc", '"messaging/domain/a.h"'),
            ("src/messaging/adapters/store_rocks/x.cc", '"messaging/app/ports.h"'),
            ("src/messaging/adapters/store_rocks/x.cc", '"runtime/kv/a.h"'),
            ("src/messaging/adapters/rpc/x.cc", '"imece/messaging/v1/messaging.pb.h"'),
            ("src/messaging/module.cc", '"messaging/adapters/rpc/a.h"'),
            ("src/imece/main.cc", '"messaging/module.h"'),
            ("src/replay/x.cc", '"sdk/cpp/a.h"'),
            ("src/runtime/kv/x_test.cc", '"testkit/a.h"'),
            ("src/messaging/tests/x_test.cc", '"testkit/a.h"'),
            ("src/runtime/kv/x.cc", "<rocksdb/db.h>"),
            ("src/crypto/x.cc", "<sodium.h>"),
            ("sim/cluster/x.cc", '"messaging/adapters/store_rocks/a.h"'),
            ("sim/tests/x_test.cc", '"messaging/tests/a.h"'),
            ("src/messaging/domain/x.cc", "<vector>"),
            ("src/messaging/app/x.cc", "<mutex>"),
        ]
        for path, what in allowed:
            with self.subTest(path=path, what=what):
                self.write(path, f"#include {what}\n")
                self.assertEqual(self.arrows(), [])
            os.remove(os.path.join(self.folder.name, path))
        refused = [
            ("src/base/x.cc", '"crypto/a.h"', "base may not include crypto"),
            ("src/runtime/kv/x.cc", '"messaging/domain/a.h"', "runtime may not include"),
            ("src/runtime/kv/x.cc", '"testkit/a.h"', "runtime may not include testkit"),
            ("src/messaging/domain/x.cc", '"messaging/app/ports.h"', "may not include messaging/app"),
            ("src/messaging/domain/x.cc", '"runtime/kv/a.h"', "may not include runtime"),
            ("src/messaging/app/x.cc", '"runtime/kv/a.h"', "may not include runtime"),
            ("src/messaging/app/x.cc", '"messaging/adapters/rpc/a.h"', "may not include"),
            ("src/messaging/adapters/rpc/x.cc", '"messaging/adapters/store_rocks/a.h"',
             "may not include messaging/adapters/store_rocks"),
            ("src/messaging/module.cc", '"identity/module.h"', "may not include identity/module"),
            ("src/messaging/app/x.cc", '"identity/domain/a.h"', "may not include identity/domain"),
            ("src/gateway/x.cc", '"messaging/module.h"', "gateway may not include messaging"),
            ("src/replay/x.cc", '"runtime/kv/a.h"', "replay may not include runtime"),
            ("sim/cluster/x.cc", '"messaging/module.h"', "sim may not include messaging/module"),
            ("sim/cluster/x.cc", '"messaging/tests/a.h"', "sim may not include messaging/tests"),
            ("src/messaging/app/x.cc", '"sim/kit/a.h"', "may not include sim"),
            ("src/imece/x.cc", '"messaging/domain/a.h"', "imece may not include messaging/domain"),
            ("src/messaging/app/x.cc", '"imece/messaging/v1/messaging.pb.h"', "may not see protos"),
            ("src/messaging/module.cc", "<grpcpp/grpcpp.h>", "may not see protos or gRPC"),
            ("src/messaging/adapters/store_rocks/x.cc", "<rocksdb/db.h>", "may not use rocksdb"),
            ("src/messaging/domain/x.cc", "<sys/socket.h>", "is pure"),
            ("src/messaging/domain/x.cc", "<thread>", "no I/O and no threads"),
            ("src/messaging/app/x.cc", '"messaging/domain/gone.h"', "no such file"),
            ("src/messaging/helpers/x.cc", "<vector>", "has no place in the house"),
            ("src/billing/x.cc", "<vector>", "has no place in the house"),
        ]
        for path, what, expected in refused:
            with self.subTest(path=path, what=what):
                self.write(path, f"#include {what}\n")
                found = self.arrows()
                self.assertEqual(len(found), 1, found)
                self.assertIn(expected, found[0])
            os.remove(os.path.join(self.folder.name, path))

    def test_headers_in_a_circle(self):
        self.write("src/base/a.h", '#include "base/b.h"\n')
        self.write("src/base/b.h", '#include "base/c.h"\n')
        self.write("src/base/c.h", '#include "base/a.h"\n')
        self.assertEqual(self.arrows(), ["headers include each other: src/base/a.h → src/base/b.h → "
                                         "src/base/c.h → src/base/a.h"])


class Reasons(Tree):
    ENTRY = 'NAME_TAKEN = 102 [(info) = {code: "ALREADY_EXISTS", means: "a", action: "b"}];\n'

    def check(self, code, entries=ENTRY, rules=""):
        self.write(check_reasons.PROTO, "enum Reason {\n  NONE = 0;\n  " + entries + "}\n")
        self.write("proto/imece/x/v1/x.proto", rules)
        self.write("src/base/x.cc", code)
        return check_reasons.problems(self.folder.name)

    def test_each_rule(self):
        good = 'return fail(ErrorCode::kAlreadyExists,\n            "NAME_TAKEN", "taken");\n'
        self.assertEqual(self.check(good), [])
        for arguments, expected in [
                ((good.replace("NAME_TAKEN", "NAME_GONE"),), "NAME_GONE is not in"),
                ((good.replace("kAlreadyExists", "kNotFound"),), "given as NOT_FOUND"),
                (("",), "nothing gives NAME_TAKEN"),
                ((good, self.ENTRY.replace("102", "9999")), "in no service's range"),
                ((good, self.ENTRY.replace('means: "a", ', "")), "has no means"),
                ((good, self.ENTRY, 'rules = {reasons: ["NAME_TAKEN", "OTHER"]}'), "name OTHER")]:
            with self.subTest(expected):
                found = self.check(*arguments)
                self.assertTrue(any(expected in problem for problem in found), found)


class Protos(unittest.TestCase):
    GOOD = """// What x does.
syntax = "proto3";
package imece.x.v1;
service XService {
  // Makes one.
  rpc MakeOne(MakeOneRequest) returns (One) {
    option (google.api.http) = {post: "/v1/ones" body: "*"};
  }
}
message MakeOneRequest {
  reserved 4, 7 to 9;
  string name = 1 [(imece.api.v1.field) = {max_length: 64, example: "a } // b"}];
  message Inner { bytes key = 9; }
  oneof what { Inner inner = 2; }
}
enum Kind { KIND_UNSPECIFIED = 0; }
"""

    def check(self, old="", new=""):
        self.assertIn(old, self.GOOD)
        return list(check_protos.problems_of_file("proto/imece/x/v1/x.proto",
                                                  self.GOOD.replace(old, new) if old else self.GOOD, {}))

    def test_each_rule(self):
        self.assertEqual(self.check(), [])
        for old, new, expected in [
                ("// What x does.\n", "", "first line"),
                ("package imece.x.v1;", "package imece.y.v1;", "its package is imece.x.v1"),
                ("  // Makes one.\n", "", "neither rules nor a comment"),
                ("(MakeOneRequest) returns", "(One) returns", "takes MakeOneRequest, not One"),
                ("string name = 1", "string userName = 1", "userName is not snake_case"),
                ("message Inner", "message inner_part", "inner_part is not CamelCase"),
                ("KIND_UNSPECIFIED = 0", "NONE = 0", "ends in _UNSPECIFIED")]:
            with self.subTest(expected):
                found = self.check(old, new)
                self.assertTrue(any(expected in problem for problem in found), found)

    def test_one_request_of_two_rpcs(self):
        requests = {"MakeOneRequest": "MakeTwo"}
        found = list(check_protos.problems_of_file("proto/imece/x/v1/x.proto", self.GOOD, requests))
        self.assertEqual(len(found), 1)

    def test_fields_are_read_with_their_message(self):
        self.assertEqual(check_protos.messages(self.GOOD)["MakeOneRequest"], {1: "name", 2: "inner"})
        self.assertEqual(check_protos.messages(self.GOOD)["Inner"], {9: "key"})

    def test_a_field_is_retired_by_reserving_its_number(self):
        removed = lambda now, then: list(check_protos.removed_fields("x.proto", now, then))
        self.assertEqual(removed(self.GOOD, self.GOOD), [])
        then = self.GOOD.replace("string name = 1", "string age = 5; string name = 1")
        self.assertIn("MakeOneRequest.age = 5 is gone", removed(self.GOOD, then)[0])
        then = self.GOOD.replace("string name = 1", "string age = 8; string name = 1")
        self.assertEqual(removed(self.GOOD, then), [])
        self.assertIn("was name and is now label",
                      removed(self.GOOD.replace("string name", "string label"), self.GOOD)[0])


@unittest.skipUnless(os.path.exists(os.path.join(tree.ROOT, check_buf.BUF)), "no buf: npm --prefix tools/buf ci")
class Buf(Tree):
    PROTO = """// What x does.
syntax = "proto3";
package imece.x.v1;
service XService {
  // Makes one.
  rpc MakeOne(MakeOneRequest) returns (One);
}
message MakeOneRequest {
  string name = 1;
  string colour = 2;
}
message One {}
enum Kind { KIND_UNSPECIFIED = 0; LARGE = 1; }
"""

    def check(self, *changes, renewing=False):
        text = self.PROTO
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        self.write("proto/imece/x/v1/x.proto", text)
        return check_buf.problems(self.folder.name, renewing=renewing)

    def setUp(self):
        super().setUp()
        os.makedirs(os.path.join(self.folder.name, "tests/golden"))
        self.assertEqual(self.check(renewing=True), [])

    def test_what_adds_passes(self):
        self.assertEqual(self.check(("string colour = 2;", "string colour = 2; string size = 3;")), [])
        self.assertEqual(self.check(("string colour = 2;", 'reserved 2; reserved "colour";')), [])

    def test_each_rule_fires(self):
        for change, expected in [
                (("  // Makes one.\n", ""), "proto/imece/x/v1/x.proto:5: COMMENT_RPC"),
                (("string colour = 2;", "string colour = 2; string itsSize = 3;"), "FIELD_LOWER_SNAKE_CASE"),
                (("string colour = 2;", ""), "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED"),
                (("string colour = 2;", "reserved 2;"), "FIELD_NO_DELETE_UNLESS_NAME_RESERVED"),
                (("string colour = 2;", "int32 colour = 2;"), "FIELD_WIRE_JSON_COMPATIBLE_TYPE"),
                (("string colour = 2;", "string color = 2;"), "FIELD_SAME_JSON_NAME"),
                (("LARGE = 1", "HUGE = 1"), "ENUM_VALUE_SAME_NAME"),
                (("MakeOne(", "DoOne("), "RPC_NO_DELETE"),
                (("message One {}", "message One {"), "x.proto")]:
            with self.subTest(expected):
                found = self.check(change)
                self.assertTrue(any(expected in problem for problem in found), found)

    def test_a_broken_contract_is_no_new_baseline(self):
        self.assertNotEqual(self.check(("string colour = 2;", ""), renewing=True), [])
        self.assertEqual(self.check(), [])

    def test_without_a_baseline_nothing_passes(self):
        os.remove(os.path.join(self.folder.name, check_buf.BASELINE))
        self.assertTrue(any("is missing" in problem for problem in self.check()))


class Privacy(Tree):
    SCHEMA = """constexpr runtime::sql::Migration kFirst{1, "first", R"sql(
CREATE TABLE users(id BLOB PRIMARY KEY, name TEXT NOT NULL) STRICT;
)sql"};
constexpr runtime::sql::Migration kSecond{2, "second", R"sql(
ALTER TABLE users ADD COLUMN phone TEXT;
)sql"};
constexpr Duration kKept = std::chrono::days(7);
"""
    ROCKS = """auto kv = KvStore::open({.path = path, .families = {"bodies", "order"}});
table.duration("keep_for", keep_for, 1h, 2h, "How long.");
event.type = "body.came.v1";
"""
    PAGE = """# Privacy

## What may be of a person

| field | what | basis | kept until | read by |
| --- | --- | --- | --- | --- |
| `identity.users.{name, phone}` | who | task | `kKept` | nobody |
| `messaging/bodies` | what | vital | `messaging.keep_for` | nobody |

## What is of nobody

`identity.users.id`, `messaging/order`.

## Copies

`body.came.v1`; see `src/messaging/adapters/store_rocks/store.cc`.
"""

    def check(self, *changes):
        texts = {"src/identity/adapters/store_sqlite/schema.h": self.SCHEMA,
                 "src/messaging/adapters/store_rocks/store.cc": self.ROCKS, check_privacy.PAGE: self.PAGE}
        for old, new in changes:
            self.assertTrue(any(old in text for text in texts.values()), old)
            texts = {path: text.replace(old, new) for path, text in texts.items()}
        for path, text in texts.items():
            self.write(path, text)
        return check_privacy.problems(self.folder.name)

    def test_each_rule(self):
        self.assertEqual(self.check(), [])
        for change, expected in [
                (("phone TEXT", "phone TEXT; CREATE TABLE pets(cat TEXT)"), "identity.pets.cat is stored and not listed"),
                (("ADD COLUMN phone", "ADD COLUMN mail"), "identity.users.mail is stored and not listed"),
                (("{name, phone}", "{name, phone, fax}"), "identity.users.fax is listed and no longer stored"),
                (('"bodies", "order"', '"bodies"'), "messaging/order is listed and no longer stored"),
                (('"bodies", "order"', '"bodies", "order", "tracks"'), "messaging/tracks is stored and not listed"),
                (("families = {", "families = names_of({"), "families this check cannot read"),
                (("R\"sql(\nCREATE", "R\"(\nCREATE"), "a CREATE TABLE that this check cannot read"),
                (("`identity.users.id`", "`identity.users.{id, name}`"), "identity.users.name is in both lists"),
                (("| who | task |", "| who |  |"), "without all of its 5 cells"),
                (("body.came.v1\"", "body.went.v1\""), "the event body.went.v1 is not named"),
                (("Duration kKept", "Duration kHeld"), "no constant is called kKept"),
                (('"keep_for"', '"kept_for"'), "no setting is called messaging.keep_for"),
                (("store.cc`", "stores.cc`"), "stores.cc is not there")]:
            with self.subTest(expected):
                found = self.check(change)
                self.assertTrue(any(expected in problem for problem in found), found)

    def test_a_table_in_plain_strings_is_seen(self):
        self.write("src/runtime/sql/migrations.cc", 'script(\n"CREATE TABLE IF NOT EXISTS steps("\n" number INTEGER) STRICT");')
        found = self.check()
        self.assertEqual(len(found), 1, found)
        self.assertIn("runtime.steps.number is stored", found[0])


class Tidy(unittest.TestCase):
    def test_a_changed_header_is_looked_at_through_a_file_that_includes_it(self):
        known = {"src/a/x.cc": {"src/a/x.cc", "src/a/x.h", "src/a/y.h"},
                 "src/a/z.cc": {"src/a/z.cc", "src/a/y.h"}}
        self.assertEqual(check_tidy.chosen(known, {"src/a/x.h"}), {"src/a/x.cc"})
        self.assertEqual(check_tidy.chosen(known, {"src/a/y.h"}), {"src/a/z.cc"})
        self.assertEqual(check_tidy.chosen(known, {"src/a/x.cc", "README.md"}), {"src/a/x.cc"})

    def test_the_fingerprint_follows_the_rules_and_the_command(self):
        behind = {"tools/README.md"}
        one = check_tidy.fingerprint("x", behind, "c++ x", b"rules")
        self.assertEqual(one, check_tidy.fingerprint("x", behind, "c++ x", b"rules"))
        self.assertNotEqual(one, check_tidy.fingerprint("x", behind, "c++ y", b"rules"))
        self.assertNotEqual(one, check_tidy.fingerprint("x", behind, "c++ x", b"others"))


class Sizes(unittest.TestCase):
    def test_a_long_function_is_seen(self):
        body = "    call();\n" * 80
        self.assertEqual(check_sizes.long_functions("void f() {\n" + body + "}\n"), [(1, 82)])
        self.assertEqual(check_sizes.long_functions("void f() {\n    call();\n}\n" * 40), [])


class Includes(unittest.TestCase):
    def test_are_found_with_their_lines(self):
        self.assertEqual(tree.includes('// x\n#include <a>\n  # include "b/c.h"\n'),
                         [(2, "<", "a"), (3, '"', "b/c.h")])


if __name__ == "__main__":
    unittest.main()
