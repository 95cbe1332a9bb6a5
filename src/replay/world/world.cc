#include "replay/world/world.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace imece::replay {
namespace {

constexpr Ms kRepeatEvery = 3'000;
constexpr Ms kPostAfter = 200;  // Reports that come together are posted together.
constexpr Ms kHopMs = 40;       // What a step costs a report, about.
constexpr std::size_t kPostMax = 256;
constexpr Ms kBatteryLifeMs = 8 * 3'600'000;  // From full to empty in the cold.

}  // namespace

World::World(const Plan& plan, RunLog& log, Outside& outside, WorldOptions options)
    : plan_(plan),
      log_(log),
      outside_(outside),
      options_(options),
      graph_(plan),
      dice_(plan.seed, "radio"),
      nodes_(plan.nodes.size()),
      unsent_(plan.nodes.size()),
      link_free_at_(plan.links.size()),
      submitted_at_(plan.messages.size(), -1) {
    // Heartbeats are spread over their interval, as those of phones that were never synchronised.
    for (NodeIndex n = 0; n < plan.nodes.size(); ++n)
        schedule({.at = Ms(dice_.below(std::size_t(options_.heartbeat))),
                  .what = What::kHeartbeat,
                  .a = n});
}

MessageIndex World::message_of(ItemIndex item) const {
    return is_message(item) ? item : receipts_[item - plan_.messages.size()].message;
}
Class World::class_of(ItemIndex item) const {
    return plan_.messages[message_of(item)].cls;
}
NodeIndex World::recipient_of(ItemIndex item) const {
    return is_message(item) ? plan_.messages[item].recipient : kNone;
}
std::size_t World::bytes_of(ItemIndex item) const {
    return is_message(item) ? 200 + plan_.texts[plan_.messages[item].text].size() : 120;
}
bool World::expired(ItemIndex item) const {
    const MessageIndex m = message_of(item);
    return submitted_at_[m] >= 0 && now_ > submitted_at_[m] + plan_.messages[m].ttl;
}

void World::schedule(Event event) {
    event.order = order_++;
    events_.push(event);
}

Ms World::next_due() const {
    Ms due = kForever;
    if (next_contact_ < plan_.contacts.size()) due = plan_.contacts[next_contact_].at;
    if (next_message_ < plan_.messages.size())
        due = std::min(due, plan_.messages[next_message_].at);
    if (!events_.empty()) due = std::min(due, events_.top().at);
    return due;
}

void World::advance(Ms now) {
    IMECE_ASSERT(now >= now_);
    now_ = now;
    for (Ms due = next_due(); due <= now; due = next_due()) {
        if (next_contact_ < plan_.contacts.size() && plan_.contacts[next_contact_].at == due) {
            apply(plan_.contacts[next_contact_++]);
        } else if (next_message_ < plan_.messages.size() &&
                   plan_.messages[next_message_].at == due) {
            start(MessageIndex(next_message_++));
        } else {
            Event event = events_.top();
            events_.pop();
            run(event);
        }
    }
}

void World::apply(const Contact& contact) {
    switch (contact.kind) {
        case ContactKind::kLink: {
            const LinkPlan& link = plan_.links[contact.index];
            log_.link(now_, link.a, link.b, contact.up);
            changed(graph_.set_link(contact.index, contact.up));
            return;
        }
        case ContactKind::kUplink: {
            const NodeIndex n = contact.index;
            log_.uplink(now_, n, contact.up);
            nodes_[n].uplink = contact.up;
            if (!graph_.up(n)) return;
            if (contact.up)
                outside_.connect(n);
            else
                cut(n);
            neighbour_changed(n);
            return;
        }
        case ContactKind::kPower: break;
    }
    const NodeIndex n = contact.index;
    log_.power(now_, n, contact.up);
    if (!contact.up) cut(n);
    changed(graph_.set_power(n, contact.up));
    if (!contact.up) return;
    if (nodes_[n].uplink) outside_.connect(n);
    neighbour_changed(n);
    std::vector<MessageIndex> unsent;
    unsent.swap(unsent_[n]);
    for (const MessageIndex m : unsent) start(m);
    patrol(n);
}

void World::changed(const MeshGraph::Change& change) {
    for (const LinkIndex l : change.vanished) {
        const LinkPlan& link = plan_.links[l];
        for (const NodeIndex n : {link.a, link.b}) {
            neighbour_changed(n);
            if (graph_.up(n) && graph_.uplinks(graph_.piece(n)) == 0) isolated(graph_.piece(n));
        }
    }
    for (const LinkIndex l : change.appeared) appeared(l);
    if (!change.appeared.empty()) settle(graph_.piece(plan_.links[change.appeared.front()].a));
}

void World::appeared(LinkIndex l) {
    const auto [a, b, quality] = plan_.links[l];
    for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
        // First what is over and done with, so that it is not offered.
        std::vector<News> news;
        nodes_[from].known.each([&](ItemIndex item, std::uint16_t flags) {
            if (flags & (kAccepted | kDone))
                news.push_back({item, std::uint16_t(flags & (kAccepted | kDone))});
        });
        for (const News& one : news) learn(to, one.item, one.flag);
    }
    offer(a, b, l);
    offer(b, a, l);
    neighbour_changed(a);
    neighbour_changed(b);
}

/// What waits in the piece may have a way now.
void World::settle(PieceIndex p) {
    const std::vector<NodeIndex> members =
        graph_.members(p);  // A forward may change nothing, but let it.
    for (const NodeIndex n : members) {
        if (nodes_[n].waits.empty()) continue;
        std::vector<ItemIndex> waits;
        waits.swap(nodes_[n].waits);
        for (const ItemIndex item : waits) nodes_[n].known.clear(item, kWaits);
        std::ranges::stable_sort(waits, {}, [&](ItemIndex item) { return class_of(item); });
        for (const ItemIndex item : waits) forward(n, item);
    }
}

/// The piece has no way to the backend: from now on everyone takes copies.
void World::isolated(PieceIndex p) {
    const std::vector<NodeIndex> members = graph_.members(p);
    for (const NodeIndex n : members)
        for (const auto& held : nodes_[n].held)
            for (std::size_t i = 0; i < held.size(); ++i) forward(n, held[i]);
}

void World::cut(NodeIndex n) {
    outside_.disconnect(n);
    disconnected(n, now_);
}

void World::connected(NodeIndex n, Ms now) {
    advance(now);
    if (!covered(n) || graph_.connected(n)) return;
    const bool first = graph_.uplinks(graph_.piece(n)) == 0;
    graph_.set_connected(n, true);
    settle(graph_.piece(n));
    // The backend has to hear of everyone behind this node, not only of the node.
    if (first)
        for (const NodeIndex member : std::vector(graph_.members(graph_.piece(n))))
            neighbour_changed(member);
    else
        neighbour_changed(n);
}

void World::disconnected(NodeIndex n, Ms now) {
    now_ = std::max(now_, now);
    if (!graph_.connected(n)) return;
    graph_.set_connected(n, false);
    Node& node = nodes_[n];
    node.reports.clear();
    std::vector<ItemIndex> left = std::exchange(node.in_flight, {});
    for (auto& ready : node.ready) {
        left.insert(left.end(), ready.begin(), ready.end());
        ready.clear();
    }
    for (const ItemIndex item : left) node.known.clear(item, kInFlight | kReady);
    for (const ItemIndex item : left) forward(n, item);
    if (graph_.uplinks(graph_.piece(n)) == 0) isolated(graph_.piece(n));
}

void World::start(MessageIndex m) {
    const MessagePlan& message = plan_.messages[m];
    if (!graph_.up(message.sender)) {
        unsent_[message.sender].push_back(m);
        return;
    }
    submitted_at_[m] = now_;
    log_.submit(now_, m);
    outside_.compose(m);
    obtain(message.sender, m, 0);
    if (message.repeats > 0)
        schedule(
            {.at = now_ + kRepeatEvery, .what = What::kRepeat, .a = message.repeats, .item = m});
}

/// An impatient application: the same envelope again, by its own uplink and by a neighbour's.
void World::repeat(MessageIndex m, std::uint32_t left) {
    const NodeIndex sender = plan_.messages[m].sender;
    if (graph_.up(sender)) {
        if (graph_.connected(sender)) outside_.submit(sender, m), ++stats_.submitted;
        const auto all = graph_.all_neighbours(sender);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto& next = all[(i + left) % all.size()];
            if (!graph_.works(next.link)) continue;
            transmit({.again = true, .a = sender, .b = next.node, .item = m, .link = next.link});
            break;
        }
    }
    if (left > 1)
        schedule({.at = now_ + kRepeatEvery, .what = What::kRepeat, .a = left - 1, .item = m});
}

void World::run(Event& event) {
    switch (event.what) {
        case What::kHop: hop(event); return;
        case What::kGossip: gossip(event.a); return;
        case What::kPatrol:
            nodes_[event.a].patrol_due = false;
            patrol(event.a);
            return;
        case What::kHeartbeat:
            schedule({.at = now_ + options_.heartbeat, .what = What::kHeartbeat, .a = event.a});
            make_report(event.a);
            return;
        case What::kReport:
            nodes_[event.a].report_due = false;
            make_report(event.a);
            return;
        case What::kReportComes: hear_report(event.a, event.b); return;
        case What::kPost:
            nodes_[event.a].post_due = false;
            post(event.a);
            return;
        case What::kRepeat: repeat(event.item, event.a); return;
    }
}

void World::neighbour_changed(NodeIndex n) {
    Node& node = nodes_[n];
    if (node.report_due || !graph_.up(n)) return;
    node.report_due = true;
    schedule({.at = now_ + options_.report_after_change, .what = What::kReport, .a = n});
}

void World::make_report(NodeIndex n) {
    if (!graph_.up(n)) return;
    NodeIndex carrier = graph_.nearest_uplink(n);
    if (carrier == kNone) return;  // The next heartbeat tries again.
    // One node posts for its whole piece where it has several uplinks: the backend is spared
    // hundreds of calls with one report each. Relays, which have power to spare, come first.
    for (const NodeIndex member : graph_.members(graph_.piece(n))) {
        if (!graph_.connected(member)) continue;
        const bool relay = plan_.nodes[member].kind == NodeKind::kRelay;
        const bool kept_relay = plan_.nodes[carrier].kind == NodeKind::kRelay;
        if (relay != kept_relay ? relay : member < carrier) carrier = member;
    }
    const Ms travel = carrier == n ? 0 : Ms(kHopMs * (1 + graph_.cost_to_uplink(n)));
    schedule({.at = now_ + travel, .what = What::kReportComes, .a = carrier, .b = n});
}

void World::hear_report(NodeIndex carrier, NodeIndex n) {
    if (!graph_.connected(carrier) || graph_.piece(carrier) != graph_.piece(n)) return;
    Node& node = nodes_[carrier];
    if (std::ranges::find(node.reports, n) == node.reports.end()) node.reports.push_back(n);
    if (node.reports.size() >= kPostMax) {
        post(carrier);
    } else if (!node.post_due) {
        node.post_due = true;
        schedule({.at = now_ + kPostAfter, .what = What::kPost, .a = carrier});
    }
}

void World::post(NodeIndex carrier) {
    Node& node = nodes_[carrier];
    std::vector<NodeIndex> reports;
    reports.swap(node.reports);
    if (reports.empty() || !graph_.connected(carrier)) return;
    stats_.reports += reports.size();
    outside_.report(carrier, reports);
}

std::uint32_t World::battery(NodeIndex n, Ms now) const {
    const NodePlan& node = plan_.nodes[n];
    if (node.kind != NodeKind::kPhone) return 100;
    const Ms used = now * 100 / kBatteryLifeMs;
    return std::uint32_t(std::max<Ms>(1, node.battery_percent - used));
}

}  // namespace imece::replay
