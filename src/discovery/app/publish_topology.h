// Tells the others what changed, and keeps the last reports.
#pragma once

#include <optional>

#include "discovery/app/live.h"

namespace imece::discovery {

/// One caller at a time.
class PublishTopology {
public:
    struct Options {
        Duration interval{200};             ///< At most one announcement in this (site) time.
        std::size_t deltas_per_full = 500;  ///< Then a full one, and the log is trimmed.
    };
    struct Deps {
        Live& live;
        TopologyStore& store;
        const Clock& clock;
        Random& random;
        EncodeDelta encode;
    };
    PublishTopology(Deps deps, Options options) : deps_(std::move(deps)), options_(options) {}

    /// Loads what the store kept into the topology, as old as it is. Once, before the first run().
    /// Errors: the store's. A report that no longer reads is left out: its node will send another.
    Status restore(const DecodeReport& decode);

    /// Moves the states to this moment, and commits the reports taken with one announcement of all
    /// that changed since the last. The first announcement of a process is a full one. What a
    /// failed commit held is kept and goes first in the next. Gives the time at which to run again;
    /// empty: when something changes.
    Result<std::optional<TimePoint>> run();

private:
    Change collect(TimePoint now);
    const Deps deps_;
    const Options options_;
    std::optional<Change> pending_;  ///< Collected, not committed.
    std::optional<std::size_t> deltas_since_full_;
    TimePoint next_;  ///< Not before this.
};

}  // namespace imece::discovery
