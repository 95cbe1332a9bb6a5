// What messaging knows of a message without opening it.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"

namespace imece::messaging {

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

/// Within which time 95 of 100 messages of the class, by rank, reach a recipient that can be reached. The last is best effort.
inline constexpr std::array<Duration, kPriorities> kPromised{
    std::chrono::seconds(5), std::chrono::seconds(15), std::chrono::seconds(60),
    std::chrono::seconds(300), Duration::max()};

enum class DestinationKind : std::uint8_t {
    kNone = 0,
    kDevice = 1,
    kUser = 2,
    kGroup = 3,
    kArea = 4
};

/// One device, user or group by its id; an area by its geohash.
struct Destination {
    DestinationKind kind = DestinationKind::kNone;
    std::array<std::uint8_t, 16> id{};
    std::string area;
};

/// The signed envelope, as far as we read it.
struct Envelope {
    MessageId id;
    DeviceId sender;
    Destination destination;
    Priority priority = Priority::kCommunication;
    TimePoint sent_at;
    Duration ttl{0};  ///< 0: the default of the class.
    bool exercise = false;
    std::size_t body_bytes = 0;
};

/// Configurable; the values are the published ones.
struct Limits {
    std::size_t body_bytes_max = 16 * 1024;
    Duration ttl_min = std::chrono::seconds(1);
    Duration ttl_max = std::chrono::hours(72);
    Duration clock_lead_max = std::chrono::minutes(5);
    std::array<Duration, kPriorities> ttl_default{std::chrono::hours(72), std::chrono::hours(24),
                                                  std::chrono::hours(12), std::chrono::hours(12),
                                                  std::chrono::hours(6)};
};

/// How far the queue may fill, by class.
struct QueueLimits {
    std::uint64_t copies_max = 1'000'000;  ///< Pending in all.
    std::uint64_t sender_max = 10'000;     ///< Pending of what one device sent.
    /// Of both, in percent, from LIFE_CRITICAL down. A share larger than that of a class above counts as that one:
    /// no class is ever taken while a more urgent one is refused.
    std::array<std::uint64_t, kPriorities> percent{100, 90, 80, 70, 60};

    /// Up to so many pending copies the class is taken.
    std::uint64_t room(Priority priority) const;
    /// …of one sender, while the queue has room.
    std::uint64_t sender_room(Priority priority) const;

private:
    std::uint64_t share(std::uint64_t of, Priority priority) const;
};

/// Says whether `envelope` may enter the queue at time `now` on a site that is (not) an exercise.
///
/// Time:   a `sent_at` up to limits.clock_lead_max ahead of `now` is let through, because a phone in
///         the field has no time server.
/// Errors: kInvalidArgument BODY_EMPTY | BODY_TOO_LARGE | TTL_OUT_OF_RANGE | SENT_IN_FUTURE |
///         DESTINATION_INVALID; kUnimplemented AREA_UNSUPPORTED; kFailedPrecondition
///         EXERCISE_MISMATCH; kDeadlineExceeded MESSAGE_EXPIRED. The first that holds, in this order.
/// Cost:   O(1); no allocation when it passes.
Status admit(const Envelope& envelope, TimePoint now, bool site_is_exercise, const Limits& limits);

/// sent_at + ttl, with the class's default where the envelope gives none.
TimePoint expiry_of(const Envelope& envelope, const Limits& limits);

}  // namespace imece::messaging
