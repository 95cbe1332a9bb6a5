// The config service's changes, as the other services hear of them.
#pragma once

#include "config/domain/change.h"
#include "runtime/bus/outbox.h"

namespace imece::config {

/// Of a secret it says that it changed, not to what.
runtime::Event event_of(const Change& change);

}  // namespace imece::config
