#include "messaging/app/dispatcher.h"

#include <algorithm>
#include <iterator>

#include "base/result.h"

namespace imece::messaging {
namespace {

/// In one commit; more would keep others waiting.
constexpr std::size_t kReachedBatch = 1024;
/// Until copies are ended again whose end the store did not take.
constexpr Duration kEndAgainAfter = std::chrono::seconds(5);

NewCopy copy_of(const Record& record, const Record::Copy& copy) {
    return {.key = {record.envelope.id, copy.device},
            .sender = record.envelope.sender,
            .priority = record.envelope.priority,
            .sequence = record.sequence,
            .accepted_at = record.accepted_at,
            .expires_at = record.expires_at,
            .bytes = record.envelope.body_bytes,
            .reachable_at = copy.reachable_at};
}

}  // namespace

template <class Change>
auto Dispatcher::change_engine(const Change& change) {
    const std::scoped_lock lock(mutex_);
    woken_ = true;
    wake_.notify_one();
    struct Count {
        Dispatcher& self;
        ~Count() { self.pending_ = self.engine_.pending(); }
    } const count{*this};
    return change();
}

Status Dispatcher::load() {
    const Status loaded = deps_.store.each_pending([this](const Record& record) {
        for (const Record::Copy& copy : record.copies)
            if (copy.state == CopyState::kPending) engine_.queued(copy_of(record, copy));
    });
    IMECE_CHECK(loaded);
    pending_ = engine_.pending();
    return {};
}

Status Dispatcher::start() {
    IMECE_CHECK(load());
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    return {};
}

void Dispatcher::stop() {
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
    std::map<DeviceId, std::shared_ptr<DeliverySink>> open;
    {
        const std::scoped_lock lock(mutex_);
        open.swap(sinks_);
    }
    for (const auto& [node, sink] : open)
        sink->close(
            {ErrorCode::kUnavailable, "SHUTTING_DOWN", "the service is stopping: connect again"});
}

void Dispatcher::attach(const DeviceId& node, const LinkOptions& options,
                        std::shared_ptr<DeliverySink> sink) {
    std::shared_ptr<DeliverySink> former;
    change_engine([&] {
        former = std::exchange(sinks_[node], std::move(sink));
        engine_.attached(node, options, deps_.clock.now());
    });
    if (former)
        former->close(
            {ErrorCode::kAborted, "STREAM_REPLACED", "the device opened a newer connection"});
}

void Dispatcher::detach(const DeviceId& node, const DeliverySink* sink) {
    change_engine([&] {
        const auto found = sinks_.find(node);
        if (found == sinks_.end() || found->second.get() != sink) return;
        sinks_.erase(found);
        engine_.detached(node);
    });
}

void Dispatcher::credit(const DeviceId& node, std::uint32_t add) {
    change_engine([&] { engine_.credit(node, add); });
}

void Dispatcher::queued(const std::vector<Record>& records) {
    change_engine([&] {
        for (const Record& record : records) {
            totals_[rank(record.envelope.priority)].accepted += record.copies.size();
            for (const Record::Copy& copy : record.copies) engine_.queued(copy_of(record, copy));
        }
    });
}

void Dispatcher::finished(const std::vector<Ending>& endings, const std::vector<Ended>& ended) {
    change_engine([&] {
        for (std::size_t i = 0; i < endings.size(); ++i) {
            if (ended[i].outcome != Ended::Outcome::kRecorded) continue;
            const auto accepted_at = engine_.finished(endings[i].copy);
            if (endings[i].end != End::kDelivered) continue;
            const std::size_t of = rank(ended[i].priority);
            ++totals_[of].delivered;
            if (accepted_at && endings[i].at - *accepted_at <= kPromised[of]) ++totals_[of].in_time;
        }
    });
    tell_senders(endings, ended);
}

void Dispatcher::mesh_changed(const MeshChange& change) {
    change_engine([&] { engine_.mesh_changed(change); });
}

std::uint64_t Dispatcher::mesh_version() const {
    const std::scoped_lock lock(mutex_);
    return engine_.mesh_version();
}

void Dispatcher::note_paths(std::vector<NewMessage>& messages) const {
    const std::scoped_lock lock(mutex_);
    for (NewMessage& message : messages)
        for (Record::Copy& copy : message.record.copies)
            if (engine_.reaches(copy.device)) copy.reachable_at = message.record.accepted_at;
}

void Dispatcher::note_paths(std::vector<Ending>& endings) const {
    const std::scoped_lock lock(mutex_);
    for (Ending& ending : endings) ending.reachable_at = engine_.reachable_at(ending.copy);
}

std::uint64_t Dispatcher::pending_of(const DeviceId& sender) const {
    const std::scoped_lock lock(mutex_);
    return engine_.pending_of(sender);
}

CopyView Dispatcher::view(const CopyKey& copy) const {
    const std::scoped_lock lock(mutex_);
    return engine_.view(copy, deps_.clock.now());
}

QueueStatus Dispatcher::status() const {
    const std::scoped_lock lock(mutex_);
    QueueStatus status{totals_, engine_.links(), engine_.mesh_version()};
    for (std::size_t i = 0; i < kPriorities; ++i) {
        status.classes[i].depth = engine_.depth(priority_of_rank(i));
        status.classes[i].oldest_accepted_at = engine_.oldest(priority_of_rank(i));
    }
    return status;
}

TimePoint Dispatcher::turn() {
    Effects effects;
    const TimePoint now = deps_.clock.now();
    {
        const std::scoped_lock lock(mutex_);
        woken_ = false;
        effects = engine_.due(now);
        pending_ = engine_.pending();
        if (now >= unended_again_at_) {
            std::ranges::copy(unended_, std::back_inserter(effects.expired));
            unended_.clear();
        }
        if (effects.sends.empty() && effects.expired.empty() && effects.reached.empty())
            return unended_.empty() ? engine_.next_due()
                                    : std::min(engine_.next_due(), unended_again_at_);
    }
    if (!effects.expired.empty()) expire(effects.expired);
    if (!effects.sends.empty()) deliver(effects.sends);
    if (!effects.reached.empty()) keep_reached(effects.reached);
    return TimePoint::min();
}

void Dispatcher::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const TimePoint next = turn();
        if (next == TimePoint::min()) continue;
        // Far times would overflow the steady clock: an hour is as good.
        const auto wall = std::min(
            std::chrono::steady_clock::now() + std::chrono::hours(1),
            next == TimePoint::max() ? SteadyPoint::max() : deps_.clock.wall_time_of(next));
        std::unique_lock lock(mutex_);
        wake_.wait_until(lock, stop, wall, [this] { return woken_; });
    }
}

void Dispatcher::deliver(const std::vector<Send>& sends) {
    std::vector<MessageId> ids;
    for (const Send& send : sends) ids.push_back(send.copy.message);
    const auto envelopes = deps_.store.envelopes(ids);
    std::map<DeviceId, std::vector<OutDelivery>> by_link;
    for (std::size_t i = 0; i < sends.size(); ++i) {
        if (!envelopes || (*envelopes)[i].empty()) {
            // The store is down, or the copy was ended between choosing and reading it.
            change_engine([&] { engine_.send_failed(sends[i].copy, deps_.clock.now()); });
            continue;
        }
        if (deps_.journeys != nullptr) deps_.journeys->sent(sends[i].copy);
        by_link[sends[i].link].push_back(
            {sends[i].copy, (*envelopes)[i], sends[i].path, sends[i].attempt});
    }
    for (auto& [node, deliveries] : by_link)
        if (const auto sink = sink_of(node)) sink->deliver(std::move(deliveries));
}

void Dispatcher::keep_reached(const std::vector<Reached>& copies) {
    for (std::size_t i = 0; i < copies.size(); i += kReachedBatch) {
        const std::size_t size = std::min(kReachedBatch, copies.size() - i);
        // It matters after a restart only: a store that is down now has worse to tell.
        (void)deps_.store.reached(std::span(copies).subspan(i, size));
    }
}

void Dispatcher::expire(const std::vector<Reached>& copies) {
    std::vector<Ending> endings;
    for (const Reached& expired : copies)
        endings.push_back({.copy = expired.copy,
                           .end = End::kExpired,
                           .at = deps_.clock.now(),
                           .receipt = {},
                           .reachable_at = expired.reachable_at});
    const auto ended = deps_.store.end(endings);
    if (!ended) {
        std::ranges::copy(copies, std::back_inserter(unended_));
        unended_again_at_ = deps_.clock.now() + kEndAgainAfter;
        return;
    }
    {
        const std::scoped_lock lock(mutex_);
        for (const Ended& one : *ended)
            if (one.outcome == Ended::Outcome::kRecorded) ++totals_[rank(one.priority)].expired;
    }
    tell_senders(endings, *ended);
}

std::shared_ptr<DeliverySink> Dispatcher::sink_of(const DeviceId& node) const {
    const std::scoped_lock lock(mutex_);
    const auto found = sinks_.find(node);
    return found == sinks_.end() ? nullptr : found->second;
}

void Dispatcher::tell_senders(const std::vector<Ending>& endings,
                              const std::vector<Ended>& ended) const {
    std::map<DeviceId, std::vector<StatusNews>> by_sender;
    for (std::size_t i = 0; i < endings.size(); ++i) {
        if (ended[i].outcome != Ended::Outcome::kRecorded) continue;
        if (deps_.journeys != nullptr) deps_.journeys->ended(endings[i].copy, endings[i].end);
        by_sender[ended[i].sender].push_back(
            {endings[i].copy.message, endings[i].end, endings[i].receipt});
    }
    for (auto& [sender, news] : by_sender)
        if (const auto sink = sink_of(sender)) sink->status(std::move(news));
}

}  // namespace imece::messaging
