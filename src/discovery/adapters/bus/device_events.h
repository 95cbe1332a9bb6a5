// What identity tells of devices.
#pragma once

#include "discovery/app/follow_devices.h"
#include "runtime/bus/outbox.h"

namespace imece::discovery {

/// Applies device.enrolled.v1 and device.revoked.v1; other events pass by. One that does not read
/// is logged and passed by as well: it would never read, and those after it matter.
/// Errors: the store's.
Status apply_device_event(const runtime::Event& event, const FollowDevices& devices);

}  // namespace imece::discovery
