// The topology that all calls of the process share.
#pragma once

#include <map>
#include <mutex>
#include <utility>

#include "discovery/app/ports.h"

namespace imece::discovery {

/// Thread-safe: what it holds is reached through with() only.
class Live {
public:
    struct State {
        Topology topology;
        std::map<DeviceId, crypto::PublicKey> devices;  ///< Enrolled and not revoked.
        std::map<NodeId, StoredReport> unsaved;         ///< Taken since the last commit.
    };

    Live(const Timing& timing, const TopologyLimits& limits)
        : state_{Topology(timing, limits), {}, {}} {}

    /// Runs `use(State&)` alone. It must not block, and keeps no reference.
    template <class Use>
    auto with(const Use& use) {
        const std::lock_guard lock(mutex_);
        return use(state_);
    }

private:
    std::mutex mutex_;
    State state_;
};

}  // namespace imece::discovery
