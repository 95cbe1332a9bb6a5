// Facts for tests.
#pragma once

#include "analytics/domain/counts.h"
#include "analytics/domain/islands.h"

namespace imece::analytics::samples {

/// On a whole hour.
inline const TimePoint kHour = from_unix_ms(1'675'645'200'000);

template <class AnyId>
AnyId id(std::uint32_t n) {
    AnyId out;
    for (int i = 0; i < 4; ++i) out.bytes[15 - i] = std::uint8_t(n >> (8 * i));
    return out;
}
inline MessageId message(std::uint32_t n) {
    return id<MessageId>(n);
}
inline DeviceId node(std::uint32_t n) {
    return id<DeviceId>(n);
}

inline MessageFact accepted(std::uint32_t n, TimePoint at = kHour, std::uint32_t copies = 1,
                            Priority priority = Priority::kOperational) {
    return {.kind = MessageFact::Kind::kAccepted,
            .message = message(n),
            .priority = priority,
            .accepted_at = at,
            .expires_at = at + std::chrono::hours(1),
            .copies = copies,
            .ended_at = {}};
}
/// One copy of accepted(n, at): reachable at once, ended `after` its acceptance.
inline MessageFact ended(std::uint32_t n, MessageFact::Kind kind, Duration after = Duration(1000),
                         TimePoint at = kHour, Priority priority = Priority::kOperational) {
    return {.kind = kind,
            .message = message(n),
            .priority = priority,
            .accepted_at = at,
            .expires_at = {},
            .ended_at = at + after,
            .reachable_at = at};
}
inline Counts counts(const std::vector<MessageFact>& facts) {
    Counts counts;
    for (const MessageFact& fact : facts) counts.add(fact);
    return counts;
}

}  // namespace imece::analytics::samples
