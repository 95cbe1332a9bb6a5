#include "discovery/domain/peer_score.h"

#include <gtest/gtest.h>

#include "discovery/tests/build.h"

namespace imece::discovery {
namespace {

struct ScoreCase {
    const char* name;
    PeerFacts facts;
    double total;
};
class Score : public testing::TestWithParam<ScoreCase> {};

TEST_P(Score, adds_up) {
    EXPECT_NEAR(score(node(1), GetParam().facts).total, GetParam().total, 0.01);
}

INSTANTIATE_TEST_SUITE_P(table, Score,
                         testing::Values(ScoreCase{"nothing_known", {}, 0},
                                         ScoreCase{"perfect",
                                                   {.latency_ms = 0,
                                                    .bandwidth_kbps = 1e6,
                                                    .quality = 1,
                                                    .alive_share = 1,
                                                    .distance_km = 0},
                                                   100},
                                         ScoreCase{"latency_alone", {.latency_ms = 100}, 12.5},
                                         ScoreCase{"bandwidth_alone", {.bandwidth_kbps = 999}, 12},
                                         ScoreCase{
                                             "bandwidth_is_capped", {.bandwidth_kbps = 1e9}, 20},
                                         ScoreCase{"quality_alone", {.quality = 0.8}, 20},
                                         ScoreCase{"trust_alone", {.alive_share = 0.5}, 7.5},
                                         ScoreCase{"geography_alone", {.distance_km = 1}, 7.5}),
                         [](const auto& test) { return test.param.name; });

class Suggest : public testing::Test {
protected:
    void report(const Report& report, TimePoint now = kStart) {
        ASSERT_TRUE(topology_.report(report, now, now));
    }
    Topology topology_{Timing{}, TopologyLimits{}};
};

TEST_F(Suggest, equals_go_by_id_and_fifty_are_enough) {
    for (std::uint32_t i = 1; i <= 60; ++i) report(report_of(i, 1));
    const auto got = topology_.suggest(node(30), 50, kStart);
    ASSERT_TRUE(got);
    ASSERT_EQ(got->size(), 50u);
    EXPECT_EQ(got->front().node, node(1));
    EXPECT_EQ(got->at(28).node, node(29));
    EXPECT_EQ(got->at(29).node, node(31));  // Itself is left out.
    EXPECT_EQ(got->back().node, node(51));
}

TEST_F(Suggest, a_measured_link_counts_before_the_mean_of_others) {
    report(report_of(1, 1, {hears(2, 0.5, 100, 999)}));
    report(report_of(2, 1, {hears(1, 0.9, 50, 9999), hears(3, 1.0, 300)}));
    report(report_of(3, 1));
    const auto from_1 = topology_.suggest(node(1), 50, kStart);
    ASSERT_TRUE(from_1);
    ASSERT_EQ(from_1->size(), 2u);
    EXPECT_EQ(from_1->front().node, node(2));
    EXPECT_DOUBLE_EQ(from_1->front().latency, 0.5);
    EXPECT_DOUBLE_EQ(from_1->front().reliability, 0.5);
    EXPECT_NEAR(from_1->front().bandwidth, 0.6, 1e-9);
    EXPECT_DOUBLE_EQ(from_1->at(1).latency, 0.25);  // Node 3 by its link with node 2.
    EXPECT_DOUBLE_EQ(from_1->at(1).bandwidth, 0);   // Never measured.
}

TEST_F(Suggest, trust_is_the_share_of_time_alive_and_only_the_living_are_suggested) {
    report(report_of(1, 1));
    report(report_of(2, 1));
    topology_.tick(kStart + 60s);  // Both are suspect from here on.
    report(report_of(1, 2), kStart + 120s);
    EXPECT_TRUE(topology_.suggest(node(1), 50, kStart + 120s)->empty());
    report(report_of(2, 2), kStart + 120s);
    const auto got = topology_.suggest(node(1), 50, kStart + 120s);
    ASSERT_EQ(got->size(), 1u);
    EXPECT_DOUBLE_EQ(got->front().trust, 0.5);
}

TEST_F(Suggest, nearer_is_better) {
    Report self = report_of(1, 1);
    self.position = {37.58, 36.93};
    Report far = report_of(2, 1);
    far.position = {38.58, 36.93};
    Report near = report_of(3, 1);
    near.position = {37.581, 36.93};
    report(self);
    report(far);
    report(near);
    EXPECT_EQ(topology_.suggest(node(1), 50, kStart)->front().node, node(3));
}

TEST_F(Suggest, an_unknown_node_is_told_so) {
    const auto got = topology_.suggest(node(1), 50, kStart);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().reason, "NODE_UNKNOWN");
}

}  // namespace
}  // namespace imece::discovery
