#include "messaging/domain/class_scheduler.h"

namespace imece::messaging {
namespace {
constexpr double kWindowBytes = 256 * 1024;
}

std::optional<Priority> ClassScheduler::pick(const std::array<bool, kPriorities>& waiting) const {
    std::optional<Priority> most_urgent;
    for (std::size_t i = 0; i < kPriorities; ++i) {
        if (!waiting[i]) continue;
        if (carried_[i] <= kShares[i] * total_) return priority_of_rank(i);
        if (!most_urgent) most_urgent = priority_of_rank(i);
    }
    return most_urgent;
}

void ClassScheduler::sent(Priority priority, std::size_t bytes) {
    carried_[rank(priority)] += double(bytes);
    total_ += double(bytes);
    if (total_ < kWindowBytes) return;
    for (double& carried : carried_) carried /= 2;
    total_ /= 2;
}

}  // namespace imece::messaging
