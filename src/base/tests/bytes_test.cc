#include "base/bytes.h"

#include <gtest/gtest.h>

namespace imece {
namespace {

struct Form {
    std::string_view plain;
    std::string_view hex;
    std::string_view base64url;
};
// The base64 column is RFC 4648 section 10 without padding, and one row with both special digits.
constexpr Form kForms[] = {
    {"", "", ""},
    {"f", "66", "Zg"},
    {"fo", "666f", "Zm8"},
    {"foo", "666f6f", "Zm9v"},
    {"foob", "666f6f62", "Zm9vYg"},
    {"fooba", "666f6f6261", "Zm9vYmE"},
    {"foobar", "666f6f626172", "Zm9vYmFy"},
    {"\xfb\xff\xfe", "fbfffe", "-__-"},
};

TEST(Bytes, have_textual_forms) {
    for (const Form& form : kForms) {
        EXPECT_EQ(to_hex(view_of(form.plain)), form.hex);
        EXPECT_EQ(to_base64url(view_of(form.plain)), form.base64url);
        const auto from_hex = parse_hex(form.hex);
        const auto from_base64 = parse_base64url(form.base64url);
        ASSERT_TRUE(from_hex && from_base64) << form.hex;
        EXPECT_EQ(text_of(*from_hex), form.plain);
        EXPECT_EQ(text_of(*from_base64), form.plain);
    }
}

TEST(Bytes, hex_takes_both_cases) {
    EXPECT_EQ(*parse_hex("aBcDeF"), (Bytes{0xab, 0xcd, 0xef}));
}

TEST(Bytes, hex_refuses_what_is_none) {
    for (const char* text : {"a", "abc", "0g", "g0", " 00", "00 ", "0x00", "00-0"}) {
        const auto got = parse_hex(text);
        ASSERT_FALSE(got) << text;
        EXPECT_EQ(got.error().reason, "HEX_MALFORMED") << text;
    }
}

TEST(Bytes, base64url_has_one_spelling) {
    // A lone digit, padding, the other alphabet, white space, bits that no encoder writes.
    for (const char* text : {"A", "Zg==", "Zm8=", "+//+", "Z g", "Zg\n", "Zh", "Zm9", "ZZZZA"}) {
        const auto got = parse_base64url(text);
        ASSERT_FALSE(got) << text;
        EXPECT_EQ(got.error().reason, "BASE64_MALFORMED") << text;
    }
}

TEST(Bytes, compare_in_constant_time) {
    EXPECT_TRUE(equal_in_constant_time({}, {}));
    EXPECT_TRUE(equal_in_constant_time(view_of("abc"), view_of("abc")));
    EXPECT_FALSE(equal_in_constant_time(view_of("abc"), view_of("abd")));
    EXPECT_FALSE(equal_in_constant_time(view_of("abc"), view_of("bbc")));
    EXPECT_FALSE(equal_in_constant_time(view_of("abc"), view_of("ab")));
}

}  // namespace
}  // namespace imece
