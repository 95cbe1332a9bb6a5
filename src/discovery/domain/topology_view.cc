// What the topology looks like: snapshots, components, suggestions.
#include <algorithm>
#include <numeric>

#include "discovery/domain/topology.h"

namespace imece::discovery {
namespace {

/// Disjoint sets over 0..n-1 whose root is the smallest member.
class Sets {
public:
    explicit Sets(std::size_t size) : parent_(size) {
        std::iota(parent_.begin(), parent_.end(), std::uint32_t{0});
    }
    std::uint32_t root(std::uint32_t at) {
        while (parent_[at] != at) at = parent_[at] = parent_[parent_[at]];
        return at;
    }
    void unite(std::uint32_t a, std::uint32_t b) {
        a = root(a);
        b = root(b);
        parent_[std::max(a, b)] = std::min(a, b);
    }

private:
    std::vector<std::uint32_t> parent_;
};

bool better(const PeerScore& a, const PeerScore& b) {
    return a.total != b.total ? a.total > b.total : a.node < b.node;
}

std::optional<double> mean(std::int64_t sum, std::uint32_t count) {
    if (count == 0) return std::nullopt;
    return double(sum) / count;
}

}  // namespace

void Topology::number_components() {
    if (components_valid_) return;
    std::vector<Node*> members;  // In the order of their ids.
    for (auto& [id, node] : nodes_) {
        if (!node.reachable()) continue;
        node.component = static_cast<std::uint32_t>(members.size());
        members.push_back(&node);
    }
    Sets sets(members.size());
    for (const auto& [key, link] : links_) sets.unite(link.a->component, link.b->component);

    std::vector<Component> by_root(members.size());
    std::vector<std::uint32_t> roots;
    for (std::uint32_t i = 0; i < members.size(); ++i) {
        const std::uint32_t root = sets.root(i);
        if (root == i) roots.push_back(i);
        by_root[root].nodes += 1;
        by_root[root].has_uplink |= members[i]->has_uplink();
    }
    std::ranges::sort(roots, [&](std::uint32_t a, std::uint32_t b) {
        return by_root[a].nodes != by_root[b].nodes ? by_root[a].nodes > by_root[b].nodes : a < b;
    });
    components_.clear();
    std::vector<std::uint32_t> number(members.size());
    for (const std::uint32_t root : roots) {
        number[root] = static_cast<std::uint32_t>(components_.size());
        components_.push_back(by_root[root]);
    }
    for (std::uint32_t i = 0; i < members.size(); ++i) members[i]->component = number[sets.root(i)];
    components_valid_ = true;
}

NodeView Topology::view_of(const Node& node) const {
    return {.node = node.id,
            .state = node.state,
            .last_heard_at = node.heard_at,
            .state_since = node.state_since,
            .battery_percent = node.battery_percent,
            .has_uplink = node.has_uplink(),
            .position = node.position,
            .component =
                node.reachable() ? node.component : static_cast<std::uint32_t>(components_.size()),
            .links = node.sums.links};
}

std::optional<NodeView> Topology::find(const NodeId& node) {
    const auto at = nodes_.find(node);
    if (at == nodes_.end()) return std::nullopt;
    number_components();
    return view_of(at->second);
}

std::vector<NodeView> Topology::list(const NodeId& after, std::size_t max) {
    number_components();
    std::vector<NodeView> out;
    for (auto at = nodes_.upper_bound(after); at != nodes_.end() && out.size() < max; ++at)
        out.push_back(view_of(at->second));
    return out;
}

Snapshot Topology::snapshot() {
    number_components();
    Snapshot out;
    out.version = version_;
    out.nodes.reserve(nodes_.size());
    out.links.reserve(links_.size());
    for (const auto& [id, node] : nodes_) out.nodes.push_back(view_of(node));
    for (const auto& [key, link] : links_) out.links.push_back({key.first, key.second, link.value});
    out.components = components_;
    return out;
}

Result<std::vector<PeerScore>> Topology::suggest(const NodeId& node, std::size_t max, TimePoint now,
                                                 bool exact_places) const {
    const auto self = nodes_.find(node);
    if (self == nodes_.end())
        return fail(ErrorCode::kNotFound, "NODE_UNKNOWN", "no node of this id was heard of");
    std::vector<PeerScore> best;  // A heap with the worst of them on top.
    for (const auto& [id, candidate] : nodes_) {
        if (id == node || candidate.state != NodeState::kAlive) continue;
        LinkSums sums = candidate.sums;
        if (const auto link = links_.find(std::minmax(node, id)); link != links_.end()) {
            sums = {};
            sums.add(link->second.value, 1);
        }
        PeerFacts facts;
        facts.latency_ms = mean(sums.latency_ms, sums.latencies);
        facts.bandwidth_kbps = mean(sums.bandwidth_kbps, sums.bandwidths);
        if (const auto ppm = mean(sums.quality_ppm, sums.links)) facts.quality = *ppm / 1e6;
        facts.alive_share = candidate.alive_share(now);
        if (self->second.position && candidate.position)
            facts.distance_km =
                exact_places
                    ? distance_km(*self->second.position, *candidate.position)
                    : distance_km(blurred(*self->second.position), blurred(*candidate.position));

        best.push_back(score(id, facts));
        std::ranges::push_heap(best, better);
        if (best.size() <= max) continue;
        std::ranges::pop_heap(best, better);
        best.pop_back();
    }
    std::ranges::sort_heap(best, better);
    return best;
}

Topology::Counts Topology::counts() {
    number_components();
    Counts out;
    out.links = links_.size();
    out.components = components_.size();
    for (const auto& [id, node] : nodes_) {
        switch (node.state) {
            case NodeState::kAlive: ++out.alive; break;
            case NodeState::kSuspect: ++out.suspect; break;
            case NodeState::kDead: ++out.dead; break;
            case NodeState::kAsleep: ++out.asleep; break;
        }
    }
    return out;
}

}  // namespace imece::discovery
