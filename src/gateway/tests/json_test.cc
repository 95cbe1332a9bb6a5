#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <chrono>

#include "gateway/api/json_check.h"
#include "gateway/api/json_codec.h"
#include "gateway/api/json_text.h"
#include "gateway/tests/test_contract.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "imece/messaging/v1/messaging.pb.h"

namespace imece::gateway {
namespace {

namespace pb = google::protobuf;

struct StrictCase {
    const char* name;
    std::string text;
    bool good;
};
class StrictJson : public testing::TestWithParam<StrictCase> {};
TEST_P(StrictJson, says) {
    const Status got = check_json(GetParam().text);
    EXPECT_EQ(got.has_value(), GetParam().good);
    if (!got) {
        EXPECT_EQ(got.error().reason, "BODY_NOT_JSON");
        EXPECT_TRUE(got.error().message.find("byte") != std::string::npos) << got.error().message;
    }
}
std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}
INSTANTIATE_TEST_SUITE_P(
    table, StrictJson,
    testing::Values(
        StrictCase{"object", R"({"a":[1,-2.5e3,true,null,"x\u00e7"]})", true},
        StrictCase{"spaces_around", " \t\r\n{} \n", true}, StrictCase{"scalar", "3", true},
        StrictCase{"depth_at_limit", nested(32), true},
        StrictCase{"same_key_in_two_objects", R"([{"a":1},{"a":2}])", true},
        StrictCase{"same_key_above_and_below", R"({"a":{"a":1}})", true},
        StrictCase{"empty", "", false}, StrictCase{"only_space", "  ", false},
        StrictCase{"depth_over_limit", nested(33), false},
        StrictCase{"key_twice", R"({"a":1,"b":2,"a":3})", false},
        StrictCase{"key_twice_by_escape", R"({"a":1,"\u0061":3})", false},
        StrictCase{"bare_key", "{a:1}", false}, StrictCase{"single_quotes", "{'a':1}", false},
        StrictCase{"trailing_comma", R"({"a":1,})", false},
        StrictCase{"trailing_comma_in_array", "[1,]", false}, StrictCase{"comment", "{}//", false},
        StrictCase{"two_values", "{}{}", false}, StrictCase{"cut_off", R"({"a":)", false},
        StrictCase{"leading_zero", "[01]", false}, StrictCase{"plus", "[+1]", false},
        StrictCase{"hex", "[0x1]", false}, StrictCase{"nan", "[NaN]", false},
        StrictCase{"infinity", "[Infinity]", false}, StrictCase{"point_alone", "[1.]", false},
        StrictCase{"control_in_string", std::string("[\"a\x01\"]"), false},
        StrictCase{"half_surrogate", R"(["\ud800"])", false},
        StrictCase{"bad_utf8", "[\"\xc3\x28\"]", false},
        StrictCase{"overlong_utf8", "[\"\xc0\xaf\"]", false},
        StrictCase{"bom", "\xef\xbb\xbf{}", false},
        StrictCase{"nul_after", std::string("{}\0", 3), false}),
    [](const auto& test) { return test.param.name; });

constexpr char kContract[] = R"(
syntax = "proto3"; package t;
import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto";
enum Colour { COLOUR_UNSPECIFIED = 0; RED = 1; BLUE = 2; }
message In { string deep_name = 1; In in = 2; repeated In many = 3; }
message All {
  int32 i32 = 1; int64 i64 = 2; uint32 u32 = 3; uint64 u64 = 4; sint32 s32 = 5; fixed64 f64 = 6;
  bool yes = 7; double real = 8; float small = 9; string text = 10; bytes raw = 11; Colour colour = 12;
  In in_side = 13; repeated int32 numbers = 14; repeated string words = 15; repeated In ins = 16;
  google.protobuf.Timestamp at = 17; google.protobuf.Duration for = 18; repeated Colour colours = 19;
  oneof one { string left = 20; int32 right = 21; } optional int32 maybe = 22;
  repeated bytes raws = 23; repeated google.protobuf.Timestamp ats = 24; repeated uint64 bigs = 25;
  repeated bool yeses = 26; repeated double reals = 27; repeated float smalls = 28; repeated int64 longs = 29;
  repeated uint32 uints = 30;
})";

TestContract& contract() {
    static TestContract made(kContract);
    return made;
}

struct ReadCase {
    const char* name;
    const char* json;
    const char* text;       ///< The message in protobuf's text form; null: refused.
    const char* says = "";  ///< Stands in the refusal.
};
class ReadJson : public testing::TestWithParam<ReadCase> {};
TEST_P(ReadJson, says) {
    const auto message = contract().make("All");
    const Status got = read_json(GetParam().json, *message);
    if (GetParam().text == nullptr) {
        ASSERT_FALSE(got) << message->ShortDebugString();
        EXPECT_EQ(got.error().reason, "BODY_MISMATCH");
        EXPECT_NE(got.error().message.find(GetParam().says), std::string::npos)
            << got.error().message;
        return;
    }
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(message->ShortDebugString(), GetParam().text);

    // Protobuf's own reader takes all that we take, and takes it for the same.
    const auto theirs = contract().make("All");
    ASSERT_TRUE(pb::util::JsonStringToMessage(GetParam().json, theirs.get()).ok());
    EXPECT_TRUE(pb::util::MessageDifferencer::Equals(*message, *theirs))
        << theirs->ShortDebugString();
}
INSTANTIATE_TEST_SUITE_P(
    table, ReadJson,
    testing::Values(
        ReadCase{"empty", "{}", ""}, ReadCase{"int32", R"({"i32":-7})", "i32: -7"},
        ReadCase{"int32_limits", R"({"numbers":[2147483647,-2147483648]})",
                 "numbers: 2147483647 numbers: -2147483648"},
        ReadCase{"int32_as_real", R"({"i32":1e3,"s32":2.0})", "i32: 1000 s32: 2"},
        ReadCase{"int64_as_text", R"({"i64":"-9223372036854775808"})", "i64: -9223372036854775808"},
        ReadCase{"int64_as_number", R"({"i64":5})", "i64: 5"},
        ReadCase{"uint64_limit", R"({"u64":18446744073709551615,"f64":"18446744073709551615"})",
                 "u64: 18446744073709551615 f64: 18446744073709551615"},
        ReadCase{"reals", R"({"real":1,"small":0.5})", "real: 1 small: 0.5"},
        ReadCase{"snake_case", R"({"in_side":{"deep_name":"x"}})", R"(in_side { deep_name: "x" })"},
        ReadCase{"camel_case", R"({"inSide":{"deepName":"x"}})", R"(in_side { deep_name: "x" })"},
        ReadCase{"text_with_escapes", R"({"text":"a\n\u00e7\ud83d\ude00\/"})",
                 R"(text: "a\n\303\247\360\237\230\200/")"},
        ReadCase{"key_with_escapes", R"({"te\u0078t":"a"})", R"(text: "a")"},
        ReadCase{"bytes", R"({"raw":"+/8="})", R"(raw: "\373\377")"},
        ReadCase{"bytes_url_safe", R"({"raw":"-_8"})", R"(raw: "\373\377")"},
        ReadCase{"enum_name", R"({"colour":"BLUE","colours":["RED"]})",
                 "colour: BLUE colours: RED"},
        ReadCase{"nested_many", R"({"ins":[{"many":[{},{"deepName":"y"}]}]})",
                 R"(ins { many { } many { deep_name: "y" } })"},
        ReadCase{"time", R"({"at":"2023-02-06T01:17:34.5Z"})",
                 "at { seconds: 1675646254 nanos: 500000000 }"},
        ReadCase{"time_with_offset", R"({"at":"2023-02-06T04:17:34+03:00"})",
                 "at { seconds: 1675646254 }"},
        ReadCase{"duration", R"({"for":"90.25s"})", "for { seconds: 90 nanos: 250000000 }"},
        ReadCase{"duration_negative", R"({"for":"-0.5s"})", "for { nanos: -500000000 }"},
        ReadCase{"oneof", R"({"left":"a"})", R"(left: "a")"},
        ReadCase{"optional_zero", R"({"maybe":0})", "maybe: 0"},
        ReadCase{"empty_array", R"({"words":[]})", ""},
        ReadCase{"bool", R"({"yes":true})", "yes: true"},

        ReadCase{"root_array", "[]", nullptr, "object"},
        ReadCase{"root_text", "\"x\"", nullptr, "object"},
        ReadCase{"root_null", "null", nullptr, "object"},
        ReadCase{"root_true", "true", nullptr, "object"},
        ReadCase{"unknown", R"({"nope":1})", nullptr, "unknown field 'nope'"},
        ReadCase{"unknown_deep", R"({"inSide":{"in":{"nope":1}}})", nullptr, "'inSide.in.nope'"},
        ReadCase{"both_spellings", R"({"inSide":{},"in_side":{}})", nullptr, "twice"},
        ReadCase{"null", R"({"text":null})", nullptr, "null"},
        ReadCase{"oneof_both", R"({"left":"a","right":1})", nullptr, "excludes"},
        ReadCase{"number_for_text", R"({"text":1})", nullptr, "'text' is a string"},
        ReadCase{"text_for_number", R"({"i32":"1"})", nullptr, "'i32' is a 32-bit integer"},
        ReadCase{"fraction_for_integer", R"({"i32":1.5})", nullptr, "integer"},
        ReadCase{"over_int32", R"({"i32":2147483648})", nullptr, "integer"},
        ReadCase{"negative_for_unsigned", R"({"u32":-1})", nullptr, "not negative"},
        ReadCase{"over_int64", R"({"i64":9223372036854775808})", nullptr, "64-bit"},
        ReadCase{"over_int64_text", R"({"i64":"9223372036854775808"})", nullptr, "64-bit"},
        ReadCase{"number_with_space", R"({"i64":" 1"})", nullptr, "64-bit"},
        ReadCase{"bad_base64", R"({"raw":"a"})", nullptr, "base64"},
        ReadCase{"bad_base64_letter", R"({"raw":"ab!d"})", nullptr, "base64"},
        ReadCase{"enum_unknown", R"({"colour":"GREEN"})", nullptr, "names"},
        ReadCase{"enum_number", R"({"colour":1})", nullptr, "names"},
        ReadCase{"array_for_one", R"({"i32":[1]})", nullptr, "'i32'"},
        ReadCase{"one_for_array", R"({"words":"a"})", nullptr, "'words' is an array"},
        ReadCase{"array_in_array", R"({"words":[["a"]]})", nullptr, "'words'"},
        ReadCase{"object_for_text", R"({"text":{}})", nullptr, "'text' is a string"},
        ReadCase{"text_for_object", R"({"inSide":"x"})", nullptr, "an object"},
        ReadCase{"object_for_time", R"({"at":{"seconds":1}})", nullptr, "RFC 3339"},
        ReadCase{"bad_time", R"({"at":"yesterday"})", nullptr, "RFC 3339"},
        ReadCase{"time_out_of_range", R"({"at":"0000-01-01T00:00:00Z"})", nullptr, "RFC 3339"},
        ReadCase{"bad_duration", R"({"for":"90"})", nullptr, "duration"},
        ReadCase{"duration_without_digits", R"({"for":"s"})", nullptr, "duration"},
        ReadCase{"duration_two_signs", R"({"for":"--1s"})", nullptr, "duration"},
        ReadCase{"float_overflow", R"({"small":1e300})", nullptr, "a number"}),
    [](const auto& test) { return test.param.name; });

TEST(ReadJson, tells_bad_grammar_before_a_mismatch) {
    const auto message = contract().make("All");
    const Status got = read_json(R"({"nope":1,})", *message);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().reason, "BODY_NOT_JSON");
}

TEST(WriteJson, spells_as_protobuf_does) {
    const auto message = contract().make("All");
    ASSERT_TRUE(read_json(
        R"({"i32":-1,"i64":"-2","u32":3,"u64":"4","yes":true,"real":1.5,"small":0.25,"text":"\u0001\"\\\u00e7",
            "raw":"AAEC","colour":"RED","inSide":{"deepName":"x"},"numbers":[1,2],"words":["a","b"],"ins":[{},{}],
            "at":"2023-02-06T01:17:34.123Z","for":"-1.5s","colours":["BLUE","RED"],"right":0,"maybe":0,"raws":["AA==","AAA="],
            "ats":["1969-12-31T23:59:59.500Z"],"bigs":["1"],"yeses":[false],"reals":[0.1],"smalls":[2],"longs":["-1"],"uints":[7]})",
        *message));
    std::string ours;
    write_json(*message, Defaults::kOmit, ours);
    std::string theirs;
    ASSERT_TRUE(pb::util::MessageToJsonString(*message, &theirs).ok());
    // Protobuf writes '"for":"-1.500s"' where one digit says it, and escapes alike.
    if (const auto at = theirs.find("-1.500s"); at != std::string::npos)
        theirs.replace(at, 7, "-1.5s");
    EXPECT_EQ(ours, theirs);
}

TEST(WriteJson, can_show_what_is_empty) {
    imece::messaging::v1::SubmitMessageResponse response;
    std::string text;
    write_json(response, Defaults::kWrite, text);
    EXPECT_EQ(text, R"({"messageId":"","wasThere":false})");
    text.clear();
    write_json(response, Defaults::kOmit, text);
    EXPECT_EQ(text, "{}");
}

TEST(WriteJson, spells_numbers_that_json_has_not) {
    const auto message = contract().make("All");
    const auto* real = message->GetDescriptor()->FindFieldByName("real");
    for (const auto& [value, text] :
         {std::pair{std::numeric_limits<double>::infinity(), R"({"real":"Infinity"})"},
          std::pair{-std::numeric_limits<double>::infinity(), R"({"real":"-Infinity"})"},
          std::pair{std::numeric_limits<double>::quiet_NaN(), R"({"real":"NaN"})"}}) {
        message->GetReflection()->SetDouble(message.get(), real, value);
        std::string out;
        write_json(*message, Defaults::kOmit, out);
        EXPECT_EQ(out, text);
    }
}

TEST(JsonForm, is_asked_of_every_type_inside) {
    TestContract odd(R"(
        syntax = "proto3"; package odd; import "google/protobuf/any.proto";
        message WithMap { map<string, string> words = 1; }
        message Around { WithMap inner = 1; }
        message WithAny { google.protobuf.Any any = 1; }
        message Self { Self self = 1; })",
                     "odd.proto");
    EXPECT_FALSE(has_json_form(*odd.file().FindMessageTypeByName("WithMap")));
    EXPECT_FALSE(has_json_form(*odd.file().FindMessageTypeByName("Around")));
    EXPECT_FALSE(has_json_form(*odd.file().FindMessageTypeByName("WithAny")));
    EXPECT_TRUE(has_json_form(*odd.file().FindMessageTypeByName("Self")));
}

TEST(Base64, comes_back) {
    std::string bytes;
    for (int size = 0; size < 70; ++size) {
        std::string text;
        append_base64(text, bytes);
        EXPECT_EQ(text.size() % 4, 0u);
        EXPECT_EQ(parse_base64(text), bytes);
        bytes += static_cast<char>(size * 37);
    }
    for (const char* bad : {"A", "AA=A", "====", "A===", "AA==AA==", "A A="})
        EXPECT_FALSE(parse_base64(bad)) << bad;
}

/// What a frame of one message costs; printed, to be looked at.
TEST(JsonCost, of_a_submission) {
    imece::messaging::v1::ClientFrame frame;
    auto* message = frame.mutable_submit()->add_messages();
    frame.mutable_submit()->set_request(77);
    message->set_envelope(std::string(420, '\x5a'));
    message->set_signature(std::string(64, '\x77'));
    message->mutable_credential()->set_credential(std::string(120, '\x11'));
    message->mutable_credential()->set_signature(std::string(64, '\x22'));
    std::string text;
    write_json(frame, Defaults::kOmit, text);

    const auto time = [](const char* name, const auto& work) {
        constexpr int kRounds = 2000;
        const auto from = std::chrono::steady_clock::now();
        for (int i = 0; i < kRounds; ++i) work();
        const auto spent = std::chrono::steady_clock::now() - from;
        std::printf("%s: %.2f us\n", name,
                    std::chrono::duration<double, std::micro>(spent).count() / kRounds);
    };
    time("read, ours", [&] {
        imece::messaging::v1::ClientFrame into;
        ASSERT_TRUE(read_json(text, into));
    });
    time("read, protobuf", [&] {
        imece::messaging::v1::ClientFrame into;
        ASSERT_TRUE(pb::util::JsonStringToMessage(text, &into).ok());
    });
    time("write, ours", [&] {
        std::string out;
        write_json(frame, Defaults::kOmit, out);
    });
    time("write, protobuf", [&] {
        std::string out;
        ASSERT_TRUE(pb::util::MessageToJsonString(frame, &out).ok());
    });
}

}  // namespace
}  // namespace imece::gateway
