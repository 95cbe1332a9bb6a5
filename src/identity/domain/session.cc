#include "identity/domain/session.h"

namespace imece::identity {
namespace {

TimePoint access_end(TimePoint now, const Limits& limits) {
    return std::chrono::floor<std::chrono::seconds>(now + limits.access_ttl);
}

}  // namespace

Session begin_session(SessionId id, const Subject& subject, const crypto::Digest& refresh,
                      TimePoint now, const Limits& limits) {
    return {.id = id,
            .subject = subject,
            .created_at = now,
            .current = refresh,
            .previous = std::nullopt,
            .rotated_at = now,
            .expires_at = now + limits.refresh_ttl,
            .access_until = access_end(now, limits)};
}

Refresh refresh(Session& session, const crypto::Digest& presented, const crypto::Digest& next,
                TimePoint now, const Limits& limits) {
    const bool is_current = equal_in_constant_time(presented, session.current);
    const bool is_previous =
        session.previous && equal_in_constant_time(presented, *session.previous);
    if (is_current) {
        if (now >= session.expires_at) return Refresh::kExpired;
        session.previous = presented;
        session.rotated_at = now;
    } else if (!is_previous || now - session.rotated_at > limits.repeat_window) {
        return Refresh::kReused;
    }
    session.current = next;
    session.expires_at = now + limits.refresh_ttl;
    session.access_until = access_end(now, limits);
    return is_current ? Refresh::kRotated : Refresh::kRepeated;
}

}  // namespace imece::identity
