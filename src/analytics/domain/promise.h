// What is promised of each class, what became of its messages, and whether that is what was promised.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "analytics/domain/latency_histogram.h"

namespace imece::analytics {

/// From the most to the least urgent. The numbers are those of the wire.
enum class Priority : std::uint8_t {
    kLifeCritical = 1,
    kSafetyCritical = 2,
    kOperational = 3,
    kCommunication = 4,
    kMaintenance = 5,
};
inline constexpr std::size_t kPriorities = 5;
/// 0 for LIFE_CRITICAL to 4: where arrays are indexed by class.
inline std::size_t rank(Priority priority) {
    return std::size_t(priority) - 1;
}
inline Priority priority_of_rank(std::size_t rank) {
    return Priority(rank + 1);
}

/// Copies of messages by what became of them.
struct Tally {
    std::uint64_t accepted = 0;
    std::uint64_t delivered = 0;
    std::uint64_t rejected = 0;             ///< By the recipient.
    std::uint64_t expired = 0;              ///< Though a path was known within their lifetime.
    std::uint64_t expired_unreachable = 0;  ///< None ever was.
    std::uint64_t arrived =
        0;  ///< Delivered in this time, whenever accepted; the others count by acceptance.
    LatencyHistogram latency;  ///< Of the delivered ones, from the moment when a path was known.

    void merge(const Tally& other);
    /// What ended and could be reached.
    std::uint64_t judged() const { return delivered + expired; }
    double delivered_share() const;  ///< Of the judged ones; 0 without any.
    friend bool operator==(const Tally&, const Tally&) = default;
};

/// Zero: nothing is promised.
struct Promise {
    double share = 0;
    double p95_s = 0;
};
using Promises = std::array<Promise, kPriorities>;
inline constexpr Promises kPromises{{{0.995, 5}, {0.98, 15}, {0.96, 60}, {0.94, 300}, {}}};

/// The numbers are those of the wire.
enum class Judgement { kHeld = 1, kBroken = 2, kNotJudged = 3 };

/// Fewer than `samples_min` say nothing; refusals by recipients and what was out of reach are not held against us.
Judgement judge(const Tally& tally, const Promise& promise, std::uint64_t samples_min);

}  // namespace imece::analytics
