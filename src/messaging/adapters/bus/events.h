// Messaging's events out, and others' events in.
#pragma once

#include <functional>
#include <memory>

#include "messaging/adapters/store_rocks/rocks_store.h"
#include "messaging/app/directory.h"
#include "messaging/app/dispatcher.h"

namespace imece::runtime {
struct Process;
class Subscription;
}  // namespace imece::runtime

namespace imece::messaging {

/// The wire form of what happened to a message.
EventMakers make_event_makers();

/// Keeps `directory` in step with identity's events.
std::unique_ptr<runtime::Subscription> follow_identity(runtime::Process& process,
                                                       Directory& directory);
/// Keeps the dispatcher's mesh in step with discovery's; after a restart from its last full snapshot.
std::unique_ptr<runtime::Subscription> follow_discovery(runtime::Process& process,
                                                        Dispatcher& dispatcher);

}  // namespace imece::messaging
