#include "discovery/adapters/bus/device_events.h"

#include "base/read_id.h"
#include "imece/identity/v1/events.pb.h"
#include "runtime/observe/log.h"

namespace imece::discovery {
namespace {

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
        DeviceId device;
        const auto key = crypto::public_key_from(view_of(enrolled.public_key()));
        if (!read_id(enrolled.device_id(), device) || !key) return pass_by(event);
        return devices.enrolled(device, *key, event.position);
    }
    if (event.type == "device.revoked.v1") {
        imece::identity::v1::DeviceRevoked revoked;
        if (!revoked.ParseFromString(event.data)) return pass_by(event);
        DeviceId device;
        if (!read_id(revoked.device_id(), device)) return pass_by(event);
        return devices.revoked(device, event.position);
    }
    return {};
}

}  // namespace imece::discovery
