// The earliest moment at which each message could have arrived.
#pragma once

#include <vector>

#include "replay/trace/run_log.h"

namespace imece::replay {

inline constexpr Ms kNever = -1;

struct Reckoning {
    std::vector<Ms> arrivals;  ///< By message of the plan; kNever without such a moment.
    std::uint32_t islands =
        0;  ///< Most pieces of two or more nodes at once that had no way to the backend.
    std::uint32_t links = 0;  ///< Pairs of nodes that were linked at some time.
};

/// For each message of the plan, the first moment at which any of its recipients held it, had every
/// copy moved in no time over everything that was up (docs/trace.md, the oracle).
///
/// All nodes of one connected piece hold the same messages, so one set of bits a piece is kept.
/// Cost: a contact that joins two pieces takes one pass over their sets, messages/64 words; it grows with contacts × messages.
Reckoning reckon(const RunLog& log);

}  // namespace imece::replay
