// Histogram, judgement, counting.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analytics/domain/counts.h"
#include "analytics/tests/samples.h"
#include "base/random.h"

namespace imece::analytics {
namespace {

using namespace std::chrono_literals;
using samples::kHour;
using Kind = MessageFact::Kind;

LatencyHistogram histogram(const std::vector<Duration>& latencies) {
    LatencyHistogram out;
    for (const Duration latency : latencies) out.add(latency);
    return out;
}

TEST(LatencyHistogram, quantiles_are_within_five_percent) {
    for (const std::uint64_t seed : {1, 2, 3}) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SeededRandom random(seed);
        std::vector<Duration> latencies;
        // From a millisecond to a month, as many in each power of ten.
        for (int i = 0; i < 5000; ++i)
            latencies.emplace_back(std::int64_t(std::pow(10, random.unit() * 9.4)));
        const LatencyHistogram counted = histogram(latencies);
        std::ranges::sort(latencies);
        for (const double share : {0.001, 0.1, 0.5, 0.9, 0.95, 0.99, 1.0}) {
            const auto rank = std::size_t(std::ceil(share * double(latencies.size())));
            const double exact = double(latencies[rank - 1].count()) / 1000;
            EXPECT_NEAR(counted.quantile(share), exact, exact * 0.05) << share;
        }
    }
}

TEST(LatencyHistogram, has_edges) {
    EXPECT_EQ(LatencyHistogram().quantile(0.95), 0);
    EXPECT_EQ(histogram({-5s, 0ms, 1ms}).quantile(1), 0.001);
    EXPECT_GT(histogram({Duration::max()}).quantile(0.5), 365 * 86400.0);
    EXPECT_EQ(histogram({1s, 1s, 9s}).quantile(0.5), histogram({1s}).quantile(1));
}

TEST(LatencyHistogram, those_of_minutes_add_up_to_that_of_the_hour) {
    SeededRandom random(7);
    LatencyHistogram whole, sum;
    for (int minute = 0; minute < 60; ++minute) {
        LatencyHistogram part;
        for (std::uint64_t i = random.below(20); i > 0; --i) {
            const Duration latency(random.below(1'000'000));
            part.add(latency);
            whole.add(latency);
        }
        sum.merge(part);
    }
    EXPECT_EQ(sum, whole);
    EXPECT_EQ(sum.count(), whole.count());
}

TEST(LatencyHistogram, its_bytes_are_read_back_and_damaged_ones_refused) {
    LatencyHistogram full = histogram({0ms, 3ms, 70ms, 5s, 5s, 72h, Duration::max()});
    for (int i = 0; i < 300; ++i) full.add(9s);
    for (const LatencyHistogram& one : {LatencyHistogram(), full})
        EXPECT_EQ(LatencyHistogram::decode(one.encode()), one);
    const std::string bytes = full.encode();
    EXPECT_FALSE(LatencyHistogram::decode(""));
    EXPECT_FALSE(LatencyHistogram::decode("\x02"));
    EXPECT_FALSE(LatencyHistogram::decode(bytes.substr(0, bytes.size() - 1)));
    EXPECT_FALSE(LatencyHistogram::decode(bytes + bytes.substr(1)));               // Twice.
    EXPECT_FALSE(LatencyHistogram::decode(std::string("\x01\x05\0", 3)));          // Of nothing.
    EXPECT_FALSE(LatencyHistogram::decode("\x01\x05" + std::string(10, '\xff')));  // Endless.
}

struct JudgeCase {
    const char* name;
    std::uint64_t delivered, expired, unreachable, rejected;
    Duration latency;
    Judgement judgement;
};
class Judge : public testing::TestWithParam<JudgeCase> {};
TEST_P(Judge, says) {
    const JudgeCase& given = GetParam();
    Tally tally{.delivered = given.delivered,
                .rejected = given.rejected,
                .expired = given.expired,
                .expired_unreachable = given.unreachable,
                .latency = {}};
    for (std::uint64_t i = 0; i < given.delivered; ++i) tally.latency.add(given.latency);
    EXPECT_EQ(judge(tally, {.share = 0.96, .p95_s = 60}, 30), given.judgement);
    EXPECT_EQ(judge(tally, {}, 30), Judgement::kNotJudged);  // Nothing is promised.
}
INSTANTIATE_TEST_SUITE_P(
    table, Judge,
    testing::Values(
        JudgeCase{"nothing", 0, 0, 0, 0, 1s, Judgement::kNotJudged},
        JudgeCase{"too_few", 29, 0, 0, 0, 1s, Judgement::kNotJudged},
        JudgeCase{"just_enough", 30, 0, 0, 0, 1s, Judgement::kHeld},
        JudgeCase{"expired_ones_are_samples", 0, 30, 0, 0, 1s, Judgement::kBroken},
        JudgeCase{"at_the_share", 96, 4, 0, 0, 1s, Judgement::kHeld},
        JudgeCase{"below_the_share", 95, 5, 0, 0, 1s, Judgement::kBroken},
        JudgeCase{"what_was_out_of_reach_is_apart", 96, 4, 900, 0, 1s, Judgement::kHeld},
        JudgeCase{"refusals_are_apart", 96, 4, 0, 900, 1s, Judgement::kHeld},
        JudgeCase{"unreachable_ones_are_no_samples", 20, 0, 900, 900, 1s, Judgement::kNotJudged},
        JudgeCase{"in_time", 100, 0, 0, 0, 55s, Judgement::kHeld},
        JudgeCase{"late", 100, 0, 0, 0, 66s, Judgement::kBroken}),
    [](const auto& test) { return test.param.name; });

TEST(Judge, one_that_is_late_is_not_yet_a_broken_promise) {
    Tally tally{.delivered = 100, .latency = {}};
    for (int i = 0; i < 95; ++i) tally.latency.add(1s);
    for (int i = 0; i < 5; ++i) tally.latency.add(1h);
    EXPECT_EQ(judge(tally, {.share = 0.96, .p95_s = 60}, 30), Judgement::kHeld);
}

TEST(Promises, are_the_published_ones) {
    EXPECT_EQ(kPromises[0].share, 0.995);
    EXPECT_EQ(kPromises[0].p95_s, 5);
    EXPECT_EQ(kPromises[3].share, 0.94);
    EXPECT_EQ(kPromises[3].p95_s, 300);
    EXPECT_EQ(kPromises[4].share, 0);
}

TEST(Counts, count_by_the_minute_of_acceptance) {
    const Counts got = samples::counts(
        {samples::accepted(1, kHour + 59s, 3), samples::ended(1, Kind::kDelivered, 2s, kHour + 59s),
         samples::ended(1, Kind::kRejected, 5min, kHour + 59s),
         samples::ended(1, Kind::kExpired, 1h, kHour + 59s), samples::accepted(2, kHour + 60s)});
    ASSERT_EQ(got.minutes.size(), 2u);
    const Tally& first = got.minutes.at({kHour, Priority::kOperational});
    EXPECT_EQ(first.accepted, 3u);
    EXPECT_EQ(first.delivered, 1u);
    EXPECT_EQ(first.rejected, 1u);
    EXPECT_EQ(first.expired, 1u);
    EXPECT_EQ(first.arrived, 0u);
    const Tally& second = got.minutes.at({kHour + 1min, Priority::kOperational});
    EXPECT_EQ(second.accepted, 1u);
    EXPECT_EQ(second.arrived, 1u);  // That of the first, a second later.
    EXPECT_EQ(got.waiting.size(), 1u);
    EXPECT_TRUE(got.waiting.contains(samples::message(2)));
    EXPECT_TRUE(got.ended.empty());
}

TEST(Counts, know_what_was_out_of_reach) {
    MessageFact never = samples::ended(1, Kind::kExpired);
    never.reachable_at = {};
    const Counts got = samples::counts({never, samples::ended(2, Kind::kExpired)});
    const Tally& tally = got.minutes.begin()->second;
    EXPECT_EQ(tally.expired, 1u);
    EXPECT_EQ(tally.expired_unreachable, 1u);
    EXPECT_EQ(got.ended.size(), 2u);
}

struct LatencyCase {
    const char* name;
    Duration reachable;  ///< After acceptance; negative: before.
    Duration ended;
    Duration counted;
};
class Latency : public testing::TestWithParam<LatencyCase> {};
TEST_P(Latency, counts_from_the_moment_when_a_path_existed) {
    MessageFact fact = samples::ended(1, Kind::kDelivered, GetParam().ended);
    fact.reachable_at = kHour + GetParam().reachable;
    EXPECT_EQ(samples::counts({fact}).minutes.begin()->second.latency,
              histogram({GetParam().counted}));
}
INSTANTIATE_TEST_SUITE_P(
    table, Latency,
    testing::Values(LatencyCase{"from_acceptance", 0s, 4s, 4s},
                    LatencyCase{"from_a_path_found_later", 1h, 1h + 2s, 2s},
                    LatencyCase{"a_path_before_acceptance_counts_from_acceptance", -1h, 4s, 4s},
                    LatencyCase{"a_lost_time_counts_from_acceptance", -kHour.time_since_epoch(), 4s,
                                4s}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace imece::analytics
