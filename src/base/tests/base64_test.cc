#include "base/base64.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace imece {
namespace {

struct Form {
    std::string_view bytes, padded, bare;
};
// RFC 4648 section 10, and both alphabets' special digits.
constexpr Form kForms[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xfe", "+//+", "-__-"},
};

TEST(Base64, writes_padded_and_reads_either) {
    for (const Form& form : kForms) {
        std::string out = "x";
        append_base64(out, form.bytes);
        EXPECT_EQ(out, "x" + std::string(form.padded));
        for (const std::string_view text : {form.padded, form.bare}) {
            std::string bytes = "left over";
            ASSERT_TRUE(parse_base64(text, bytes)) << text;
            EXPECT_EQ(bytes, form.bytes) << text;
        }
    }
}

TEST(Base64, refuses_what_is_none) {
    std::string bytes;
    for (const char* text : {"A", "ZZZZA", "Zg=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm 9",
                             "Zm9*", "\xc3\xa9", "=Zg="})
        EXPECT_FALSE(parse_base64(text, bytes)) << text;
}

TEST(Base64, reads_what_it_wrote) {
    SeededRandom random(5);
    for (std::size_t size = 0; size < 200; ++size) {
        std::string bytes(size, '\0');
        random.fill({reinterpret_cast<std::uint8_t*>(bytes.data()), size});
        std::string text;
        append_base64(text, bytes);
        std::string again;
        ASSERT_TRUE(parse_base64(text, again));
        EXPECT_EQ(again, bytes);
    }
}

}  // namespace
}  // namespace imece
