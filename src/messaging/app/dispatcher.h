// Drives the delivery engine, between the queue and the open connections.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "messaging/app/ports.h"
#include "messaging/domain/delivery_engine.h"

namespace imece::messaging {

struct QueueStatus {
    struct Class {
        ClassDepth depth;
        TimePoint oldest_accepted_at;  ///< Zero: none is pending.
        std::uint64_t accepted = 0;    ///< Since the process began, as those below; copies.
        std::uint64_t delivered = 0;
        std::uint64_t in_time = 0;  ///< Of those delivered, within what the class is promised.
        std::uint64_t expired = 0;
    };
    std::array<Class, kPriorities> classes;
    std::size_t links = 0;
    std::uint64_t mesh_version = 0;
};

/// Thread-safe. Sinks are called from the thread that takes the turns and from those of the callers.
class Dispatcher {
public:
    struct Deps {
        MessageStore& store;
        const Clock& clock;
        JourneyPort* journeys = nullptr;  ///< Null: nobody follows.
    };
    Dispatcher(Deps deps, const DeliveryEngine::Config& config) : deps_(deps), engine_(config) {}
    ~Dispatcher() { stop(); }

    /// Takes up what was pending. Once, before any turn. Errors: the store's.
    Status load();
    /// load(), then turns on a thread of its own until stop().
    Status start();
    /// Does what is due now: delivers, expires. When to come again although nothing else was called: TimePoint::min() at
    /// once, TimePoint::max() never. One caller at a time.
    TimePoint turn();
    /// Closes every connection's sink and ends the thread.
    void stop();

    /// The device's newest connection is the one that counts: an older one's sink is closed.
    void attach(const DeviceId& node, const LinkOptions& options,
                std::shared_ptr<DeliverySink> sink);
    /// Nothing when `sink` is not the device's present one.
    void detach(const DeviceId& node, const DeliverySink* sink);
    void credit(const DeviceId& node, std::uint32_t add);

    void queued(const std::vector<Record>& records);
    /// What became of `endings` in the store, in their order: each that was recorded is done with,
    /// and its sender is told if it is connected.
    void finished(const std::vector<Ending>& endings, const std::vector<Ended>& ended);
    void mesh_changed(const MeshChange& change);
    std::uint64_t mesh_version() const;

    /// Sets `reachable_at` of what is about to be stored: of copies to whose recipients a path is known now…
    void note_paths(std::vector<NewMessage>& messages) const;
    /// …and of copies that end.
    void note_paths(std::vector<Ending>& endings) const;

    CopyView view(const CopyKey& copy) const;
    QueueStatus status() const;
    std::uint64_t pending() const { return pending_.load(std::memory_order_relaxed); }
    /// Copies of what the device sent.
    std::uint64_t pending_of(const DeviceId& sender) const;

private:
    void run(const std::stop_token& stop);
    void deliver(const std::vector<Send>& sends);
    void expire(const std::vector<Reached>& copies);
    void keep_reached(const std::vector<Reached>& copies);
    std::shared_ptr<DeliverySink> sink_of(const DeviceId& node) const;
    /// One call a sender that is connected.
    void tell_senders(const std::vector<Ending>& endings, const std::vector<Ended>& ended) const;
    /// Runs `change` on the engine and wakes the thread.
    template <class Change>
    auto change_engine(const Change& change);

    Deps deps_;
    mutable std::mutex mutex_;
    std::condition_variable_any wake_;
    bool woken_ = false;
    DeliveryEngine engine_;
    std::map<DeviceId, std::shared_ptr<DeliverySink>> sinks_;
    std::array<QueueStatus::Class, kPriorities> totals_{};
    std::atomic<std::uint64_t> pending_{0};
    std::vector<Reached> unended_;  ///< Expired, but not in the store yet. Of who takes the turns.
    TimePoint unended_again_at_;
    std::jthread thread_;
};

}  // namespace imece::messaging
