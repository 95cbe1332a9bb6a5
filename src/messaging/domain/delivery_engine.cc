#include "messaging/domain/delivery_engine.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/assert.h"

namespace imece::messaging {

using std::chrono::microseconds;

bool DeliveryEngine::BySequence::operator()(const Copy* a, const Copy* b) const {
    return std::tie(a->what.sequence, a->what.key.target) <
           std::tie(b->what.sequence, b->what.key.target);
}
bool DeliveryEngine::ByExpiry::operator()(const Copy* a, const Copy* b) const {
    return std::tie(a->what.expires_at, a->what.key) < std::tie(b->what.expires_at, b->what.key);
}
bool DeliveryEngine::ByRetry::operator()(const Copy* a, const Copy* b) const {
    return std::tie(a->retry_at, a->what.key) < std::tie(b->retry_at, b->what.key);
}

bool DeliveryEngine::ByFree::operator()(const Link* a, const Link* b) const {
    return std::tie(a->free_at, a->node) < std::tie(b->free_at, b->node);
}

void DeliveryEngine::queued(const NewCopy& copy) {
    auto& slot = copies_[copy.key];
    if (slot) return;
    slot = std::make_unique<Copy>();
    slot->what = copy;
    slot->target = &target_of(copy.key.target);
    expiries_.insert(slot.get());
    pending_[rank(copy.priority)].insert(slot.get());
    ++pending_of_sender_[copy.sender];
    wait(*slot);
    if (slot->target->route != nullptr) reach(*slot, copy.accepted_at);
}

std::optional<TimePoint> DeliveryEngine::finished(const CopyKey& key) {
    const auto found = copies_.find(key);
    if (found == copies_.end()) return std::nullopt;
    Copy& copy = *found->second;
    const TimePoint accepted_at = copy.what.accepted_at;
    if (copy.link != nullptr)
        land(copy);
    else
        unwait(copy);
    remove(copy);
    return accepted_at;
}

void DeliveryEngine::attached(const DeviceId& node, const LinkOptions& options, TimePoint now) {
    detached(node);
    auto link = std::make_unique<Link>();
    link->node = node;
    link->options = options;
    link->free_at = now;
    links_[node] = std::move(link);
    routes_stale_ = true;
}

void DeliveryEngine::detached(const DeviceId& node) {
    const auto found = links_.find(node);
    if (found == links_.end()) return;
    Link& link = *found->second;
    for (auto& [id, target] : targets_)
        if (target->route == &link) set_route(*target, nullptr);
    while (!link.in_flight.empty()) {
        Copy& copy = **link.in_flight.begin();
        land(copy);
        wait(copy);
    }
    throttled_.erase(&link);
    std::erase(roused_, &link);
    links_.erase(found);
    routes_stale_ = true;
}

void DeliveryEngine::credit(const DeviceId& node, std::uint32_t add) {
    const auto found = links_.find(node);
    if (found == links_.end()) return;
    std::uint32_t& credit = found->second->options.credit;
    credit += std::min(add, LinkOptions::kCreditMax - std::min(credit, LinkOptions::kCreditMax));
    rouse(*found->second);
}

void DeliveryEngine::mesh_changed(const MeshChange& change) {
    mesh_.apply(change);
    routes_stale_ = true;
}

void DeliveryEngine::send_failed(const CopyKey& key, TimePoint now) {
    const auto found = copies_.find(key);
    if (found != copies_.end() && found->second->link != nullptr)
        arm(*found->second, now + config_.retry_first[rank(found->second->what.priority)]);
}

Effects DeliveryEngine::due(TimePoint now) {
    Effects effects;
    if (routes_stale_) reroute(now);
    effects.reached = std::exchange(reached_, {});
    run_timers(now, effects);
    const std::vector<Link*> turn = std::exchange(roused_, {});
    for (Link* link : turn) {
        link->roused = false;
        serve(*link, now, effects);
    }
    return effects;
}

TimePoint DeliveryEngine::next_due() const {
    if (!roused_.empty() || !reached_.empty() || routes_stale_) return TimePoint::min();
    TimePoint next = TimePoint::max();
    if (!expiries_.empty()) next = std::min(next, (*expiries_.begin())->what.expires_at);
    if (!retries_.empty()) next = std::min(next, (*retries_.begin())->retry_at);
    if (!throttled_.empty())
        next = std::min(next, std::chrono::ceil<Duration>((*throttled_.begin())->free_at));
    return next;
}

std::uint64_t DeliveryEngine::pending_of(const DeviceId& sender) const {
    const auto found = pending_of_sender_.find(sender);
    return found == pending_of_sender_.end() ? 0 : found->second;
}

CopyView DeliveryEngine::view(const CopyKey& key, TimePoint now) const {
    CopyView view;
    const auto found = copies_.find(key);
    if (found == copies_.end()) return view;
    const Copy& copy = *found->second;
    const Target& target = *copy.target;
    view.attempts = copy.attempts;
    view.next_attempt_at = copy.retry_at;
    const Link* link = copy.link != nullptr ? copy.link : target.route;
    if (link != nullptr)
        view.path = link->node == target.id ? std::vector{target.id} : mesh_.path_to(target.id);
    if (copy.link != nullptr) {
        view.state = CopyView::State::kInFlight;
        view.why = copy.link->node == target.id
                       ? "sent on the recipient's own connection; its receipt has not come yet"
                       : "handed to a carrier; the recipient's receipt has not come yet";
        return view;
    }
    view.state = CopyView::State::kWaiting;
    const std::size_t own = rank(copy.what.priority);
    view.ahead = std::uint32_t(std::distance(target.waiting[own].begin(),
                                             target.waiting[own].find(const_cast<Copy*>(&copy))));
    if (link == nullptr) {
        view.why = mesh_.knows(target.id)
                       ? "no path: the recipient is cut off from every connected node"
                       : "no path: the recipient has not been heard of yet";
        return view;
    }
    for (std::size_t above = 0; above < own; ++above)
        view.ahead += std::uint32_t(link->waiting[above]);
    if (link->options.credit == 0)
        view.why = "the link's credit is used up: receipts for earlier messages are awaited";
    else if (!may_send(*link, now))
        view.why = "the link is busy at its declared capacity";
    else
        view.why = "next in line";
    return view;
}

TimePoint DeliveryEngine::reachable_at(const CopyKey& key) const {
    const auto found = copies_.find(key);
    return found == copies_.end() ? TimePoint{} : found->second->what.reachable_at;
}

TimePoint DeliveryEngine::oldest(Priority priority) const {
    const InOrder& pending = pending_[rank(priority)];
    return pending.empty() ? TimePoint{} : (*pending.begin())->what.accepted_at;
}

DeliveryEngine::Target& DeliveryEngine::target_of(const DeviceId& id) {
    auto& slot = targets_[id];
    if (!slot) {
        slot = std::make_unique<Target>();
        slot->id = id;
        slot->generation = ++generation_;
        slot->route = find_route(id);
    }
    return *slot;
}

DeliveryEngine::Link* DeliveryEngine::find_route(const DeviceId& target) const {
    if (const auto own = links_.find(target); own != links_.end()) return own->second.get();
    const DeviceId* source = mesh_.source_for(target);
    if (source == nullptr) return nullptr;
    const auto carrier = links_.find(*source);  // Gone since the last routing: none.
    return carrier == links_.end() ? nullptr : carrier->second.get();
}

void DeliveryEngine::reach(Copy& copy, TimePoint at) {
    if (copy.what.reachable_at != TimePoint{}) return;
    copy.what.reachable_at = at;
    reached_.push_back({copy.what.key, at});
}

void DeliveryEngine::wait(Copy& copy) {
    const std::size_t own = rank(copy.what.priority);
    copy.target->waiting[own].insert(&copy);
    ++depths_[own].waiting;
    if (copy.target->route == nullptr) return;
    ++copy.target->route->waiting[own];
    stand_in_line(*copy.target, own);
    rouse(*copy.target->route);
}

void DeliveryEngine::unwait(Copy& copy) {
    const std::size_t own = rank(copy.what.priority);
    copy.target->waiting[own].erase(&copy);
    --depths_[own].waiting;
    if (copy.target->route != nullptr) --copy.target->route->waiting[own];
}

void DeliveryEngine::land(Copy& copy) {
    disarm(copy);
    copy.link->in_flight.erase(&copy);
    copy.target->in_flight.erase(&copy);
    ++copy.link->options.credit;
    rouse(*copy.link);
    --depths_[rank(copy.what.priority)].in_flight;
    copy.link = nullptr;
}

void DeliveryEngine::remove(Copy& copy) {
    Target& target = *copy.target;
    expiries_.erase(&copy);
    pending_[rank(copy.what.priority)].erase(&copy);
    const auto of_sender = pending_of_sender_.find(copy.what.sender);
    if (--of_sender->second == 0) pending_of_sender_.erase(of_sender);
    copies_.erase(CopyKey(copy.what.key));
    const bool idle =
        target.in_flight.empty() &&
        std::ranges::all_of(target.waiting, [](const InOrder& w) { return w.empty(); });
    if (idle)
        targets_.erase(DeviceId(target.id));  // Its places in line are void: it is found no more.
}

void DeliveryEngine::arm(Copy& copy, TimePoint at) {
    disarm(copy);
    copy.retry_at = at;
    retries_.insert(&copy);
}

void DeliveryEngine::disarm(Copy& copy) {
    if (copy.retry_at == TimePoint{}) return;
    retries_.erase(&copy);
    copy.retry_at = TimePoint{};
}

void DeliveryEngine::rouse(Link& link) {
    if (!std::exchange(link.roused, true)) roused_.push_back(&link);
}

void DeliveryEngine::stand_in_line(Target& target, std::size_t own) {
    if (target.in_line[own]) return;
    target.in_line[own] = true;
    target.route->lines[own].push_back({target.id, target.generation});
}

void DeliveryEngine::set_route(Target& target, Link* link) {
    if (target.route == link) return;
    if (target.route != nullptr)
        for (std::size_t i = 0; i < kPriorities; ++i)
            target.route->waiting[i] -= target.waiting[i].size();
    target.route = link;
    target.generation = ++generation_;
    target.in_line = {};
    if (link == nullptr) return;
    for (std::size_t i = 0; i < kPriorities; ++i) {
        link->waiting[i] += target.waiting[i].size();
        if (!target.waiting[i].empty()) stand_in_line(target, i);
    }
    rouse(*link);
}

void DeliveryEngine::hurry(const Target& target, TimePoint now) {
    if (target.route == nullptr) return;
    const bool direct = target.route->node == target.id;
    for (Copy* copy : target.in_flight) {
        if (copy->link == target.route && direct) continue;
        if (!direct && mesh_.holds(copy->path)) continue;
        const Duration wait = config_.reroute_after * (1u << std::min(copy->attempts - 1, 6u));
        const TimePoint at = direct ? now : copy->sent_at + wait;
        if (copy->retry_at == TimePoint{} || at < copy->retry_at) arm(*copy, at);
    }
}

void DeliveryEngine::reroute(TimePoint now) {
    std::vector<DeviceId> carriers;
    for (const auto& [id, link] : links_)
        if (link->options.carries) carriers.push_back(id);
    mesh_.route_from(carriers);
    for (auto& [id, target] : targets_) {
        const bool was_cut_off = target->route == nullptr;
        set_route(*target, find_route(id));
        if (was_cut_off && target->route != nullptr)
            for (const InOrder& waiting : target->waiting)
                for (Copy* copy : waiting) reach(*copy, now);
        hurry(*target, now);
    }
    routes_stale_ = false;
}

void DeliveryEngine::run_timers(TimePoint now, Effects& effects) {
    while (!expiries_.empty() && (*expiries_.begin())->what.expires_at <= now) {
        const NewCopy& copy = (*expiries_.begin())->what;
        effects.expired.push_back({copy.key, copy.reachable_at});
        finished(effects.expired.back().copy);
    }
    while (!retries_.empty() && (*retries_.begin())->retry_at <= now) {
        Copy& copy = **retries_.begin();
        land(copy);
        wait(copy);
    }
    while (!throttled_.empty() && (*throttled_.begin())->free_at <= now) {
        rouse(**throttled_.begin());
        throttled_.erase(throttled_.begin());
    }
}

bool DeliveryEngine::may_send(const Link& link, TimePoint now) const {
    return link.options.credit > 0 &&
           (link.options.capacity_bytes_per_s == 0 || link.free_at <= now);
}

DeliveryEngine::Target& DeliveryEngine::next_in_line(Link& link, std::size_t own) {
    for (;;) {
        IMECE_ASSERT(!link.lines[own].empty());  // link.waiting says that somebody stands here.
        const Place place = link.lines[own].front();
        link.lines[own].pop_front();
        const auto found = targets_.find(place.target);
        if (found == targets_.end() || found->second->generation != place.generation) continue;
        found->second->in_line[own] = false;
        if (!found->second->waiting[own].empty()) return *found->second;
    }
}

void DeliveryEngine::serve(Link& link, TimePoint now, Effects& effects) {
    for (std::uint32_t sends = 0; link.options.credit > 0; ++sends) {
        std::array<bool, kPriorities> waiting{};
        for (std::size_t i = 0; i < kPriorities; ++i) waiting[i] = link.waiting[i] > 0;
        const auto priority = link.scheduler.pick(waiting);
        if (!priority) return;
        if (!may_send(link, now)) {
            throttled_.insert(&link);
            return;
        }
        if (sends == config_.sends_per_turn) return rouse(link);
        Target& target = next_in_line(link, rank(*priority));
        Copy& copy = **target.waiting[rank(*priority)].begin();
        unwait(copy);
        if (!target.waiting[rank(*priority)].empty()) stand_in_line(target, rank(*priority));
        send(link, copy, now, effects);
    }
}

void DeliveryEngine::send(Link& link, Copy& copy, TimePoint now, Effects& effects) {
    const std::size_t own = rank(copy.what.priority);
    Target& target = *copy.target;
    copy.link = &link;
    copy.sent_at = now;
    ++copy.attempts;
    link.in_flight.insert(&copy);
    target.in_flight.insert(&copy);
    --link.options.credit;
    ++depths_[own].in_flight;
    link.scheduler.sent(copy.what.priority, copy.what.bytes);
    if (link.options.capacity_bytes_per_s > 0)
        link.free_at =
            std::max(link.free_at, std::chrono::sys_time<microseconds>(now)) +
            microseconds(copy.what.bytes * 1'000'000 / link.options.capacity_bytes_per_s);
    const bool direct = link.node == target.id;
    // On its own connection the recipient is there, or the connection ends: no timer is needed.
    if (!direct) {
        const Duration first = config_.retry_first[own];
        const Duration wait = first * (1u << std::min(copy.attempts - 1, 16u));
        arm(copy, now + std::min(wait, config_.retry_max));
    }
    copy.path = direct ? std::vector{target.id} : mesh_.path_to(target.id);
    effects.sends.push_back({link.node, copy.what.key, copy.path, copy.attempts});
}

}  // namespace imece::messaging
