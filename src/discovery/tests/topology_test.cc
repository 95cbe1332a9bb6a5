#include "discovery/domain/topology.h"

#include <gtest/gtest.h>

#include "discovery/tests/build.h"

namespace imece::discovery {
namespace {

class TopologyTest : public testing::Test {
protected:
    void report(const Report& report, TimePoint now) {
        const Status got = topology_.report(report, now, now);
        ASSERT_TRUE(got) << got.error().message;
    }
    NodeState state(std::uint32_t number) {
        const auto found = topology_.find(node(number));
        EXPECT_TRUE(found);
        return found ? found->state : NodeState{};
    }
    Topology topology_{Timing{}, TopologyLimits{}};
};

// One node reports at 0 s; what is it at a later time?
struct StateCase {
    const char* name;
    std::optional<Duration> sleep;
    Duration at;
    std::optional<NodeState> state;  // Empty: forgotten.
    Duration since;
};
class States : public testing::TestWithParam<StateCase> {};

TEST_P(States, follow_time) {
    // Told of each step, and only once at the end: the answer is the same.
    for (const bool in_steps : {true, false}) {
        Topology topology(Timing{}, TopologyLimits{});
        Report report = report_of(1, 1);
        if (GetParam().sleep) report.asleep_until = kStart + *GetParam().sleep;
        ASSERT_TRUE(topology.report(report, kStart, kStart));
        const TimePoint end = kStart + GetParam().at;
        if (in_steps) {
            for (auto due = topology.deadline(); due && *due <= end; due = topology.deadline())
                topology.tick(*due);
        }
        topology.tick(end);
        const auto found = topology.find(node(1));
        ASSERT_EQ(found.has_value(), GetParam().state.has_value());
        if (!found) {
            EXPECT_FALSE(topology.deadline());
            EXPECT_EQ(topology.take_forgotten(), std::vector{node(1)});
            continue;
        }
        EXPECT_EQ(found->state, GetParam().state);
        if (in_steps) EXPECT_EQ(found->state_since, kStart + GetParam().since);
        EXPECT_EQ(found->last_heard_at, kStart);
        EXPECT_GT(topology.deadline(), end);
    }
}

INSTANTIATE_TEST_SUITE_P(
    table, States,
    testing::Values(StateCase{"at_once", {}, 0s, NodeState::kAlive, 0s},
                    StateCase{"just_before_60_s", {}, 59'999ms, NodeState::kAlive, 0s},
                    StateCase{"at_60_s", {}, 60s, NodeState::kSuspect, 60s},
                    StateCase{"just_before_90_s", {}, 89'999ms, NodeState::kSuspect, 60s},
                    StateCase{"at_90_s", {}, 90s, NodeState::kDead, 90s},
                    StateCase{"days_later", {}, 29 * 24h, NodeState::kDead, 90s},
                    StateCase{"a_month_later", {}, 30 * 24h + 90s, std::nullopt, 0s},
                    StateCase{"asleep", 2h, 0s, NodeState::kAsleep, 0s},
                    StateCase{"still_asleep", 2h, 2h - 1ms, NodeState::kAsleep, 0s},
                    StateCase{"overslept", 2h, 2h, NodeState::kSuspect, 2h},
                    StateCase{"overslept_for_89_s", 2h, 2h + 89'999ms, NodeState::kSuspect, 2h},
                    StateCase{"overslept_for_90_s", 2h, 2h + 90s, NodeState::kDead, 2h + 90s},
                    StateCase{"a_sleep_in_the_past_is_none", -1s, 59'999ms, NodeState::kAlive, 0s}),
    [](const auto& test) { return test.param.name; });

TEST_F(TopologyTest, a_report_brings_a_dead_node_back) {
    report(report_of(1, 1), kStart);
    topology_.tick(kStart + 90s);
    ASSERT_EQ(state(1), NodeState::kDead);
    report(report_of(1, 2), kStart + 91s);
    EXPECT_EQ(state(1), NodeState::kAlive);
    EXPECT_EQ(topology_.deadline(), kStart + 91s + 60s);
}

TEST_F(TopologyTest, heartbeats_keep_a_node_alive) {
    for (int i = 0; i < 100; ++i) {
        report(report_of(1, 1 + static_cast<std::uint64_t>(i)), kStart + 30s * i);
        topology_.tick(kStart + 30s * i + 29s);
        ASSERT_EQ(state(1), NodeState::kAlive);
    }
    EXPECT_EQ(topology_.find(node(1))->state_since, kStart);
}

TEST_F(TopologyTest, the_sequence_must_grow) {
    report(report_of(1, 5), kStart);
    for (const std::uint64_t sequence : {std::uint64_t{5}, std::uint64_t{4}}) {
        const Status got = topology_.report(report_of(1, sequence), kStart + 1s, kStart + 1s);
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().reason, "REPORT_STALE");
    }
    EXPECT_EQ(topology_.find(node(1))->last_heard_at, kStart);
}

TEST_F(TopologyTest, a_carried_report_counts_from_when_it_was_made) {
    ASSERT_TRUE(topology_.report(report_of(1, 1), kStart - 70s, kStart));
    EXPECT_EQ(state(1), NodeState::kSuspect);
    ASSERT_TRUE(topology_.report(report_of(2, 1), kStart - 1h, kStart));
    EXPECT_EQ(state(2), NodeState::kDead);
    const Status got = topology_.report(report_of(3, 1), kStart - 31 * 24h, kStart);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().reason, "REPORT_STALE");
}

TEST_F(TopologyTest, a_clock_that_is_behind_takes_nothing_back) {
    report(report_of(1, 1), kStart);
    ASSERT_TRUE(topology_.report(report_of(1, 2), kStart - 80s, kStart + 5s));
    EXPECT_EQ(topology_.find(node(1))->last_heard_at, kStart);
    EXPECT_EQ(state(1), NodeState::kAlive);
}

TEST_F(TopologyTest, is_suspect_at_once_when_its_last_neighbour_stops_hearing_it) {
    report(report_of(9, 1), kStart);
    report(report_of(1, 1, {hears(9)}), kStart + 1s);
    report(report_of(2, 1, {hears(9)}), kStart + 1s);
    report(report_of(1, 2), kStart + 10s);
    EXPECT_EQ(state(9), NodeState::kAlive);  // Node 2 still hears it.
    report(report_of(2, 2), kStart + 11s);
    EXPECT_EQ(state(9), NodeState::kSuspect);
    EXPECT_EQ(topology_.find(node(9))->state_since, kStart + 11s);
    topology_.tick(kStart + 89s);
    EXPECT_EQ(state(9), NodeState::kSuspect);
    topology_.tick(kStart + 90s);
    EXPECT_EQ(state(9), NodeState::kDead);
}

TEST_F(TopologyTest, a_quality_of_zero_is_not_hearing) {
    report(report_of(9, 1), kStart);
    report(report_of(1, 1, {hears(9)}), kStart + 1s);
    report(report_of(1, 2, {hears(9, 0)}), kStart + 2s);
    EXPECT_EQ(state(9), NodeState::kSuspect);
}

TEST_F(TopologyTest, a_neighbour_that_is_not_alive_is_no_witness) {
    report(report_of(2, 1, {hears(9)}), kStart);  // Says no more: suspect at 60 s.
    report(report_of(9, 1), kStart + 40s);
    report(report_of(1, 1, {hears(9)}), kStart + 41s);
    topology_.tick(kStart + 65s);
    report(report_of(1, 2), kStart + 66s);
    EXPECT_EQ(state(9), NodeState::kSuspect);
}

TEST_F(TopologyTest, a_report_newer_than_the_neighbours_keeps_it_alive) {
    report(report_of(1, 1, {hears(9)}), kStart);
    report(report_of(9, 1), kStart + 20s);
    ASSERT_TRUE(topology_.report(report_of(1, 2), kStart + 10s, kStart + 21s));  // Carried, older.
    EXPECT_EQ(state(9), NodeState::kAlive);
}

TEST_F(TopologyTest, the_silence_ends_when_it_or_a_neighbour_is_heard_again) {
    for (const bool by_itself : {true, false}) {
        Topology topology(Timing{}, TopologyLimits{});
        const auto take = [&](const Report& report, TimePoint now) {
            ASSERT_TRUE(topology.report(report, now, now));
        };
        take(report_of(9, 1), kStart);
        take(report_of(1, 1, {hears(9)}), kStart + 1s);
        take(report_of(1, 2), kStart + 2s);
        ASSERT_EQ(topology.find(node(9))->state, NodeState::kSuspect);
        if (by_itself)
            take(report_of(9, 2), kStart + 3s);
        else
            take(report_of(1, 3, {hears(9)}), kStart + 3s);
        EXPECT_EQ(topology.find(node(9))->state, NodeState::kAlive);
    }
}

TEST_F(TopologyTest, the_limits_hold_and_a_refused_report_changes_nothing) {
    Topology topology(Timing{}, {.nodes_max = 2, .claims_max = 3});
    const auto reason = [&](const Report& report) -> std::string_view {
        const Status got = topology.report(report, kStart, kStart);
        return got ? "" : got.error().reason;
    };
    EXPECT_EQ(reason(report_of(1, 1, {hears(2), hears(3)})), "");
    EXPECT_EQ(reason(report_of(2, 1, {hears(1), hears(3)})), "TOPOLOGY_FULL");
    EXPECT_FALSE(topology.find(node(2)));
    EXPECT_EQ(reason(report_of(2, 1, {hears(1)})), "");
    EXPECT_EQ(reason(report_of(3, 1)), "TOPOLOGY_FULL");
    EXPECT_EQ(reason(report_of(1, 2, {hears(2), hears(3), hears(4)})), "TOPOLOGY_FULL");
    EXPECT_EQ(reason(report_of(1, 2, {hears(4), hears(5)})), "");
    EXPECT_EQ(reason(report_of(2, 2, {hears(1, 0), hears(3, 0)})), "");
    EXPECT_EQ(reason(report_of(1, 3, {hears(2), hears(3), hears(4)})), "");
}

TEST_F(TopologyTest, what_is_forgotten_is_gone) {
    report(report_of(1, 1, {hears(2)}), kStart);
    report(report_of(2, 1, {hears(1)}), kStart);
    (void)topology_.take_full();
    topology_.forget(node(1));
    EXPECT_FALSE(topology_.find(node(1)));
    const Delta delta = topology_.take_delta();
    EXPECT_EQ(delta.nodes, (std::vector{NodeChange{node(1), std::nullopt, false}}));
    EXPECT_EQ(delta.links, (std::vector{LinkChange{node(1), node(2), {}}}));
    EXPECT_EQ(topology_.find(node(2))->links, 0u);
    // Its return finds the claim that node 2 still makes.
    report(report_of(1, 1, {hears(2)}), kStart + 1s);
    EXPECT_EQ(topology_.find(node(2))->links, 1u);
}

TEST_F(TopologyTest, deltas_hold_what_changed_and_nothing_else) {
    Report first = report_of(1, 1, {hears(2, 0.5)});
    first.has_uplink = true;
    report(first, kStart);
    report(report_of(2, 1), kStart);
    const Delta full = topology_.take_full();
    EXPECT_EQ(full.version, 1u);
    EXPECT_EQ(full.base_version, 0u);
    EXPECT_EQ(full.nodes, (std::vector{NodeChange{node(1), NodeState::kAlive, true},
                                       NodeChange{node(2), NodeState::kAlive, false}}));
    EXPECT_EQ(full.links, (std::vector{LinkChange{node(1), node(2), {0.5, 0, 0}}}));

    first.sequence = 2;
    report(first, kStart + 30s);  // A heartbeat without news.
    EXPECT_EQ(topology_.take_delta().version, 0u);
    EXPECT_EQ(topology_.version(), 1u);

    first.sequence = 3;
    first.has_uplink = false;
    report(first, kStart + 31s);
    const Delta delta = topology_.take_delta();
    EXPECT_EQ(delta.version, 2u);
    EXPECT_EQ(delta.base_version, 1u);
    EXPECT_EQ(delta.nodes, (std::vector{NodeChange{node(1), NodeState::kAlive, false}}));
    EXPECT_TRUE(delta.links.empty());
    EXPECT_FALSE(topology_.changed());
}

TEST_F(TopologyTest, what_came_and_went_between_two_deltas_is_not_told) {
    report(report_of(1, 1), kStart);
    report(report_of(2, 1), kStart);
    (void)topology_.take_full();
    report(report_of(1, 2, {hears(2)}), kStart + 1s);
    report(report_of(1, 3), kStart + 2s);
    report(report_of(2, 2), kStart + 3s);
    EXPECT_TRUE(topology_.changed());
    EXPECT_EQ(topology_.take_delta().version, 0u);
}

TEST_F(TopologyTest, versions_go_on_after_a_restart) {
    topology_.continue_from(41);
    EXPECT_EQ(topology_.take_full().version, 42u);
}

TEST_F(TopologyTest, lists_by_id_in_pages) {
    for (const std::uint32_t i : {5u, 3u, 9u, 1u}) report(report_of(i, 1), kStart);
    const auto first = topology_.list({}, 3);
    ASSERT_EQ(first.size(), 3u);
    EXPECT_EQ(first[2].node, node(5));
    const auto rest = topology_.list(first.back().node, 3);
    ASSERT_EQ(rest.size(), 1u);
    EXPECT_EQ(rest[0].node, node(9));
}

}  // namespace
}  // namespace imece::discovery
