// What the ledger tells, and what it hears of messaging.
#pragma once

#include <optional>

#include "ledger/app/anchor_receipts.h"
#include "runtime/bus/outbox.h"

namespace imece::ledger {

/// transaction.submitted.v1 when somebody asked for it; nothing for what the site does by itself.
std::optional<runtime::Event> submitted_event(const Submitted& submitted, Random& random);
/// emergency.changed.v1 when the block changed which are in force.
std::optional<runtime::Event> final_event(const Finalized& finalized, Random& random);

/// Takes the receipt of a delivered message; passes over everything else.
Status apply_message_event(const runtime::Event& event, AnchorReceipts& receipts);

}  // namespace imece::ledger
