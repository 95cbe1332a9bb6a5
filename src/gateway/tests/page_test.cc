#include "gateway/edge/page.h"

#include <gtest/gtest.h>

namespace imece::gateway {
namespace {

const Page kPage{.content_type = "text/html", .plain = "plain", .gzip = "g", .brotli = "b"};

std::string header(const Reply& reply, std::string_view name) {
    for (const auto& [key, value] : reply.headers)
        if (key == name) return value;
    return "";
}

struct CodingCase {
    const char* name;
    const char* accept;
    const char* body;
    const char* coding;
};
class Coding : public testing::TestWithParam<CodingCase> {};
TEST_P(Coding, is_the_best_that_the_reader_takes) {
    const Reply reply = reply_of(kPage, GetParam().accept, "");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, GetParam().body);
    EXPECT_EQ(header(reply, "content-encoding"), GetParam().coding);
    EXPECT_EQ(header(reply, "vary"), "accept-encoding");
}
INSTANTIATE_TEST_SUITE_P(
    table, Coding,
    testing::Values(CodingCase{"nothing_said", "", "plain", ""},
                    CodingCase{"browser", "gzip, deflate, br, zstd", "b", "br"},
                    CodingCase{"plain_http", "gzip, deflate", "g", "gzip"},
                    CodingCase{"no_brotli", "br;q=0, GZIP;q=0.5", "g", "gzip"},
                    CodingCase{"nothing_packed", "br; q=0.000, gzip;q=0", "plain", ""},
                    CodingCase{"others", "brotli, xgzip", "plain", ""}),
    [](const auto& test) { return test.param.name; });

TEST(Page, without_packed_forms_is_always_plain) {
    const Reply reply = reply_of(Page{"text/html", "page"}, "gzip, br", "");
    EXPECT_EQ(reply.body, "page");
    EXPECT_EQ(header(reply, "content-encoding"), "");
    EXPECT_EQ(header(reply, "vary"), "");
    EXPECT_EQ(reply.caching, Caching::kRevalidate);
}

TEST(Page, is_not_sent_again_to_who_has_it) {
    const std::string tag = header(reply_of(kPage, "br", ""), "etag");
    EXPECT_NE(tag, header(reply_of(kPage, "gzip", ""), "etag"));
    EXPECT_NE(tag, header(reply_of(Page{"text/html", "else", "g", "b"}, "br", ""), "etag"));
    for (const std::string& known : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
        const Reply reply = reply_of(kPage, "br", known);
        EXPECT_EQ(reply.status, 304) << known;
        EXPECT_EQ(reply.body, "");
        EXPECT_EQ(header(reply, "etag"), tag);
    }
    EXPECT_EQ(reply_of(kPage, "gzip", tag).status, 200);
    EXPECT_EQ(reply_of(kPage, "br", "\"other\"").status, 200);
}

}  // namespace
}  // namespace imece::gateway
