#include "discovery/adapters/bus/device_events.h"

#include <cstring>

#include "imece/identity/v1/events.pb.h"
#include "runtime/observe/log.h"

namespace imece::discovery {
namespace {

std::optional<DeviceId> id_from(const std::string& bytes) {
    DeviceId id;
    if (bytes.size() != id.bytes.size()) return std::nullopt;
    std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
    return id;
}

Status pass_by(const runtime::Event& event) {
    runtime::log(runtime::LogLevel::kError, "event_malformed",
                 {{"type", event.type}, {"position", event.position}});
    return {};
}

}  // namespace

Status apply_device_event(const runtime::Event& event, const FollowDevices& devices) {
    if (event.type == "device.enrolled.v1") {
        imece::identity::v1::DeviceEnrolled enrolled;
        if (!enrolled.ParseFromString(event.data)) return pass_by(event);
        const auto device = id_from(enrolled.device_id());
        const auto key = crypto::public_key_from(view_of(enrolled.public_key()));
        if (!device || !key) return pass_by(event);
        return devices.enrolled(*device, *key, event.position);
    }
    if (event.type == "device.revoked.v1") {
        imece::identity::v1::DeviceRevoked revoked;
        if (!revoked.ParseFromString(event.data)) return pass_by(event);
        const auto device = id_from(revoked.device_id());
        if (!device) return pass_by(event);
        return devices.revoked(*device, event.position);
    }
    return {};
}

}  // namespace imece::discovery
