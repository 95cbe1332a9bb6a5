// What the other services tell, as records of the audit log.
#pragma once

#include "runtime/bus/outbox.h"
#include "security/app/ports.h"

namespace imece::security {

/// The record of an event of `source`: who and what by its attributes, its data by hash only.
NewRecord record_of(const runtime::Event& event, const std::string& source);

}  // namespace imece::security
