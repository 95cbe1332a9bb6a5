#include "identity/app/sessions.h"

#include "base/result.h"

namespace imece::identity {
namespace {

std::unexpected<Error> refused(std::string message) {
    return fail(ErrorCode::kUnauthenticated, "REFRESH_REFUSED", std::move(message));
}

}  // namespace

Result<IssuedSession> Login::operator()(const CallContext& call, const std::string& name,
                                        const std::string& password) {
    const Clock& clock = deps_.issuer.clock();
    {
        const std::scoped_lock lock(mutex_);
        if (!throttle_.enter(name, clock.now()))
            return fail(ErrorCode::kResourceExhausted, "LOGIN_BUSY",
                        "too many failed sign-ins with this name; wait a while");
    }
    IMECE_TRY(const std::optional<UserRecord> known, deps_.store.find_login(name));
    std::optional<std::string> hash;
    if (known) hash = known->password_hash;
    IMECE_TRY(const bool matches, deps_.passwords.verify(password, hash, call.deadline));
    if (!matches || !known || known->user.disabled_at)
        return fail(ErrorCode::kUnauthenticated, "LOGIN_REFUSED", "name or password is wrong");
    {
        const std::scoped_lock lock(mutex_);
        throttle_.succeeded(name);
    }
    const TimePoint now = clock.now();
    Secret refresh_token = make_secret(deps_.issuer.random());
    const Session session =
        begin_session({make_uuid_v7(now, deps_.issuer.random())}, Subject::of(known->user.id),
                      refresh_token.hash, now, deps_.issuer.limits());
    IMECE_CHECK(deps_.store.add_session(session, deps_.issuer.limits()));
    return deps_.issuer.session(session, std::move(refresh_token.text), known->user.roles, false,
                                now);
}

Result<IssuedSession> RefreshSession::operator()(const std::string& refresh_token) const {
    const TimePoint now = deps_.issuer.clock().now();
    Secret next = make_secret(deps_.issuer.random());
    IMECE_TRY(const Refreshed refreshed,
              deps_.store.refresh_session(secret_hash(refresh_token), next.hash, now,
                                          deps_.issuer.limits()));
    switch (refreshed.verdict) {
        case Refresh::kRotated:
        case Refresh::kRepeated: return issue(refreshed.session, std::move(next.text), now);
        case Refresh::kExpired: return refused("the refresh token has expired");
        case Refresh::kReused:
            deps_.news.session_revoked(refreshed.session.id, refreshed.session.access_until);
            return refused("the refresh token was used before; its session has been ended");
    }
    return refused("the refresh token is not known");
}

Result<IssuedSession> RefreshSession::issue(const Session& session, std::string refresh_text,
                                            TimePoint now) const {
    if (session.subject.kind == Subject::Kind::kUser) {
        IMECE_TRY(const User user, deps_.store.find_user(session.subject.user()));
        return deps_.issuer.session(session, std::move(refresh_text), user.roles, false, now);
    }
    IMECE_TRY(const Device device, deps_.store.find_device(session.subject.device()));
    if (device.revoked_at) return refused("the device was revoked");
    const bool carrier = device.rights.network_roles.has(NetworkRole::kCarrier);
    return deps_.issuer.session(session, std::move(refresh_text), {}, carrier, now);
}

Status Logout::operator()(const CallContext& call) const {
    if (call.caller.session.empty()) return {};
    IMECE_TRY(const std::optional<TimePoint> until,
              deps_.store.revoke_session(call.caller.session));
    if (until) deps_.news.session_revoked(call.caller.session, *until);
    return {};
}

}  // namespace imece::identity
