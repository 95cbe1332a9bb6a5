// Counting what became of messages.
#pragma once

#include <atomic>
#include <mutex>
#include <span>

#include "analytics/app/ports.h"

namespace imece::analytics {

/// One thread counts; the others may look.
class CountMessages {
public:
    struct Deps {
        RollupStore& store;
        const Clock& clock;
    };
    struct Options {
        bool site_is_exercise = false;  ///< Else the traffic of exercises is not counted.
        Duration keep_for = std::chrono::hours(30 * 24);
    };
    CountMessages(Deps deps, Options options) : deps_(deps), options_(options) {}

    /// Takes up how far it came. Errors: the store's.
    Status load();
    /// The facts of events up to `progress`, in one commit. Once an hour it also prunes.
    Status operator()(std::span<const MessageFact> facts, const Progress& progress);
    /// Messaging's log was trimmed behind us, or is another: what is in it is counted on top of what was counted.
    Status restart();

    Progress progress() const;
    /// Grows with every change.
    std::uint64_t version() const { return version_; }

private:
    Status prune_now_and_then();

    Deps deps_;
    Options options_;
    mutable std::mutex mutex_;
    Progress progress_;
    TimePoint pruned_at_;
    std::atomic<std::uint64_t> version_{0};
};

}  // namespace imece::analytics
