#include "discovery/domain/topology.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/assert.h"

namespace imece::discovery {
namespace {

std::pair<NodeId, NodeId> key_of(const NodeId& one, const NodeId& other) {
    return one < other ? std::pair(one, other) : std::pair(other, one);
}

/// The lower bandwidth of those measured.
std::uint32_t lower_measured(std::uint32_t a, std::uint32_t b) {
    if (a == 0 || b == 0) return std::max(a, b);
    return std::min(a, b);
}

}  // namespace

void Topology::LinkSums::add(const LinkValue& value, int sign) {
    links += static_cast<std::uint32_t>(sign);
    quality_ppm += sign * std::llround(value.quality * 1e6);
    latency_ms += sign * std::int64_t{value.latency_ms};
    latencies += static_cast<std::uint32_t>(value.latency_ms > 0 ? sign : 0);
    bandwidth_kbps += sign * std::int64_t{value.bandwidth_kbps};
    bandwidths += static_cast<std::uint32_t>(value.bandwidth_kbps > 0 ? sign : 0);
}

const Topology::Claim* Topology::Node::claim_of(const NodeId& other) const {
    const auto at = std::ranges::lower_bound(claims, other, {}, &Claim::node);
    return at != claims.end() && at->node == other ? &*at : nullptr;
}

double Topology::Node::alive_share(TimePoint now) const {
    const Duration known = now - first_heard_at;
    if (known <= Duration::zero()) return 1;
    const bool present = state == NodeState::kAlive || state == NodeState::kAsleep;
    const Duration alive = alive_before + (present ? now - state_since : Duration::zero());
    return std::clamp(double(alive.count()) / double(known.count()), 0.0, 1.0);
}

Topology::Topology(Timing timing, TopologyLimits limits) : timing_(timing), limits_(limits) {}

Status Topology::report(const Report& report, TimePoint heard_at, TimePoint now) {
    auto at = nodes_.find(report.node);
    const bool is_new = at == nodes_.end();
    if (!is_new && report.sequence <= at->second.sequence)
        return fail(ErrorCode::kFailedPrecondition, "REPORT_STALE",
                    "a report with this sequence or a later one is known");
    if (too_old(heard_at, report, now))
        return fail(ErrorCode::kFailedPrecondition, "REPORT_STALE",
                    "the report is so old that its node would be forgotten at once");
    const auto claimed = static_cast<std::size_t>(std::ranges::count_if(
        report.neighbours, [](const Neighbour& neighbour) { return neighbour.quality > 0; }));
    const std::size_t former = is_new ? 0 : at->second.claims.size();
    if ((is_new && nodes_.size() >= limits_.nodes_max) ||
        heard_by_.size() - former + claimed > limits_.claims_max)
        return fail(ErrorCode::kResourceExhausted, "TOPOLOGY_FULL",
                    "the site's limit of nodes or links is reached");

    if (is_new) at = nodes_.try_emplace(report.node).first;
    Node& node = at->second;
    const bool had_uplink = node.has_uplink();
    node.sequence = report.sequence;
    node.battery_percent = report.battery_percent;
    node.says_uplink = report.has_uplink;
    node.asleep_until = report.asleep_until;
    node.position = report.position;
    // A carried report is dated by its node's clock, which may be behind what we heard ourselves.
    node.heard_at = is_new ? heard_at : std::max(node.heard_at, heard_at);
    node.silenced = false;
    if (is_new) {
        node.id = report.node;
        node.first_heard_at = node.state_since = now;
        node.state = standing(node, now).state;
        changed_nodes_.insert(node.id);
        components_valid_ = false;
    }
    const std::vector<NodeId> dropped = replace_claims(node, report);
    settle(node, now, now);
    if (node.has_uplink() != had_uplink) {
        changed_nodes_.insert(node.id);
        components_valid_ = false;
    }
    relink(node);
    for (const NodeId& other : dropped) relink_pair(node, other);
    suspect_silenced(dropped, node, now);
    hear_again(node, now);
    return {};
}

void Topology::forget(const NodeId& node) {
    if (const auto at = nodes_.find(node); at != nodes_.end()) erase(at->second);
}

void Topology::tick(TimePoint now) {
    while (!timers_.empty() && timers_.begin()->first <= now) {
        const auto [due, id] = *timers_.begin();
        Node& node = nodes_.at(id);
        if (node.state == NodeState::kDead && standing(node, now).until <= now)
            erase(node);
        else
            settle(node, due, now);
    }
}

std::optional<TimePoint> Topology::deadline() const {
    if (timers_.empty()) return std::nullopt;
    return timers_.begin()->first;
}

Topology::Standing Topology::standing(const Node& node, TimePoint now) const {
    if (node.asleep_until && *node.asleep_until > now)
        return {NodeState::kAsleep, *node.asleep_until};
    // Silence counts from the end of the sleep; but nobody has heard the sleeper since, so it is
    // not ALIVE before it reports.
    const bool overslept = node.asleep_until && *node.asleep_until > node.heard_at;
    const TimePoint silent_from = overslept ? *node.asleep_until : node.heard_at;
    const TimePoint dead_at = silent_from + timing_.dead_after;
    const TimePoint suspect_at = overslept ? silent_from : silent_from + timing_.suspect_after;
    if (now >= dead_at) return {NodeState::kDead, dead_at + timing_.forget_after};
    if (now >= suspect_at || node.silenced) return {NodeState::kSuspect, dead_at};
    return {NodeState::kAlive, suspect_at};
}

bool Topology::too_old(TimePoint heard_at, const Report& report, TimePoint now) const {
    const TimePoint silent_from = std::max(heard_at, report.asleep_until.value_or(heard_at));
    return silent_from + timing_.dead_after + timing_.forget_after <= now;
}

void Topology::settle(Node& node, TimePoint at, TimePoint now) {
    const auto [state, until] = standing(node, now);
    timers_.erase({node.due, node.id});
    node.due = until;
    timers_.insert({node.due, node.id});
    if (state == node.state) return;

    const bool was_reachable = node.reachable();
    if (node.state == NodeState::kAlive || node.state == NodeState::kAsleep)
        node.alive_before += std::max(at - node.state_since, Duration::zero());
    node.state = state;
    node.state_since = at;
    changed_nodes_.insert(node.id);
    if (node.reachable() != was_reachable) {
        components_valid_ = false;
        relink(node);
    }
}

std::vector<NodeId> Topology::replace_claims(Node& node, const Report& report) {
    std::vector<Claim> claims;
    claims.reserve(report.neighbours.size());
    for (const Neighbour& heard : report.neighbours) {
        if (heard.quality <= 0) continue;
        const Claim* former = node.claim_of(heard.node);
        claims.push_back({heard.node,
                          {heard.quality, heard.latency_ms, heard.bandwidth_kbps},
                          former != nullptr ? former->since : node.heard_at});
        if (former == nullptr) heard_by_.insert({heard.node, node.id});
    }
    claims.swap(node.claims);
    std::vector<NodeId> dropped;
    for (const Claim& former : claims) {
        if (node.claim_of(former.node) != nullptr) continue;
        heard_by_.erase({former.node, node.id});
        dropped.push_back(former.node);
    }
    return dropped;
}

void Topology::suspect_silenced(const std::vector<NodeId>& dropped, const Node& by, TimePoint now) {
    for (const NodeId& id : dropped) {
        const auto at = nodes_.find(id);
        if (at == nodes_.end()) continue;
        Node& node = at->second;
        if (node.state != NodeState::kAlive || node.heard_at >= by.heard_at || heard_by_any(id))
            continue;
        node.silenced = true;
        settle(node, now, now);
    }
}

void Topology::hear_again(const Node& by, TimePoint now) {
    if (by.state != NodeState::kAlive) return;
    for (const Claim& claim : by.claims) {
        const auto at = nodes_.find(claim.node);
        if (at == nodes_.end() || !at->second.silenced) continue;
        at->second.silenced = false;
        settle(at->second, now, now);
    }
}

bool Topology::heard_by_any(const NodeId& node) const {
    for (auto at = heard_by_.lower_bound({node, {}}); at != heard_by_.end() && at->first == node;
         ++at) {
        if (nodes_.at(at->second).state == NodeState::kAlive) return true;
    }
    return false;
}

void Topology::relink(Node& node) {
    for (const Claim& claim : node.claims) relink_pair(node, claim.node);
    for (auto at = heard_by_.lower_bound({node.id, {}});
         at != heard_by_.end() && at->first == node.id; ++at)
        relink_pair(node, at->second);
}

void Topology::relink_pair(Node& node, const NodeId& other) {
    if (const auto at = nodes_.find(other); at != nodes_.end())
        set_link(node, at->second, evaluate(node, at->second));
}

std::optional<LinkValue> Topology::evaluate(const Node& a, const Node& b) {
    if (!a.reachable() || !b.reachable()) return std::nullopt;
    const Claim* by_a = a.claim_of(b.id);
    const Claim* by_b = b.claim_of(a.id);
    if (by_a != nullptr && by_b != nullptr)
        return LinkValue{std::min(by_a->value.quality, by_b->value.quality),
                         std::max(by_a->value.latency_ms, by_b->value.latency_ms),
                         lower_measured(by_a->value.bandwidth_kbps, by_b->value.bandwidth_kbps)};
    if (by_a == nullptr && by_b == nullptr) return std::nullopt;
    const Claim& claim = by_a != nullptr ? *by_a : *by_b;
    const Node& silent = by_a != nullptr ? b : a;
    if (silent.heard_at > claim.since) return std::nullopt;
    return claim.value;
}

void Topology::set_link(Node& one, Node& other, const std::optional<LinkValue>& value) {
    const LinkKey key = key_of(one.id, other.id);
    const auto at = links_.find(key);
    const bool was_up = at != links_.end();
    if (!was_up && !value) return;
    if (was_up && value && at->second.value == *value) return;

    changed_links_.insert(key);
    if (was_up != value.has_value()) components_valid_ = false;
    if (was_up) {
        one.sums.add(at->second.value, -1);
        other.sums.add(at->second.value, -1);
    }
    if (!value) {
        links_.erase(at);
        return;
    }
    one.sums.add(*value, 1);
    other.sums.add(*value, 1);
    if (was_up)
        at->second.value = *value;
    else
        links_.emplace(key, Link{*value, one.id < other.id ? &one : &other,
                                 one.id < other.id ? &other : &one});
}

void Topology::erase(Node& node) {
    // A dead node has no links; the claims that others make of it stay, for its return.
    node.state = NodeState::kDead;
    relink(node);
    IMECE_ASSERT(node.sums.links == 0);
    for (const Claim& claim : node.claims) heard_by_.erase({claim.node, node.id});
    timers_.erase({node.due, node.id});
    changed_nodes_.insert(node.id);
    forgotten_.push_back(node.id);
    components_valid_ = false;
    const NodeId id = node.id;
    nodes_.erase(id);
}

Delta Topology::take_delta() {
    Delta delta;
    for (const NodeId& id : std::exchange(changed_nodes_, {})) {
        const auto at = nodes_.find(id);
        if (at == nodes_.end()) {
            if (published_nodes_.erase(id) > 0) delta.nodes.push_back({id, std::nullopt, false});
            continue;
        }
        const Published now{at->second.state, at->second.has_uplink()};
        const auto [before, is_new] = published_nodes_.try_emplace(id, now);
        if (!is_new && before->second == now) continue;
        before->second = now;
        delta.nodes.push_back({id, now.state, now.has_uplink});
    }
    for (const LinkKey& key : std::exchange(changed_links_, {})) {
        const auto at = links_.find(key);
        if (at == links_.end()) {
            if (published_links_.erase(key) > 0)
                delta.links.push_back({key.first, key.second, LinkValue{}});
            continue;
        }
        const auto [before, is_new] = published_links_.try_emplace(key, at->second.value);
        if (!is_new && before->second == at->second.value) continue;
        before->second = at->second.value;
        delta.links.push_back({key.first, key.second, at->second.value});
    }
    if (delta.nodes.empty() && delta.links.empty()) return {};
    delta.base_version = version_;
    delta.version = ++version_;
    return delta;
}

Delta Topology::take_full() {
    changed_nodes_.clear();
    changed_links_.clear();
    published_nodes_.clear();
    published_links_.clear();
    Delta delta;
    delta.version = ++version_;
    delta.nodes.reserve(nodes_.size());
    delta.links.reserve(links_.size());
    for (const auto& [id, node] : nodes_) {
        published_nodes_.emplace_hint(published_nodes_.end(), id,
                                      Published{node.state, node.has_uplink()});
        delta.nodes.push_back({id, node.state, node.has_uplink()});
    }
    for (const auto& [key, link] : links_) {
        published_links_.emplace_hint(published_links_.end(), key, link.value);
        delta.links.push_back({key.first, key.second, link.value});
    }
    return delta;
}

}  // namespace imece::discovery
