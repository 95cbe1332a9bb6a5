#include "messaging/app/directory.h"

#include <algorithm>
#include <mutex>

#include "base/result.h"

namespace imece::messaging {

Status Directory::load() {
    IMECE_TRY(const Facts facts, store_.facts());
    const std::unique_lock lock(mutex_);
    for (const DeviceFact& device : facts.devices) keep(device);
    for (const GroupFact& group : facts.groups) groups_[group.group] = group.devices;
    position_ = facts.position;
    return {};
}

Status Directory::put_device(const DeviceFact& device, std::uint64_t position) {
    IMECE_CHECK(store_.put_device(device, position));
    const std::unique_lock lock(mutex_);
    keep(device);
    position_ = position;
    return {};
}

Status Directory::revoke(const DeviceId& id, std::uint64_t position) {
    auto known = device(id);
    if (!known) return put_position(position);
    known->revoked = true;
    return put_device(*known, position);
}

Status Directory::put_group(const GroupFact& group, std::uint64_t position) {
    IMECE_CHECK(store_.put_group(group, position));
    const std::unique_lock lock(mutex_);
    groups_[group.group] = group.devices;
    position_ = position;
    return {};
}

Status Directory::put_position(std::uint64_t position) {
    IMECE_CHECK(store_.put_position(position));
    const std::unique_lock lock(mutex_);
    position_ = position;
    return {};
}

std::uint64_t Directory::position() const {
    const std::shared_lock lock(mutex_);
    return position_;
}

std::optional<DeviceFact> Directory::device(const DeviceId& id) const {
    const std::shared_lock lock(mutex_);
    const auto found = devices_.find(id);
    if (found == devices_.end()) return std::nullopt;
    return found->second;
}

Result<std::vector<DeviceId>> Directory::recipients(const Destination& destination) const {
    const std::shared_lock lock(mutex_);
    std::vector<DeviceId> devices;
    if (destination.kind == DestinationKind::kDevice) {
        devices.push_back(DeviceId{destination.id});
    } else if (destination.kind == DestinationKind::kUser) {
        if (const auto found = owned_.find(UserId{destination.id}); found != owned_.end())
            devices.assign(found->second.begin(), found->second.end());
        std::ranges::sort(devices);
    } else if (const auto found = groups_.find(GroupId{destination.id}); found != groups_.end()) {
        devices = found->second;
    }
    std::erase_if(devices, [this](const DeviceId& id) {
        const auto found = devices_.find(id);
        return found == devices_.end() || found->second.revoked;
    });
    if (devices.empty())
        return fail(ErrorCode::kNotFound, "DESTINATION_UNKNOWN",
                    "no device here answers to that destination");
    return devices;
}

void Directory::keep(const DeviceFact& device) {
    if (!device.owner.empty()) owned_[device.owner].insert(device.device);
    devices_[device.device] = device;
}

}  // namespace imece::messaging
