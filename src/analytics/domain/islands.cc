#include "analytics/domain/islands.h"

#include <algorithm>
#include <tuple>

namespace imece::analytics {
namespace {

/// How many nodes of a former island are in a component.
struct Overlap {
    std::uint32_t nodes;
    TimePoint since;
    std::string name;
    std::size_t component;
    /// The largest first; of equals the oldest island, then the order of names and components.
    bool operator<(const Overlap& other) const {
        return std::tie(other.nodes, since, name, component) <
               std::tie(nodes, other.since, other.name, other.component);
    }
};

std::string free_name(const DeviceId& least, const std::map<std::string, TimePoint>& taken) {
    std::string name = to_text(least);
    for (int number = 2; taken.contains(name); ++number)
        name = to_text(least) + "-" + std::to_string(number);
    return name;
}

}  // namespace

bool Network::apply(const TopologyChange& change) {
    bool parted = change.full;
    if (change.full) nodes_.clear();
    for (const TopologyChange::Node& node : change.nodes) {
        Vertex& vertex = nodes_[node.id];
        const bool passed = vertex.passes();
        vertex.state = node.state;
        vertex.has_uplink = node.has_uplink;
        parted = parted || vertex.passes() != passed;
        drop_if_bare(node.id);
    }
    for (const TopologyChange::Link& link : change.links) {
        const bool matters = !parted && passes(link.a) && passes(link.b);
        parted = parted || (matters && link.up && !reaches(link.a, link.b));
        set_link(link.a, link.b, link.up);
        set_link(link.b, link.a, link.up);
        parted = parted || (matters && !link.up && !reaches(link.a, link.b));
    }
    return parted;
}

bool Network::passes(const DeviceId& node) const {
    const auto found = nodes_.find(node);
    return found != nodes_.end() && found->second.passes();
}

bool Network::reaches(const DeviceId& from, const DeviceId& to) const {
    std::vector<DeviceId> found{from};
    std::set<DeviceId> seen{from};
    for (std::size_t i = 0; i < found.size(); ++i) {
        const std::set<DeviceId>& links = nodes_.at(found[i]).links;
        if (links.contains(to)) return true;
        for (const DeviceId& next : links)
            if (passes(next) && seen.insert(next).second) found.push_back(next);
    }
    return false;
}

void Network::set_link(const DeviceId& from, const DeviceId& to, bool up) {
    if (up) {
        nodes_[from].links.insert(to);
        return;
    }
    const auto found = nodes_.find(from);
    if (found == nodes_.end()) return;
    found->second.links.erase(to);
    drop_if_bare(from);
}

void Network::drop_if_bare(const DeviceId& node) {
    const auto found = nodes_.find(node);
    if (found->second.state == NodeState::kGone && found->second.links.empty()) nodes_.erase(found);
}

Network::Counts Network::counts() const {
    Counts counts;
    for (const auto& [id, vertex] : nodes_) {
        counts.alive += vertex.state == NodeState::kAlive;
        counts.suspect += vertex.state == NodeState::kSuspect;
        counts.dead += vertex.state == NodeState::kDead;
        counts.asleep += vertex.state == NodeState::kAsleep;
    }
    return counts;
}

std::vector<std::vector<DeviceId>> Network::components() const {
    std::vector<std::vector<DeviceId>> components;
    std::set<DeviceId> seen;
    for (const auto& [id, vertex] : nodes_) {
        if (!vertex.passes() || !seen.insert(id).second) continue;
        std::vector<DeviceId>& component = components.emplace_back(1, id);
        for (std::size_t i = 0; i < component.size(); ++i)
            for (const DeviceId& next : nodes_.at(component[i]).links)
                if (const auto found = nodes_.find(next);
                    found != nodes_.end() && found->second.passes() && seen.insert(next).second)
                    component.push_back(next);
        std::ranges::sort(component);
    }
    return components;
}

bool Network::has_uplink(const DeviceId& node) const {
    const auto found = nodes_.find(node);
    return found != nodes_.end() && found->second.has_uplink;
}

Islands Islands::next(const std::vector<std::vector<DeviceId>>& components, TimePoint at) const {
    std::vector<Overlap> overlaps;
    for (std::size_t i = 0; i < components.size(); ++i) {
        std::map<std::string, std::uint32_t> shared;
        for (const DeviceId& node : components[i])
            if (const auto found = home.find(node); found != home.end()) ++shared[found->second];
        for (const auto& [name, nodes] : shared)
            overlaps.push_back({nodes, since.at(name), name, i});
    }
    std::ranges::sort(overlaps, std::less<>());

    Islands next;
    std::vector<std::string> names(components.size());
    for (const Overlap& overlap : overlaps) {
        if (!names[overlap.component].empty() || next.since.contains(overlap.name)) continue;
        names[overlap.component] = overlap.name;
        next.since[overlap.name] = overlap.since;
    }
    for (std::size_t i = 0; i < components.size(); ++i) {
        if (names[i].empty()) {
            names[i] = free_name(components[i].front(), next.since);
            next.since[names[i]] = at;
        }
        for (const DeviceId& node : components[i]) next.home[node] = names[i];
    }
    return next;
}

IslandsChange IslandsChange::between(const Islands& before, const Islands& after) {
    IslandsChange change;
    for (const auto& [name, since] : after.since) {
        const auto found = before.since.find(name);
        if (found == before.since.end() || found->second != since) change.begun[name] = since;
    }
    for (const auto& [name, since] : before.since)
        if (!after.since.contains(name)) change.ended.push_back(name);
    for (const auto& [node, name] : after.home) {
        const auto found = before.home.find(node);
        if (found == before.home.end() || found->second != name) change.moved[node] = name;
    }
    for (const auto& [node, name] : before.home)
        if (!after.home.contains(node)) change.left.push_back(node);
    return change;
}

void IslandsChange::apply_to(Islands& islands) const {
    for (const auto& [name, since] : begun) islands.since[name] = since;
    for (const std::string& name : ended) islands.since.erase(name);
    for (const auto& [node, name] : moved) islands.home[node] = name;
    for (const DeviceId& node : left) islands.home.erase(node);
}

}  // namespace imece::analytics
