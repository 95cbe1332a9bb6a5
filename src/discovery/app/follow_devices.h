// Keeps up with which devices are enrolled.
#pragma once

#include "discovery/app/live.h"

namespace imece::discovery {

/// Each change is stored with the position of its event before it is believed: nothing is believed
/// that a restart would not know.
class FollowDevices {
public:
    FollowDevices(Live& live, TopologyStore& store, std::function<void()> changed)
        : live_(live), store_(store), changed_(std::move(changed)) {}

    Status enrolled(const DeviceId& device, const crypto::PublicKey& key,
                    std::uint64_t position) const;
    /// The device's node is taken out of the topology.
    Status revoked(const DeviceId& device, std::uint64_t position) const;
    /// The devices will be told anew. Their nodes stay: most of them are about to be confirmed.
    Status forget_all() const;

private:
    Live& live_;
    TopologyStore& store_;
    std::function<void()> changed_;
};

}  // namespace imece::discovery
