// Random histories: the deltas lead to the snapshot, and a slow, obvious model agrees with both.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>

#include "base/random.h"
#include "discovery/domain/topology.h"
#include "discovery/tests/build.h"

namespace imece::discovery {
namespace {

constexpr std::uint32_t kNodes = 12;

/// What a consumer of the events knows.
struct Follower {
    std::uint64_t version = 0;
    std::map<NodeId, NodeChange> nodes;
    std::map<std::pair<NodeId, NodeId>, LinkValue> links;

    void apply(const Delta& delta) {
        if (delta.version == 0) return;
        if (delta.base_version == 0) {
            nodes.clear();
            links.clear();
        } else {
            ASSERT_EQ(delta.base_version, version);
        }
        version = delta.version;
        for (const NodeChange& change : delta.nodes) {
            if (change.state)
                nodes[change.node] = change;
            else
                ASSERT_EQ(nodes.erase(change.node), 1u);
        }
        for (const LinkChange& change : delta.links) {
            if (change.value.quality > 0)
                links[{change.a, change.b}] = change.value;
            else
                ASSERT_EQ((links.erase({change.a, change.b})), 1u);
        }
    }
};

/// Keeps every report ever taken and derives all from them anew.
class Model {
public:
    void take(const Report& report, TimePoint now) {
        history_[report.node].push_back({report, now});
    }
    void forget(const NodeId& node) { history_.erase(node); }

    bool knows(const NodeId& node) const { return history_.contains(node); }
    bool dead(const NodeId& node, TimePoint now) const {
        return now - history_.at(node).back().second >= 90s;
    }
    /// By the rule of the header, read literally.
    double quality(const NodeId& a, const NodeId& b, TimePoint now) const {
        if (!knows(a) || !knows(b) || dead(a, now) || dead(b, now)) return 0;
        const double by_a = claim(history_.at(a).back().first, b);
        const double by_b = claim(history_.at(b).back().first, a);
        if (by_a > 0 && by_b > 0) return std::min(by_a, by_b);
        if (by_a == 0 && by_b == 0) return 0;
        const auto& claimant = history_.at(by_a > 0 ? a : b);
        const NodeId& claimed = by_a > 0 ? b : a;
        TimePoint since;
        for (auto at = claimant.rbegin(); at != claimant.rend() && claim(at->first, claimed) > 0;
             ++at)
            since = at->second;
        return history_.at(claimed).back().second > since ? 0 : std::max(by_a, by_b);
    }

private:
    static double claim(const Report& report, const NodeId& of) {
        for (const Neighbour& heard : report.neighbours)
            if (heard.node == of) return heard.quality;
        return 0;
    }
    std::map<NodeId, std::vector<std::pair<Report, TimePoint>>> history_;
};

std::set<std::set<NodeId>> islands(const Follower& follower) {
    std::map<NodeId, std::set<NodeId>> reach;
    for (const auto& [id, change] : follower.nodes)
        if (change.state == NodeState::kAlive || change.state == NodeState::kSuspect)
            reach[id] = {id};
    for (std::uint32_t round = 0; round < kNodes; ++round) {
        for (const auto& [ends, value] : follower.links) {
            reach[ends.first].insert(reach[ends.second].begin(), reach[ends.second].end());
            reach[ends.second] = reach[ends.first];
        }
    }
    std::set<std::set<NodeId>> out;
    for (const auto& [id, all] : reach) {
        std::set<NodeId> closed;
        for (const auto& [other, theirs] : reach)
            if (theirs.contains(id) || all.contains(other)) closed.insert(other);
        out.insert(closed);
    }
    return out;
}

void agree(Topology& topology, const Follower& follower, const Model& model, TimePoint now) {
    const Snapshot snapshot = topology.snapshot();
    ASSERT_EQ(snapshot.version, follower.version);
    ASSERT_EQ(snapshot.nodes.size(), follower.nodes.size());
    std::map<std::uint32_t, std::set<NodeId>> by_number;
    for (const NodeView& view : snapshot.nodes) {
        const auto& change = follower.nodes.at(view.node);
        ASSERT_EQ(view.state, change.state);
        ASSERT_EQ(view.has_uplink, change.has_uplink);
        ASSERT_EQ(view.state == NodeState::kDead, model.dead(view.node, now));
        if (view.component < snapshot.components.size())
            by_number[view.component].insert(view.node);
    }
    ASSERT_EQ(snapshot.links.size(), follower.links.size());
    for (const LinkChange& link : snapshot.links)
        ASSERT_EQ(link.value, (follower.links.at({link.a, link.b})));
    for (std::uint32_t a = 1; a <= kNodes; ++a) {
        for (std::uint32_t b = a + 1; b <= kNodes; ++b) {
            const auto link = follower.links.find({node(a), node(b)});
            ASSERT_EQ(link == follower.links.end() ? 0 : link->second.quality,
                      model.quality(node(a), node(b), now))
                << a << '-' << b;
        }
    }
    std::set<std::set<NodeId>> numbered;
    for (const auto& [number, members] : by_number) {
        ASSERT_EQ(members.size(), snapshot.components.at(number).nodes);
        if (number > 0) ASSERT_LE(members.size(), snapshot.components.at(number - 1).nodes);
        numbered.insert(members);
    }
    ASSERT_EQ(numbered, islands(follower));
}

void run(std::uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed);
    Topology topology(Timing{}, TopologyLimits{});
    Model model;
    Follower follower;
    TimePoint now = kStart;
    std::uint64_t sequence = 0;
    follower.apply(topology.take_full());
    for (int step = 0; step < 150; ++step) {
        now += Duration(random.below(12'000));
        topology.tick(now);
        const std::uint32_t who = 1 + static_cast<std::uint32_t>(random.below(kNodes));
        if (random.below(40) == 0) {
            topology.forget(node(who));
            model.forget(node(who));
        } else {
            std::vector<Neighbour> heard;
            for (std::uint32_t other = 1; other <= kNodes; ++other)
                if (other != who && random.below(3) == 0)
                    heard.push_back(hears(other, double(random.below(4)) / 4,
                                          static_cast<std::uint32_t>(random.below(3))));
            Report report = report_of(who, ++sequence, heard, now);
            report.has_uplink = random.below(3) == 0;
            ASSERT_TRUE(topology.report(report, now, now));
            model.take(report, now);
        }
        if (random.below(3) != 0) continue;
        follower.apply(random.below(10) == 0 ? topology.take_full() : topology.take_delta());
        agree(topology, follower, model, now);
        if (testing::Test::HasFatalFailure()) return;
    }
}

TEST(TopologyProperty, deltas_lead_to_the_snapshot_and_the_model_agrees) {
    const auto base =
        static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    for (std::uint64_t seed = 1; seed <= 60; ++seed) run(seed);
    for (std::uint64_t i = 0; i < 60 && !HasFatalFailure(); ++i) run(base + i);
}

}  // namespace
}  // namespace imece::discovery
