// How bundles move between nodes.
#include <algorithm>

#include "base/assert.h"
#include "replay/world/world.h"

namespace imece::replay {
namespace {

constexpr Ms kGossipAfter = 300;
constexpr Ms kPatrolEvery = 2'000;
constexpr int kTriesMax = 6;

/// What one try takes: a poor link also has a longer turnaround.
Ms try_ms(double quality) {
    return 20 + Ms(80 * (1 - quality));
}
/// How long the radio is busy with one bundle, half a megabyte a second.
Ms airtime_ms(std::size_t bytes) {
    return 1 + Ms(bytes / 500);
}

}  // namespace

void World::obtain(NodeIndex n, ItemIndex item, std::uint16_t flags) {
    Node& node = nodes_[n];
    const std::uint16_t before = node.known.get(item);
    node.known.clear(item, kComing);
    node.known.set(item, std::uint16_t(flags | kSeen));
    if (before & kDone) return;
    if (!(before & kHeld)) {
        node.known.set(item, kHeld);
        node.held[std::size_t(class_of(item))].push_back(item);
        ++node.held_count;
        node.held_bytes += bytes_of(item);
        make_room(n);
    }
    forward(n, item);
}

/// Sends the bundle wherever it should go from `n` now.
void World::forward(NodeIndex n, ItemIndex item) {
    if (!graph_.up(n)) return;
    Node& node = nodes_[n];
    const std::uint16_t flags = node.known.get(item);
    if (!(flags & kHeld) || (flags & kDone)) return;
    if (expired(item)) {
        release(n, item);
        return;
    }
    if (recipient_of(item) != kNone) towards_recipient(n, item);
    if (!(flags & kAccepted)) towards_backend(n, item);
    const bool cut_off = graph_.uplinks(graph_.piece(n)) == 0;
    const bool life =
        class_of(item) == Class::kLife && !(flags & kAccepted) && !graph_.connected(n);
    if (!cut_off && !life) return;
    if (recipient_of(item) == kNone && (flags & kAccepted)) return;
    for (const MeshGraph::Neighbour& next : graph_.all_neighbours(n))
        if (graph_.works(next.link)) send(n, next, item);
}

void World::towards_backend(NodeIndex n, ItemIndex item) {
    Node& node = nodes_[n];
    if (!(node.known.get(item) & kPending)) {
        node.known.set(item, kPending);
        node.pending.push_back(item);
    }
    if (!node.patrol_due) {
        node.patrol_due = true;
        schedule({.at = now_ + kPatrolEvery, .what = What::kPatrol, .a = n});
    }
    if (graph_.connected(n)) {
        hand_over(n, item);
        return;
    }
    const MeshGraph::Neighbour next = graph_.step_to_uplink(n);
    if (next.link != kNone)
        send(n, next, item);
    else
        wait(n, item);
}

void World::hand_over(NodeIndex n, ItemIndex item) {
    Node& node = nodes_[n];
    if (node.known.get(item) & (kInFlight | kReady)) return;
    node.known.set(item, kReady);
    node.ready[std::size_t(class_of(item))].push_back(item);
    hand_over_more(n);
}

void World::hand_over_more(NodeIndex n) {
    Node& node = nodes_[n];
    for (auto& ready : node.ready) {
        while (!ready.empty() && node.in_flight.size() < options_.in_flight_max) {
            std::swap(ready[dice_.below(ready.size())], ready.back());
            const ItemIndex item = ready.back();
            ready.pop_back();
            node.known.clear(item, kReady);
            const std::uint16_t flags = node.known.get(item);
            if (!(flags & kHeld) || (flags & (kAccepted | kDone)) || expired(item)) continue;
            node.known.set(item, kInFlight);
            node.in_flight.push_back(item);
            ++stats_.submitted;
            if (is_message(item)) {
                outside_.submit(n, item);
            } else {
                const Receipt& receipt = receipts_[item - plan_.messages.size()];
                outside_.submit_receipt(n, item, receipt.message, receipt.recipient);
            }
        }
    }
}

/// The backend's answer for the bundle came; false: none was awaited.
bool World::answered(NodeIndex n, ItemIndex item) {
    Node& node = nodes_[n];
    if (!(node.known.get(item) & kInFlight)) return false;
    node.known.clear(item, kInFlight);
    std::erase(node.in_flight, item);
    return true;
}

/// A neighbour who is the recipient gets it at once; what came from the backend is brought there.
void World::towards_recipient(NodeIndex n, ItemIndex item) {
    const NodeIndex recipient = recipient_of(item);
    if (recipient == n) return;
    if (nodes_[n].known.get(item) & kFromBackend) {
        const MeshGraph::Neighbour next = graph_.step_to(n, recipient);
        if (next.link != kNone)
            send(n, next, item);
        else
            wait(n, item);
        return;
    }
    if (const LinkIndex l = graph_.link_between(n, recipient); l != kNone)
        send(n, {recipient, l}, item);
}

void World::wait(NodeIndex n, ItemIndex item) {
    Node& node = nodes_[n];
    if (node.known.get(item) & kWaits) return;
    node.known.set(item, kWaits);
    node.waits.push_back(item);
}

/// A new link: the one side gives what the other lacks and may take, the most urgent class first.
void World::offer(NodeIndex from, NodeIndex to, LinkIndex link) {
    const bool cut_off = graph_.uplinks(graph_.piece(from)) == 0;
    for (std::size_t c = 0; c < kClasses; ++c) {
        const auto& held = nodes_[from].held[c];
        for (std::size_t i = 0; i < held.size(); ++i) {
            const ItemIndex item = held[i];
            const std::uint16_t flags = nodes_[from].known.get(item);
            if (!(flags & kHeld) || (flags & kDone) || expired(item)) continue;
            const bool life = Class(c) == Class::kLife && !(flags & kAccepted);
            const bool useful = recipient_of(item) != kNone || !(flags & kAccepted);
            if (recipient_of(item) == to || ((cut_off || life) && useful))
                send(from, {to, link}, item);
        }
    }
}

/// Sends a copy unless the other side has one, had one, or is getting one.
void World::send(NodeIndex from, MeshGraph::Neighbour to, ItemIndex item) {
    FlagsByItem& known = nodes_[to.node].known;
    if (known.get(item) & (kSeen | kComing | kDone)) {
        // It once had a copy that came up; now it also has to bring it to the recipient.
        const bool hands_duty = (nodes_[from].known.get(item) & kFromBackend) &&
                                !(known.get(item) & (kFromBackend | kComing | kDone));
        if (!hands_duty) return;
    }
    known.set(item, kComing);
    transmit({.a = from, .b = to.node, .item = item, .link = to.link});
}

void World::transmit(Event hop) {
    const double quality = plan_.links[hop.link].quality;
    int tries = 1;
    while (tries < kTriesMax && !dice_.chance(quality)) ++tries;
    // The last of all tries may fail too; the sender then begins again.
    hop.fails = tries == kTriesMax && !dice_.chance(quality);
    const Ms begins = std::max(now_, link_free_at_[hop.link]);
    link_free_at_[hop.link] = begins + airtime_ms(bytes_of(hop.item)) * tries;
    hop.at = begins + try_ms(quality) * tries;
    hop.what = What::kHop;
    hop.epoch = graph_.epoch(hop.link);
    schedule(hop);
}

void World::hop(Event& event) {
    const NodeIndex from = event.a;
    const NodeIndex to = event.b;
    const ItemIndex item = event.item;
    nodes_[to].known.clear(item, kComing);
    if (event.fails || !graph_.works(event.link) || graph_.epoch(event.link) != event.epoch) {
        if (event.path != kNone) {
            free_paths_.push_back(event.path);
            nodes_[from].known.set(item, kFromBackend);
        }
        forward(from, item);
        return;
    }
    const std::uint16_t duty = nodes_[from].known.get(item) & (kFromBackend | kAccepted);
    ++stats_.hops;
    if (is_message(item)) log_.hop(now_, item, from, to);
    if (is_message(item) && recipient_of(item) == to) {
        if (event.path != kNone) free_paths_.push_back(event.path);
        // Word of the backend's custody tells the recipient that a receipt is awaited there.
        nodes_[to].known.set(item, std::uint16_t(kSeen | (duty & kAccepted)));
        log_.arrive(now_, item, to);
        outside_.arrive(to, item);
        return;
    }
    if (event.path != kNone) {
        event.position += 1;
        obtain(to, item, kAccepted);
        follow(event);
        return;
    }
    const bool repeated = event.again && (nodes_[to].known.get(item) & kSeen);
    if (repeated && graph_.connected(to)) {
        ++stats_.submitted;
        outside_.submit(to, item);
        return;
    }
    obtain(to, item, duty);
}

/// The next step of a path that came from the backend, or our own way where it broke.
void World::follow(Event& event) {
    const std::vector<NodeIndex>& path = paths_[event.path];
    const NodeIndex at = path[event.position];
    const LinkIndex link = event.position + 1 < path.size()
                               ? graph_.link_between(at, path[event.position + 1])
                               : kNone;
    if (link != kNone) {
        transmit({.again = true,
                  .a = at,
                  .b = path[event.position + 1],
                  .item = event.item,
                  .link = link,
                  .path = event.path,
                  .position = event.position});
        return;
    }
    free_paths_.push_back(event.path);
    ++stats_.stale_paths;
    nodes_[at].known.set(event.item, kFromBackend);
    forward(at, event.item);
}

std::uint32_t World::keep_path(std::span<const NodeIndex> path) {
    std::uint32_t index = std::uint32_t(paths_.size());
    if (free_paths_.empty()) {
        paths_.emplace_back();
    } else {
        index = free_paths_.back();
        free_paths_.pop_back();
    }
    paths_[index].assign(path.begin(), path.end());
    return index;
}

void World::delivery(NodeIndex at, NodeIndex recipient, MessageIndex m,
                     std::span<const NodeIndex> path, Ms now) {
    advance(now);
    if (!graph_.connected(at)) return;  // Cut while it was on the way.
    if (at == recipient) {
        nodes_[at].known.set(m, kSeen | kAccepted);
        log_.arrive(now_, m, at);
        outside_.arrive(at, m);
        return;
    }
    if (nodes_[at].known.get(m) & kDone) return;  // The receipt is on its way.
    obtain(at, m, kAccepted);
    Event event{.a = at, .item = m};
    if (path.size() >= 2 && path.front() == at && path.back() == recipient) {
        event.path = keep_path(path);
        follow(event);
        return;
    }
    ++stats_.stale_paths;
    nodes_[at].known.set(m, kFromBackend);
    forward(at, m);
}

void World::acknowledge(NodeIndex recipient, MessageIndex m, Ms now) {
    advance(now);
    Node& node = nodes_[recipient];
    const bool backend_waits = (node.known.get(m) & kAccepted) != 0;
    learn(recipient, m, kDone);
    if (!backend_waits) return;
    const std::uint64_t key = std::uint64_t(m) << 32 | recipient;
    const auto [known, fresh] =
        receipt_items_.emplace(key, ItemIndex(plan_.messages.size() + receipts_.size()));
    if (fresh) receipts_.push_back({m, recipient});
    // The backend sent it once more, so it has not seen the receipt, whatever we believed.
    node.known.clear(known->second, kDone | kAccepted);
    obtain(recipient, known->second, 0);
}

void World::confirmed(NodeIndex carrier, ItemIndex item, Ms now) {
    advance(now);
    answered(carrier, item);
    if (is_message(item)) {
        log_.accepted(now_, item, carrier);
    } else {
        const Receipt& receipt = receipts_[item - plan_.messages.size()];
        log_.ack(now_, receipt.message, receipt.recipient);
    }
    learn(carrier, item, kAccepted);
    hand_over_more(carrier);
}

void World::refused(NodeIndex carrier, ItemIndex item, std::string_view reason, Ms now) {
    advance(now);
    answered(carrier, item);
    if (is_message(item)) log_.refused(now_, item, reason);
    learn(carrier, item, kDone);
    hand_over_more(carrier);
}

void World::retry(NodeIndex carrier, ItemIndex item, Ms now) {
    advance(now);
    if (answered(carrier, item)) forward(carrier, item);
    hand_over_more(carrier);
}

/// `n` hears that the backend has the bundle, or that nobody needs it; it tells those who carry it.
void World::learn(NodeIndex n, ItemIndex item, std::uint16_t flag) {
    // What the backend has is done with where it needs nothing but that.
    if ((flag & kAccepted) && recipient_of(item) == kNone) flag |= kDone;
    Node& node = nodes_[n];
    const std::uint16_t before = node.known.get(item);
    if (!(before & kSeen) || (before & flag) == flag) return;
    node.known.set(item, flag);
    if (flag & kDone) release(n, item);
    node.news.push_back({item, flag});
    if (node.gossip_due) return;
    node.gossip_due = true;
    schedule({.at = now_ + kGossipAfter, .what = What::kGossip, .a = n});
}

void World::gossip(NodeIndex n) {
    Node& node = nodes_[n];
    node.gossip_due = false;
    std::vector<News> news;
    news.swap(node.news);
    if (!graph_.up(n)) return;  // A new link exchanges everything anyway.
    for (const MeshGraph::Neighbour& next : graph_.all_neighbours(n))
        if (graph_.works(next.link))
            for (const News& one : news) learn(next.node, one.item, one.flag);
}

/// Looks again at what should have reached the backend: a way that broke may have been replaced.
void World::patrol(NodeIndex n) {
    Node& node = nodes_[n];
    if (!graph_.up(n)) return;
    std::vector<ItemIndex> pending;
    pending.swap(node.pending);
    for (const ItemIndex item : pending) node.known.clear(item, kPending);
    for (const ItemIndex item : pending)
        if (const std::uint16_t flags = node.known.get(item);
            (flags & kHeld) && !(flags & (kAccepted | kDone)))
            forward(n, item);  // Puts it on the list again.
}

void World::release(NodeIndex n, ItemIndex item) {
    Node& node = nodes_[n];
    node.known.set(item, kDone);
    if (!(node.known.get(item) & kHeld)) return;
    node.known.clear(item, kHeld);
    --node.held_count;
    node.held_bytes -= bytes_of(item);
    auto& held = node.held[std::size_t(class_of(item))];
    // The list is swept when most of it is gone.
    if (held.size() > 64 && held.size() > node.held_count * 4)
        std::erase_if(held, [&](ItemIndex i) { return !(node.known.get(i) & kHeld); });
}

void World::make_room(NodeIndex n) {
    Node& node = nodes_[n];
    for (std::size_t c = kClasses; c-- > 0;) {
        for (std::size_t i = 0; i < node.held[c].size(); ++i) {
            if (node.held_count <= options_.bundles_max && node.held_bytes <= options_.bytes_max)
                return;
            const ItemIndex item = node.held[c][i];
            if (!(node.known.get(item) & kHeld)) continue;
            node.known.clear(item, kHeld);
            --node.held_count;
            node.held_bytes -= bytes_of(item);
            ++stats_.dropped;
        }
    }
}

}  // namespace imece::replay
