// What the other services tell, as records of the audit log.
#pragma once

#include "runtime/bus/outbox.h"
#include "security/app/certificates.h"

namespace imece::security {

/// The record of an event of `source`: who and what by its attributes, its data by hash only.
NewRecord record_of(const runtime::Event& event, const std::string& source);

/// A record of security's own doing; the store gives it its position.
NewRecord own_record(const char* type, const std::string& subject, const Caller& caller,
                     const EventId& id, TimePoint now);

}  // namespace imece::security
