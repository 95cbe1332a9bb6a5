// Messaging's events out, and others' events in.
#pragma once

#include <memory>
#include <string>

#include "messaging/app/directory.h"
#include "messaging/app/dispatcher.h"
#include "runtime/bus/outbox.h"

namespace imece::runtime {
struct Process;
class Subscription;
}  // namespace imece::runtime

namespace imece::messaging {

/// The wire form of what happened to a message.
runtime::Event accepted_event(const Record& record, const std::string& trace_parent);
runtime::Event ended_event(const Record& record, const Ending& ending);

/// Keeps `directory` in step with identity's events.
std::unique_ptr<runtime::Subscription> follow_identity(runtime::Process& process,
                                                       Directory& directory);
/// Keeps the dispatcher's mesh in step with discovery's; after a restart from its last full snapshot.
std::unique_ptr<runtime::Subscription> follow_discovery(runtime::Process& process,
                                                        Dispatcher& dispatcher);

}  // namespace imece::messaging
