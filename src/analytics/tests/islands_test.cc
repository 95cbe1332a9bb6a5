// Islands: what reaches what, and what keeps its name.
#include <gtest/gtest.h>

#include "analytics/tests/samples.h"
#include "base/random.h"

namespace imece::analytics {
namespace {

using namespace std::chrono_literals;
using samples::kHour;
using samples::node;
using Component = std::vector<DeviceId>;

std::string name(std::uint32_t n) {
    return to_text(node(n));
}
Component component(std::initializer_list<std::uint32_t> nodes) {
    Component out;
    for (const std::uint32_t n : nodes) out.push_back(node(n));
    return out;
}
TopologyChange alive(std::initializer_list<std::uint32_t> nodes, bool full = false) {
    TopologyChange change{.at = {}, .full = full, .nodes = {}, .links = {}};
    for (const std::uint32_t n : nodes)
        change.nodes.push_back({.id = node(n), .state = NodeState::kAlive, .has_uplink = n == 1});
    return change;
}
TopologyChange link(std::uint32_t a, std::uint32_t b, bool up) {
    return {.at = {}, .nodes = {}, .links = {{node(a), node(b), up}}};
}
TopologyChange state(std::uint32_t n, NodeState state) {
    return {.at = {}, .nodes = {{.id = node(n), .state = state}}, .links = {}};
}

TEST(Network, falls_into_what_reaches_each_other) {
    Network network;
    network.apply(alive({1, 2, 3, 4, 5}, true));
    for (const auto& [a, b] : {std::pair{1, 2}, {2, 3}, {4, 5}})
        network.apply(link(std::uint32_t(a), std::uint32_t(b), true));
    EXPECT_EQ(network.components(), (std::vector{component({1, 2, 3}), component({4, 5})}));
    EXPECT_TRUE(network.has_uplink(node(1)));
    EXPECT_FALSE(network.has_uplink(node(2)));
    network.apply(state(2, NodeState::kSuspect));  // Still there.
    EXPECT_EQ(network.components().size(), 2u);
    network.apply(state(2, NodeState::kDead));
    EXPECT_EQ(network.components(),
              (std::vector{component({1}), component({3}), component({4, 5})}));
    network.apply(state(2, NodeState::kAlive));  // Its links were never said to be gone.
    network.apply(link(3, 4, true));
    EXPECT_EQ(network.components().size(), 1u);
    network.apply(link(4, 3, false));  // A link has no direction.
    EXPECT_EQ(network.components().size(), 2u);
    network.apply(state(4, NodeState::kAsleep));
    EXPECT_EQ(network.counts(), (Network::Counts{.alive = 4, .asleep = 1}));
    network.apply(state(5, NodeState::kGone));
    EXPECT_EQ(network.counts(), (Network::Counts{.alive = 3, .asleep = 1}));
    network.apply(alive({7}, true));
    EXPECT_EQ(network.components(), std::vector<Component>{component({7})});
}

/// Steps of a history, a minute each; the islands after the last one.
Islands after(const std::vector<std::vector<Component>>& steps) {
    Islands islands;
    TimePoint at = kHour;
    for (const auto& components : steps) {
        islands = islands.next(components, at);
        at += 1min;
    }
    return islands;
}

struct NameCase {
    const char* test;
    std::vector<std::vector<Component>> steps;
    std::map<std::string, TimePoint> since;
};
class Names : public testing::TestWithParam<NameCase> {};
TEST_P(Names, stay_with_the_largest_part) {
    EXPECT_EQ(after(GetParam().steps).since, GetParam().since);
}
INSTANTIATE_TEST_SUITE_P(
    table, Names,
    testing::Values(
        NameCase{"the_least_node_names_it",
                 {{component({3, 4}), component({5})}},
                 {{name(3), kHour}, {name(5), kHour}}},
        NameCase{"nothing_happens", {{component({1, 2})}, {component({1, 2})}}, {{name(1), kHour}}},
        NameCase{"a_node_comes_that_is_less",
                 {{component({2, 3})}, {component({1, 2, 3})}},
                 {{name(2), kHour}}},
        NameCase{"a_small_part_breaks_off",
                 {{component({1, 2, 3, 4, 5})}, {component({1, 2, 3}), component({4, 5})}},
                 {{name(1), kHour}, {name(4), kHour + 1min}}},
        NameCase{"the_part_with_the_naming_node_is_the_small_one",
                 {{component({1, 2, 3})}, {component({1}), component({2, 3})}},
                 {{name(1), kHour}, {name(1) + "-2", kHour + 1min}}},
        NameCase{"two_merge_and_the_larger_names_it",
                 {{component({1, 2}), component({3, 4, 5})}, {component({1, 2, 3, 4, 5})}},
                 {{name(3), kHour}}},
        NameCase{"of_equals_the_older_names_it",
                 {{component({5, 6})},
                  {component({1, 2}), component({5, 6})},
                  {component({1, 2, 5, 6})}},
                 {{name(5), kHour}}},
        NameCase{"they_part_again",
                 {{component({1, 2}), component({3, 4, 5})},
                  {component({1, 2, 3, 4, 5})},
                  {component({1, 2}), component({3, 4, 5})}},
                 {{name(3), kHour}, {name(1), kHour + 2min}}},
        NameCase{"all_die_and_return",
                 {{component({1})}, {}, {component({1})}},
                 {{name(1), kHour + 2min}}}),
    [](const auto& test) { return test.param.test; });

TEST(Network, says_when_it_may_have_fallen_apart) {
    Network network;
    const auto link = [&network](std::uint32_t a, std::uint32_t b, bool up) {
        return network.apply({.nodes = {}, .links = {{node(a), node(b), up}}});
    };
    EXPECT_TRUE(network.apply({.full = true,
                               .nodes = {{.id = node(1), .state = NodeState::kAlive},
                                         {.id = node(2), .state = NodeState::kAlive},
                                         {.id = node(3), .state = NodeState::kAlive}},
                               .links = {}}));
    EXPECT_TRUE(link(1, 2, true));
    EXPECT_TRUE(link(2, 3, true));
    EXPECT_FALSE(link(1, 3, true));  // They reached each other by 2.
    EXPECT_FALSE(link(1, 2, false));
    EXPECT_TRUE(link(2, 3, false));
    EXPECT_FALSE(
        network.apply({.nodes = {{.id = node(2), .state = NodeState::kSuspect}}, .links = {}}));
    EXPECT_TRUE(
        network.apply({.nodes = {{.id = node(2), .state = NodeState::kDead}}, .links = {}}));
    EXPECT_FALSE(link(2, 3, true));  // The dead pass nothing on.
}

TEST(Islands, a_change_leads_from_one_state_to_the_next) {
    for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SeededRandom random(seed);
        Network network;
        Islands islands, kept;
        int quiet = 0;
        for (int step = 0; step < 200; ++step) {
            TopologyChange change{.at = kHour + step * 1min, .nodes = {}, .links = {}};
            const auto a = std::uint32_t(random.below(12)), b = std::uint32_t(random.below(12));
            change.nodes.push_back({.id = node(a), .state = NodeState(random.below(5))});
            if (a != b) change.links.push_back({node(a), node(b), random.below(3) > 0});
            const auto before = network.components();
            const bool parted = network.apply(change);
            const auto components = network.components();
            EXPECT_TRUE(parted || components == before);
            quiet += !parted;
            const Islands next = islands.next(components, change.at);
            EXPECT_EQ(next.since.size(), components.size());
            for (const Component& one : components)
                for (const DeviceId& member : one)
                    EXPECT_EQ(next.home.at(member), next.home.at(one.front()));
            // As a store would: now and then several steps at once.
            islands = next;
            if (random.below(3) > 0) {
                IslandsChange::between(kept, islands).apply_to(kept);
                EXPECT_EQ(kept, islands);
            }
        }
        EXPECT_GT(quiet, 20);  // Or nothing was spared.
    }
}

}  // namespace
}  // namespace imece::analytics
