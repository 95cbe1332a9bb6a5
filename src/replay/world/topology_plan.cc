#include "replay/world/topology_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "replay/world/chance.h"

namespace imece::replay {
namespace {

// The nominal date of every run over a map; ids begin with it.
constexpr std::int64_t kEpochMs = 1'675'646'254'000;
constexpr Ms kSettle = 20'000;       // Time to connect before the first message.
constexpr Ms kJudgedAfter = 60'000;  // From the last message to the horizon.
constexpr Ms kDrain = 60'000;        // From the horizon to the end.
constexpr double kUplinkUpMs = 240'000;
constexpr double kUplinkDownMs = 60'000;
constexpr double kChurnDownMs = 60'000;

/// The pieces of the mesh when all of it is up, the largest first.
std::vector<std::vector<NodeIndex>> pieces(const Topology& topology) {
    std::vector<NodeIndex> parent(topology.nodes.size());
    std::iota(parent.begin(), parent.end(), 0);
    const auto root = [&](NodeIndex n) {
        while (parent[n] != n) n = parent[n] = parent[parent[n]];
        return n;
    };
    for (const TopologyLink& link : topology.links) parent[root(link.a)] = root(link.b);
    std::vector<std::vector<NodeIndex>> sets(topology.nodes.size());
    for (NodeIndex n = 0; n < parent.size(); ++n) sets[root(n)].push_back(n);
    std::erase_if(sets, [](const auto& set) { return set.empty(); });
    std::ranges::stable_sort(sets, std::greater{}, [](const auto& set) { return set.size(); });
    return sets;
}

std::vector<NodeIndex> choose_uplinks(const Topology& topology, double share, Dice& dice) {
    auto sets = pieces(topology);
    for (auto& set : sets) {
        dice.shuffle(set);
        std::ranges::stable_partition(set, [&](NodeIndex n) { return topology.nodes[n].internet; });
    }
    const auto wanted = std::clamp<std::size_t>(
        std::size_t(std::lround(share * double(topology.nodes.size()))), 1, topology.nodes.size());
    std::vector<NodeIndex> chosen;
    std::vector<std::size_t> taken(sets.size());
    while (chosen.size() < wanted) {
        // The piece in which most people stand behind the next uplink comes next.
        std::size_t best = sets.size();
        double best_weight = 0;
        for (std::size_t i = 0; i < sets.size(); ++i) {
            const double weight = double(sets[i].size()) / double(taken[i] + 1);
            if (taken[i] < sets[i].size() && weight > best_weight) best = i, best_weight = weight;
        }
        chosen.push_back(sets[best][taken[best]++]);
    }
    return chosen;
}

void plan_messages(Plan& plan, const MessageFile& file, const TopologyPlanOptions& options,
                   Ms sending) {
    Dice dice(options.seed, "messages");
    const auto mesh_nodes = std::uint32_t(plan.nodes.size());
    const auto total = std::size_t(std::llround(double(file.texts.size()) * options.load));
    for (const TextOfClass& entry : file.texts) plan.texts.push_back(entry.text);
    for (std::size_t i = 0; i < total; ++i) {
        MessagePlan message;
        message.text = std::uint32_t(i % file.texts.size());
        message.cls = file.texts[message.text].cls;
        message.ttl = default_ttl(message.cls);
        message.at = dice.between(kSettle, kSettle + sending);
        message.sender = dice.below(mesh_nodes);
        const bool to_desk =
            message.cls == Class::kLife || (message.cls == Class::kSafety && dice.chance(0.5));
        if (to_desk) {
            message.desk = 0;
        } else {
            message.recipient = dice.below(mesh_nodes - 1);
            if (message.recipient >= message.sender) ++message.recipient;
        }
        plan.messages.push_back(message);
    }
}

}  // namespace

Plan plan_topology(const Topology& topology, const MessageFile& messages,
                   const TopologyPlanOptions& options) {
    Plan plan;
    plan.name = options.name;
    plan.seed = options.seed;
    plan.notes = topology.notes;
    plan.notes.insert(plan.notes.end(), messages.notes.begin(), messages.notes.end());
    const Ms sending = Ms(options.minutes * 60'000);
    plan.horizon = kSettle + sending + kJudgedAfter;
    plan.end = plan.horizon + kDrain;

    for (const TopologyNode& from : topology.nodes) {
        NodePlan node;
        node.label = from.name.empty() ? from.id : from.name;
        node.has_position = from.latitude && from.longitude;
        node.latitude = from.latitude.value_or(0);
        node.longitude = from.longitude.value_or(0);
        plan.nodes.push_back(std::move(node));
    }
    for (const TopologyLink& link : topology.links)
        plan.links.push_back({link.a, link.b, std::max(link.quality, 0.01)});

    Dice uplink_dice(options.seed, "uplinks");
    const auto uplinks = choose_uplinks(topology, options.uplinks, uplink_dice);
    DeskPlan desk;
    desk.name = "112 " + options.name;
    desk.devices.assign(uplinks.begin(),
                        uplinks.begin() + std::ptrdiff_t(std::min<std::size_t>(2, uplinks.size())));
    for (const NodeIndex n : uplinks) plan.nodes[n].kind = NodeKind::kRelay;
    for (const NodeIndex n : desk.devices) {
        plan.nodes[n].kind = NodeKind::kDesk;
        plan.nodes[n].desk = 0;
    }

    const OnOff churn{kChurnDownMs * (1 - options.churn) / std::max(options.churn, 1e-9),
                      kChurnDownMs};
    Dice power(options.seed, "power");
    for (NodeIndex n = 0; n < plan.nodes.size(); ++n) {
        if (options.churn > 0 && plan.nodes[n].kind != NodeKind::kDesk)
            on_off(plan.contacts, power, ContactKind::kPower, n, churn, plan.end);
        else
            plan.contacts.push_back({0, ContactKind::kPower, n, true});
    }
    Dice links(options.seed, "links");
    for (LinkIndex l = 0; l < plan.links.size(); ++l) {
        if (options.churn > 0)
            on_off(plan.contacts, links, ContactKind::kLink, l, churn, plan.end);
        else
            plan.contacts.push_back({0, ContactKind::kLink, l, true});
    }
    for (const NodeIndex n : uplinks) {
        if (plan.nodes[n].kind == NodeKind::kDesk)
            plan.contacts.push_back({0, ContactKind::kUplink, n, true});
        else
            on_off(plan.contacts, uplink_dice, ContactKind::kUplink, n,
                   {kUplinkUpMs, kUplinkDownMs}, plan.end);
    }
    plan.desks.push_back(std::move(desk));

    plan_messages(plan, messages, options, sending);
    finish_plan(plan, kEpochMs);
    return plan;
}

}  // namespace imece::replay
