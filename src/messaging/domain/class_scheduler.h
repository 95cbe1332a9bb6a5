// Which class goes next on a contended link.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "messaging/domain/message.h"

namespace imece::messaging {

/// Gives each class its guarantee first and what is left over in strict class order.
///
/// A class is behind while it has had less than its share of what the link carried lately. Of the waiting
/// classes the most urgent one that is behind goes; if none is, the most urgent. So a
/// class that keeps within its share is never delayed by more than the one frame under way, however
/// large the others' backlog, and every class that waits gets its share. "Lately" halves with each
/// 256 KiB carried: an idle hour is no credit, and a burst is forgotten.
class ClassScheduler {
public:
    /// Shares of the link by class: LIFE 30 %, SAFETY 40, OPERATIONAL 12, COMMUNICATION 8, MAINTENANCE 10.
    static constexpr std::array<double, kPriorities> kShares{0.30, 0.40, 0.12, 0.08, 0.10};

    /// `waiting[rank]`: the class has something to send. Empty when none has. Cost: O(classes).
    std::optional<Priority> pick(const std::array<bool, kPriorities>& waiting) const;
    /// Counts what was sent.
    void sent(Priority priority, std::size_t bytes);

private:
    std::array<double, kPriorities> carried_{};
    double total_ = 0;
};

}  // namespace imece::messaging
