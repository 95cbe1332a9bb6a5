#include "base/clock.h"

#include <gtest/gtest.h>

namespace imece {
namespace {

using namespace std::chrono_literals;

struct TimeCase {
    std::string_view text;
    std::int64_t ms;
    std::string_view written;  ///< By us; empty: the text itself.
};
constexpr TimeCase kTimes[] = {
    {"1970-01-01T00:00:00.000Z", 0, ""},
    {"2023-02-06T01:17:34.000Z", 1'675'646'254'000, ""},
    {"2023-02-06T01:17:34Z", 1'675'646'254'000, "2023-02-06T01:17:34.000Z"},
    {"2023-02-06t01:17:34z", 1'675'646'254'000, "2023-02-06T01:17:34.000Z"},
    {"2023-02-06T04:17:34+03:00", 1'675'646'254'000, "2023-02-06T01:17:34.000Z"},
    {"2023-02-05T22:47:34-02:30", 1'675'646'254'000, "2023-02-06T01:17:34.000Z"},
    {"2023-02-06T01:17:34.1Z", 1'675'646'254'100, "2023-02-06T01:17:34.100Z"},
    {"2023-02-06T01:17:34.123456789Z", 1'675'646'254'123, "2023-02-06T01:17:34.123Z"},
    {"2023-02-06T01:17:34.0009Z", 1'675'646'254'000, "2023-02-06T01:17:34.000Z"},
    {"2024-02-29T23:59:59.999Z", 1'709'251'199'999, ""},
    {"2016-12-31T23:59:60Z", 1'483'228'800'000, "2017-01-01T00:00:00.000Z"},
    {"1969-12-31T23:59:59.999Z", -1, ""},
    {"0000-01-01T00:00:00.000Z", -62'167'219'200'000, ""},
    {"9999-12-31T23:59:59.999Z", 253'402'300'799'999, ""},
};

TEST(Rfc3339, reads_and_writes) {
    for (const TimeCase& time : kTimes) {
        const auto got = parse_rfc3339(time.text);
        ASSERT_TRUE(got) << time.text;
        EXPECT_EQ(to_unix_ms(*got), time.ms) << time.text;
        EXPECT_EQ(to_rfc3339(from_unix_ms(time.ms)),
                  time.written.empty() ? time.text : time.written);
    }
}

TEST(Rfc3339, refuses_everything_else) {
    for (const char* text : {
             "",
             "now",
             "2023-02-06",
             "2023-02-06T01:17:34",
             "2023-02-06 01:17:34Z",
             "2023-2-06T01:17:34Z",
             "2023-02-30T01:17:34Z",
             "2023-13-06T01:17:34Z",
             "2023-00-06T01:17:34Z",
             "2023-02-06T24:17:34Z",
             "2023-02-06T01:60:34Z",
             "2023-02-06T01:17:61Z",
             "2023-02-06T01:17:34.Z",
             "2023-02-06T01:17:34.1234567890Z",
             "2023-02-06T01:17:34Zx",
             "2023-02-06T01:17:34+0300",
             "2023-02-06T01:17:34+24:00",
             "2023-02-06T01:17:34+03:60",
             "2023-02-06T01:17:34+03",
             "2023-02-06T01:17:34+03:00Z",
             "-023-02-06T01:17:34Z",
             "2023/02/06T01:17:34Z",
             "2023-02-06T01:17:34,5Z",
             "+2023-02-06T01:17:34Z",
             "2023-02-06T1 :17:34Z",
             "2023-02-06T01:17:34.5",
         }) {
        const auto got = parse_rfc3339(text);
        ASSERT_FALSE(got) << text;
        EXPECT_EQ(got.error().reason, "TIME_MALFORMED") << text;
    }
}

TEST(SystemClock, tells_real_time) {
    const auto before = std::chrono::system_clock::now();
    const TimePoint now = SystemClock().now();
    // Wide enough for a machine that is busy with something else.
    EXPECT_GE(now, before - 1s);
    EXPECT_LE(now, std::chrono::system_clock::now() + 1s);
    EXPECT_EQ(SystemClock().scale(), 1u);
}

TEST(SystemClock, runs_scaled_from_its_origin) {
    const TimePoint origin = from_unix_ms(1'675'646'254'000);
    const TimePoint wall = SystemClock().now() - 10s;  // The run began ten seconds ago.
    const SystemClock clock(60, wall, origin);
    EXPECT_EQ(clock.scale(), 60u);
    EXPECT_GE(clock.now(), origin + 600s);
    EXPECT_LE(clock.now(), origin + 900s);
    EXPECT_LE(clock.now(), clock.now());
}

TEST(SystemClock, says_when_a_time_will_be) {
    const SystemClock clock(60, SystemClock().now(), from_unix_ms(0));
    const TimePoint now = clock.now();
    // An hour of the site is a minute of the wall.
    EXPECT_EQ(clock.wall_time_of(now + 1h) - clock.wall_time_of(now), 60s);
    EXPECT_LE(clock.wall_time_of(now), std::chrono::steady_clock::now() + 1ms);
}

}  // namespace
}  // namespace imece
