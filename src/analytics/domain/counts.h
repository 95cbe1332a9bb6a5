// From what happened to messages to numbers by minute.
#pragma once

#include <compare>
#include <map>
#include <unordered_map>

#include "analytics/domain/promise.h"
#include "base/clock.h"
#include "base/ids.h"

namespace imece::analytics {

/// What an event says of a message, or of one of its copies.
struct MessageFact {
    enum class Kind { kAccepted, kDelivered, kRejected, kExpired };
    Kind kind = Kind::kAccepted;
    MessageId message;
    Priority priority = Priority::kMaintenance;
    bool exercise = false;
    TimePoint accepted_at;
    TimePoint expires_at;  ///< This and `copies`: of an accepted one.
    std::uint32_t copies = 0;
    TimePoint ended_at;        ///< This and `reachable_at`: of the others.
    TimePoint reachable_at{};  ///< When a path was first known; zero: none was.
};

/// A message of which copies wait.
struct Waiting {
    Priority priority = Priority::kMaintenance;
    TimePoint accepted_at;
    TimePoint expires_at;
    std::uint32_t copies = 0;
    friend bool operator==(const Waiting&, const Waiting&) = default;
};

struct BucketKey {
    TimePoint start;
    Priority priority = Priority::kMaintenance;
    friend auto operator<=>(const BucketKey&, const BucketKey&) = default;
};

/// What some facts change, gathered so that many cost one commit.
struct Counts {
    std::map<BucketKey, Tally> minutes;
    std::unordered_map<MessageId, Waiting> waiting;      ///< Accepted here, and not ended here.
    std::unordered_map<MessageId, std::uint32_t> ended;  ///< Copies of messages accepted before.

    void add(const MessageFact& fact);
};

inline TimePoint minute_of(TimePoint at) {
    return std::chrono::floor<std::chrono::minutes>(at);
}
inline TimePoint hour_of(TimePoint at) {
    return std::chrono::floor<std::chrono::hours>(at);
}

}  // namespace imece::analytics
