#include "runtime/config/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "testkit/temp_dir.h"

namespace imece::runtime {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Sample {
    std::string listen = "127.0.0.1:1";
    std::string store = "rocks";
    std::string password;
    bool strict = true;
    std::uint64_t workers = 2;
    double share = 0.5;
    std::chrono::milliseconds ttl = 72h;

    void describe(ConfigTable& table) {
        table.text("listen", listen, "Where to listen.");
        table.choice("store", store, {"rocks", "memory"}, "Engine.");
        table.secret("password", password, "For the engine.");
        table.flag("strict", strict, "Refuse more.");
        table.number("workers", workers, 1, 64, "Threads.");
        table.decimal("share", share, 0, 1, "Part.");
        table.duration("ttl", ttl, 1s, 24h * 7, "Lifetime.");
        table.require(strict || workers > 1, "workers above 1 are needed unless strict");
    }
};

class Config : public testing::Test {
protected:
    std::filesystem::path file(const std::string& text) {
        const auto path = dir_.path() / "imece.toml";
        std::ofstream(path) << text;
        return path;
    }
    testkit::TempDir dir_;
};

TEST_F(Config, later_sources_win) {
    const auto path = file("[x]\nlisten = \"file\"\nworkers = 3\nstrict = false\nshare = 0.25\n");
    ConfigLoader loader({.file = path,
                         .environment = {{"IMECE_X_WORKERS", "4"}, {"IMECE_X_LISTEN", "env"}},
                         .flags = {{"x.listen", "flag"}}});
    Sample sample;
    loader.load("x", sample);
    EXPECT_THAT(loader.problems(), IsEmpty());
    EXPECT_EQ(sample.listen, "flag");
    EXPECT_EQ(sample.workers, 4u);
    EXPECT_FALSE(sample.strict);
    EXPECT_EQ(sample.share, 0.25);
    EXPECT_EQ(sample.ttl, 72h);
}

TEST_F(Config, tells_all_problems_with_their_places) {
    const auto path =
        file("[x]\nstore = \"oracle\"\nworkers = 100\nttl = \"9y\"\nshare = [1]\nwoord = 1\n");
    ConfigLoader loader(
        {.file = path, .environment = {{"IMECE_X_STRICT", "maybe"}}, .flags = {{"y.z", "1"}}});
    Sample sample;
    loader.load("x", sample);
    EXPECT_THAT(loader.problems(),
                ElementsAre(HasSubstr("imece.toml:5: x.share"),
                            HasSubstr("imece.toml:2: x.store: 'oracle'"),
                            HasSubstr("IMECE_X_STRICT: x.strict"),
                            HasSubstr("imece.toml:3: x.workers"), HasSubstr("imece.toml:4: x.ttl"),
                            HasSubstr("imece.toml:6: x.woord: no such key"),
                            HasSubstr("--y.z: y.z: no such key")));
}

TEST_F(Config, names_the_line_of_a_syntax_error) {
    ConfigLoader loader({.file = file("[x]\nlisten = \n"), .environment = {}, .flags = {}});
    EXPECT_THAT(loader.problems(), ElementsAre(HasSubstr("imece.toml:2: ")));
}

TEST_F(Config, rules_across_keys_are_problems_too) {
    ConfigLoader loader(
        {.file = {}, .environment = {}, .flags = {{"x.strict", "false"}, {"x.workers", "1"}}});
    Sample sample;
    loader.load("x", sample);
    EXPECT_THAT(loader.problems(), ElementsAre(HasSubstr("[x]: workers above 1")));
}

TEST_F(Config, what_it_prints_loads_again_and_holds_no_secret) {
    ConfigLoader first(
        {.file = {}, .environment = {{"IMECE_X_PASSWORD", "geheim"}}, .flags = {{"x.ttl", "90s"}}});
    Sample sample;
    first.load("x", sample);
    EXPECT_THAT(first.printed(), testing::Not(HasSubstr("geheim")));
    ConfigLoader second({.file = file(first.printed()), .environment = {}, .flags = {}});
    Sample again;
    second.load("x", again);
    EXPECT_THAT(second.problems(), IsEmpty());
    EXPECT_EQ(again.ttl, 90s);
}

TEST(Duration, is_read_and_written_in_the_largest_whole_unit) {
    EXPECT_EQ(parse_duration("250ms").value(), 250ms);
    EXPECT_EQ(parse_duration("7d").value(), 7 * 24h);
    EXPECT_EQ(duration_text(90s), "90s");
    EXPECT_EQ(duration_text(72h), "3d");
    EXPECT_EQ(duration_text(0ms), "0ms");
    for (const char* wrong : {"", "5", "ms", "-1s", "1 s", "1week", "99999999999999999999s"})
        EXPECT_FALSE(parse_duration(wrong)) << wrong;
}

}  // namespace
}  // namespace imece::runtime
