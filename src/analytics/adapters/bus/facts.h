// What the events of messaging and discovery say, for the domain.
#pragma once

#include <optional>

#include "analytics/domain/counts.h"
#include "analytics/domain/islands.h"
#include "runtime/bus/outbox.h"

namespace imece::analytics {

/// Nothing for an event that says nothing of a message's fate, and for one that is malformed, which is logged.
std::optional<MessageFact> message_fact(const runtime::Event& event);
/// The same for the network.
std::optional<TopologyChange> topology_change(const runtime::Event& event);

}  // namespace imece::analytics
