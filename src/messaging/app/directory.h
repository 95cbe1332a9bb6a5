// Who the devices are, as identity's events said: a read model in memory over the store.
#pragma once

#include <optional>
#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "messaging/app/ports.h"

namespace imece::messaging {

/// Thread-safe. What put_* returns is durable; readers see it at once.
class Directory {
public:
    explicit Directory(MessageStore& store) : store_(store) {}
    /// Once, before any other call. Errors: the store's.
    Status load();

    Status put_device(const DeviceFact& device, std::uint64_t position);
    /// Marks a device as revoked; nothing but the position for one that is not known.
    Status revoke(const DeviceId& device, std::uint64_t position);
    Status put_group(const GroupFact& group, std::uint64_t position);
    Status put_position(std::uint64_t position);
    std::uint64_t position() const;

    std::optional<DeviceFact> device(const DeviceId& id) const;
    /// The devices that a message to `destination` goes to, revoked ones left out.
    /// Errors: kNotFound DESTINATION_UNKNOWN.
    Result<std::vector<DeviceId>> recipients(const Destination& destination) const;

private:
    void keep(const DeviceFact& device);

    MessageStore& store_;
    mutable std::shared_mutex mutex_;
    std::unordered_map<DeviceId, DeviceFact> devices_;
    std::unordered_map<UserId, std::unordered_set<DeviceId>> owned_;
    std::unordered_map<GroupId, std::vector<DeviceId>> groups_;
    std::uint64_t position_ = 0;
};

}  // namespace imece::messaging
