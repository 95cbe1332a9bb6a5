#include "messaging/domain/message.h"

#include <algorithm>

namespace imece::messaging {

std::uint64_t QueueLimits::room(Priority priority) const {
    return share(copies_max, priority);
}

std::uint64_t QueueLimits::sender_room(Priority priority) const {
    return share(sender_max, priority);
}

std::uint64_t QueueLimits::share(std::uint64_t of, Priority priority) const {
    const auto last = percent.begin() + std::ptrdiff_t(rank(priority)) + 1;
    return of * *std::min_element(percent.begin(), last) / 100;
}

Status admit(const Envelope& envelope, TimePoint now, bool site_is_exercise, const Limits& limits) {
    constexpr auto kInvalid = ErrorCode::kInvalidArgument;
    if (envelope.body_bytes == 0) return fail(kInvalid, "BODY_EMPTY", "the message has no body");
    if (envelope.body_bytes > limits.body_bytes_max)
        return fail(kInvalid, "BODY_TOO_LARGE",
                    "the body is over " + std::to_string(limits.body_bytes_max) + " bytes");
    if (envelope.ttl != Duration(0) &&
        (envelope.ttl < limits.ttl_min || envelope.ttl > limits.ttl_max))
        return fail(kInvalid, "TTL_OUT_OF_RANGE",
                    "a lifetime is 1 s to " + std::to_string(limits.ttl_max.count() / 1000) + " s");
    if (envelope.sent_at > now + limits.clock_lead_max)
        return fail(kInvalid, "SENT_IN_FUTURE", "sent_at is more than 5 minutes ahead of the site");
    if (envelope.destination.kind == DestinationKind::kNone)
        return fail(kInvalid, "DESTINATION_INVALID", "name one device, user or group");
    if (envelope.destination.kind == DestinationKind::kArea)
        return fail(ErrorCode::kUnimplemented, "AREA_UNSUPPORTED",
                    "messages to an area are not delivered");
    if (envelope.exercise != site_is_exercise)
        return fail(ErrorCode::kFailedPrecondition, "EXERCISE_MISMATCH",
                    site_is_exercise ? "this site is an exercise, the message is not marked as one"
                                     : "this site is real, the message is marked as an exercise");
    if (expiry_of(envelope, limits) <= now)
        return fail(ErrorCode::kDeadlineExceeded, "MESSAGE_EXPIRED",
                    "the message's lifetime has passed");
    return {};
}

TimePoint expiry_of(const Envelope& envelope, const Limits& limits) {
    return envelope.sent_at + (envelope.ttl != Duration(0)
                                   ? envelope.ttl
                                   : limits.ttl_default[rank(envelope.priority)]);
}

}  // namespace imece::messaging
