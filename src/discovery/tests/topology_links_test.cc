// How two ends' words become one link, and links become components.
#include <gtest/gtest.h>

#include "discovery/domain/topology.h"
#include "discovery/tests/build.h"

namespace imece::discovery {
namespace {

struct Step {
    std::uint32_t who;
    int second;
    std::vector<Neighbour> hears;
};
struct LinkCase {
    const char* name;
    std::vector<Step> steps;
    LinkValue link;  // Between nodes 1 and 2; quality 0: none.
};
class Links : public testing::TestWithParam<LinkCase> {};

TEST_P(Links, are_merged) {
    Topology topology(Timing{}, TopologyLimits{});
    std::uint64_t sequence = 0;
    for (const Step& step : GetParam().steps) {
        const TimePoint now = kStart + std::chrono::seconds(step.second);
        topology.tick(now);
        ASSERT_TRUE(topology.report(report_of(step.who, ++sequence, step.hears), now, now));
    }
    const Snapshot snapshot = topology.snapshot();
    LinkValue got;
    for (const LinkChange& link : snapshot.links)
        if (link.a == node(1) && link.b == node(2)) got = link.value;
    EXPECT_EQ(got.quality, GetParam().link.quality);
    EXPECT_EQ(got.latency_ms, GetParam().link.latency_ms);
    EXPECT_EQ(got.bandwidth_kbps, GetParam().link.bandwidth_kbps);
    for (const NodeView& view : snapshot.nodes) EXPECT_EQ(view.links, got.quality > 0 ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(
    table, Links,
    testing::Values(
        LinkCase{"the_worse_of_both",
                 {{1, 0, {hears(2, 0.9, 10, 500)}}, {2, 0, {hears(1, 0.7, 30, 900)}}},
                 {0.7, 30, 500}},
        LinkCase{"measured_by_one_only",
                 {{1, 0, {hears(2, 0.9, 10, 0)}}, {2, 0, {hears(1, 1, 0, 900)}}},
                 {0.9, 10, 900}},
        LinkCase{"to_a_stranger", {{1, 0, {hears(2)}}}, {}},
        LinkCase{"one_end_is_enough_until_the_other_reports",
                 {{2, 0, {}}, {1, 5, {hears(2, 0.9)}}},
                 {0.9, 0, 0}},
        LinkCase{"the_other_end_contradicts", {{2, 0, {}}, {1, 5, {hears(2)}}, {2, 6, {}}}, {}},
        LinkCase{"the_other_end_confirms",
                 {{2, 0, {}}, {1, 5, {hears(2)}}, {2, 6, {hears(1, 0.4)}}},
                 {0.4, 0, 0}},
        LinkCase{"one_way_hearing_does_not_flap",
                 {{2, 0, {}}, {1, 5, {hears(2)}}, {2, 6, {}}, {1, 35, {hears(2)}}},
                 {}},
        LinkCase{"one_end_drops_it", {{1, 0, {hears(2)}}, {2, 0, {hears(1)}}, {1, 5, {}}}, {}},
        LinkCase{"dropped_stays_dropped_though_the_other_goes_on",
                 {{1, 0, {hears(2)}}, {2, 0, {hears(1)}}, {1, 5, {}}, {2, 30, {hears(1)}}},
                 {}},
        LinkCase{"dropped_by_quality_zero",
                 {{1, 0, {hears(2)}}, {2, 0, {hears(1)}}, {1, 5, {hears(2, 0)}}},
                 {}},
        LinkCase{"claimed_anew_after_both_dropped",
                 {{1, 0, {hears(2)}},
                  {2, 0, {hears(1)}},
                  {1, 5, {}},
                  {2, 6, {}},
                  {1, 7, {hears(2, 0.3)}}},
                 {0.3, 0, 0}},
        LinkCase{"a_suspect_keeps_its_links",
                 {{2, 0, {hears(1)}}, {1, 10, {hears(2)}}, {1, 65, {hears(2)}}},
                 {1, 0, 0}},
        LinkCase{"the_dead_have_none",
                 {{2, 0, {hears(1)}}, {1, 10, {hears(2)}}, {1, 91, {hears(2)}}},
                 {}},
        LinkCase{
            "the_returned_have_them_again",
            {{2, 0, {hears(1)}}, {1, 60, {hears(2)}}, {1, 91, {hears(2)}}, {2, 92, {hears(1)}}},
            {1, 0, 0}}),
    [](const auto& test) { return test.param.name; });

TEST(Components, count_from_the_largest_and_leave_out_the_dead_and_the_sleeping) {
    Topology topology(Timing{}, TopologyLimits{});
    const auto take = [&](Report report, TimePoint now) {
        ASSERT_TRUE(topology.report(report, now, now));
    };
    take(report_of(8, 1), kStart);  // Will be dead.
    const TimePoint now = kStart + 100s;
    topology.tick(now);
    take(report_of(1, 1), now);
    take(report_of(2, 1, {hears(3)}), now);
    take(report_of(3, 1, {hears(2)}), now);
    take(report_of(4, 1, {hears(5)}), now);
    Report uplink = report_of(5, 1, {hears(4)});
    uplink.has_uplink = true;
    take(uplink, now);
    take(report_of(6, 1, {hears(7), hears(9)}), now);
    take(report_of(7, 1, {hears(6)}), now);
    Report asleep = report_of(9, 1, {hears(6)});
    asleep.asleep_until = now + 1h;
    asleep.has_uplink = true;
    take(asleep, now);

    Snapshot snapshot = topology.snapshot();
    ASSERT_EQ(snapshot.components.size(), 4u);  // {2,3} {4,5} {6,7} {1}
    EXPECT_EQ(snapshot.components[0].nodes, 2u);
    EXPECT_FALSE(snapshot.components[0].has_uplink);
    EXPECT_TRUE(snapshot.components[1].has_uplink);
    EXPECT_FALSE(snapshot.components[2].has_uplink);
    EXPECT_EQ(snapshot.components[3].nodes, 1u);
    const std::vector<std::uint32_t> expected{3, 0, 0, 1, 1, 2, 2, 4, 4};
    for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(snapshot.nodes[i].component, expected[i]) << i;
    EXPECT_FALSE(snapshot.nodes[8].has_uplink);  // It sleeps.

    take(report_of(7, 2, {hears(1), hears(6)}), now + 1s);
    snapshot = topology.snapshot();
    ASSERT_EQ(snapshot.components.size(), 3u);
    EXPECT_EQ(snapshot.components[0].nodes, 3u);
    EXPECT_EQ(snapshot.nodes[0].component, 0u);
    EXPECT_EQ(snapshot.nodes[1].component, 1u);
}

TEST(Components, learn_of_an_uplink_that_comes_and_goes) {
    Topology topology(Timing{}, TopologyLimits{});
    Report report = report_of(1, 1);
    ASSERT_TRUE(topology.report(report, kStart, kStart));
    EXPECT_FALSE(topology.snapshot().components.at(0).has_uplink);
    report.sequence = 2;
    report.has_uplink = true;
    ASSERT_TRUE(topology.report(report, kStart, kStart));
    EXPECT_TRUE(topology.snapshot().components.at(0).has_uplink);
}

}  // namespace
}  // namespace imece::discovery
