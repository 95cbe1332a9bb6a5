// Messaging's events out, and others' events in.
#pragma once

#include <string>

#include "messaging/app/directory.h"
#include "messaging/app/dispatcher.h"
#include "runtime/bus/outbox.h"
#include "runtime/bus/subscription.h"

namespace imece::messaging {

/// The wire form of what happened to a message.
runtime::Event accepted_event(const Record& record, const std::string& trace_parent);
runtime::Event ended_event(const Record& record, const Ending& ending);

/// Keeps `directory` in step with identity's events.
runtime::Subscription::Options follow_identity(Directory& directory);
/// Keeps the dispatcher's mesh in step with discovery's; after a restart from its last full snapshot.
runtime::Subscription::Options follow_discovery(Dispatcher& dispatcher);

}  // namespace imece::messaging
