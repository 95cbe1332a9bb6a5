// What the ledger tells, and what it hears of messaging.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ledger/app/anchor_receipts.h"
#include "runtime/bus/outbox.h"

namespace imece::ledger {

/// transaction.submitted.v1 when somebody asked for it; nothing for what the site does by itself.
std::optional<runtime::Event> submitted_event(const Submitted& submitted, Random& random);
/// emergency.changed.v1 when the block changed which are in force.
std::optional<runtime::Event> final_event(const Finalized& finalized, Random& random);

/// What the ledger wants of messaging's log.
inline constexpr const char* kDelivered = "message.delivered.v1";

/// What the ledger wants of identity's log.
inline constexpr const char* kCheckInRecorded = "check_in.recorded.v1";

/// The check-in that `event`, a kCheckInRecorded, tells of. Nothing, with an error in the log, where it is malformed.
std::optional<CheckInRecorded> check_in_of(const runtime::Event& event);

/// The receipts that `events`, each kDelivered, carry. A malformed one is passed over with an error in the log.
std::vector<AnchoredReceipt> receipts_of(std::span<const runtime::Event> events);

}  // namespace imece::ledger
