#include "discovery/app/follow_devices.h"

#include "base/result.h"

namespace imece::discovery {

Status FollowDevices::enrolled(const DeviceId& device, const crypto::PublicKey& key,
                               std::uint64_t position) const {
    IMECE_CHECK(store_.put_device(device, key, position));
    live_.with([&](Live::State& state) { state.devices.insert_or_assign(device, key); });
    return {};
}

Status FollowDevices::revoked(const DeviceId& device, std::uint64_t position) const {
    IMECE_CHECK(store_.remove_device(device, position));
    live_.with([&](Live::State& state) {
        state.devices.erase(device);
        state.unsaved.erase(device);
        state.topology.forget(device);
    });
    changed_();
    return {};
}

Status FollowDevices::forget_all() const {
    IMECE_CHECK(store_.clear_devices());
    live_.with([](Live::State& state) { state.devices.clear(); });
    return {};
}

}  // namespace imece::discovery
