#include "gateway/docs/pages.h"

#include <gtest/gtest.h>

#include "gateway/api/contracts.h"

namespace imece::gateway {
namespace {

class PagesTest : public testing::Test {
protected:
    Pages pages(const std::vector<ConsoleFile>& console) const {
        return make_pages(transcoder_, "1.2.3", console);
    }
    Transcoder transcoder_ =
        *Transcoder::make(contracts(), *google::protobuf::MessageFactory::generated_factory());
};

/// That the page has nothing which the content security policy forbids, and that what it loads is served.
void expect_fit(const Pages& pages, const std::string& path) {
    const std::string& body = pages.find(path)->second.plain;
    for (const char* banned :
         {"<script>", "<style", " style=", " onclick", "http://", "https://", "javascript:"})
        EXPECT_EQ(body.find(banned), std::string::npos) << path << " " << banned;
    for (const char* mark : {"src=\"", "rel=\"stylesheet\" href=\"", "rel=\"icon\" href=\""})
        for (std::size_t at = body.find(mark); at != std::string::npos;
             at = body.find(mark, at + 1)) {
            const std::size_t from = at + std::string_view(mark).size();
            EXPECT_TRUE(pages.contains(body.substr(from, body.find('"', from) - from))) << path;
        }
}

TEST_F(PagesTest, fit_the_content_security_policy) {
    const Pages served = pages({});
    for (const char* path : {"/", "/setup", "/docs", "/docs/docs.js", "/docs/style.css",
                             "/docs/errors", "/openapi.json"}) {
        ASSERT_TRUE(served.contains(path)) << path;
        EXPECT_FALSE(served.find(path)->second.plain.empty()) << path;
    }
    for (const char* path : {"/", "/setup", "/docs", "/docs/errors"}) expect_fit(served, path);
}

TEST_F(PagesTest, say_that_the_console_was_not_built) {
    EXPECT_NE(pages({}).find("/")->second.plain.find("without the operators' console"),
              std::string::npos);
}

TEST_F(PagesTest, are_the_console_where_it_was_built) {
    const Pages served = pages({{"index.html", "page", "packed", "packed better"},
                                {"assets/a-1.js", "code", "c", "b"},
                                {"icon.svg", "<svg/>", "i", "i"}});
    for (const char* path : {"/", "/setup"}) {
        EXPECT_EQ(served.find(path)->second.plain, "page");
        EXPECT_EQ(served.find(path)->second.caching, Caching::kRevalidate);
    }
    const Page& script = served.find("/console/assets/a-1.js")->second;
    EXPECT_EQ(script.content_type, "text/javascript; charset=utf-8");
    EXPECT_EQ(script.caching, Caching::kForEver);
    EXPECT_EQ(script.brotli, "b");
    EXPECT_EQ(served.find("/console/icon.svg")->second.caching, Caching::kRevalidate);
}

TEST_F(PagesTest, hold_what_this_build_has_of_the_console) {
    const Pages served = pages(console_files());
    expect_fit(served, "/");
    if (console_files().empty()) GTEST_SKIP() << "the console is not built (console/README.md)";
    EXPECT_EQ(served.find("/")->second.plain.find("without the operators' console"),
              std::string::npos);
}

}  // namespace
}  // namespace imece::gateway
