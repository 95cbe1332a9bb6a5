#include "identity/app/users.h"

#include "base/result.h"
#include "identity/app/listing.h"
#include "identity/domain/password.h"

namespace imece::identity {
namespace {

std::unexpected<Error> not_the_link() {
    return fail(ErrorCode::kPermissionDenied, "SETUP_TOKEN_INVALID",
                "the set-up link is wrong or was used");
}

/// The user themselves and operators.
Status check_self_or_operator(const CallContext& call, const UserId& id) {
    if (!may_read(call.caller, id))
        return fail(ErrorCode::kPermissionDenied, "ROLE_MISSING",
                    "this is for operators and the user themselves");
    return {};
}

void tell(TrustNews& news, const std::vector<Revocations::OfSession>& sessions) {
    for (const auto& [session, until] : sessions) news.session_revoked(session, until);
}

struct NewUser {
    UserRecord record;
    NewEvent event;
};

Result<NewUser> make_user(PasswordHasher& passwords, const Issuer& issuer, const CallContext& call,
                          User user, const std::string& password) {
    IMECE_CHECK(check_password(password, user.name));
    IMECE_TRY(std::string hash, passwords.hash(password, call.deadline));
    const TimePoint now = issuer.clock().now();
    user.id = {make_uuid_v7(now, issuer.random())};
    user.created_at = now;
    NewEvent event = issuer.event("user.created.v1", to_text(user.id), call,
                                  issuer.wire().user_created(user.id));
    return NewUser{{std::move(user), std::move(hash)}, std::move(event)};
}

}  // namespace

Result<std::optional<std::string>> OfferSetup::operator()() const {
    IMECE_TRY(const bool has_users, deps_.store.has_users());
    if (has_users) {
        // A crash may have come between the first user's commit and the end of the file.
        deps_.link.remove();
        return std::nullopt;
    }
    IMECE_TRY(const std::optional<crypto::Digest> waiting, deps_.store.setup_token());
    std::optional<std::string> written = deps_.link.read();
    if (written && waiting && equal_in_constant_time(secret_hash(*written), *waiting))
        return written;
    const Secret fresh = make_secret(deps_.random);
    IMECE_CHECK(deps_.store.offer_setup(fresh.hash));
    IMECE_CHECK(deps_.link.write(fresh.text));
    return fresh.text;
}

Result<User> SetUp::operator()(const CallContext& call, const std::string& token,
                               const std::string& name, const std::string& password) const {
    // Asked before the password is hashed: who has no link costs us next to nothing.
    IMECE_TRY(const std::optional<crypto::Digest> waiting, deps_.store.setup_token());
    const crypto::Digest presented = secret_hash(token);
    if (!waiting || !equal_in_constant_time(presented, *waiting)) return not_the_link();
    IMECE_TRY(NewUser made, make_user(deps_.passwords, deps_.issuer, call,
                                      {.name = name, .roles = {Role::kOperator}}, password));
    IMECE_CHECK(deps_.store.set_up(presented, made.record, made.event));
    deps_.link.remove();
    return std::move(made.record.user);
}

Result<User> CreateUser::operator()(const CallContext& call, const std::string& name,
                                    const std::string& password, EnumSet<Role> roles) const {
    IMECE_TRY(NewUser made, make_user(deps_.passwords, deps_.issuer, call,
                                      {.name = name, .roles = roles}, password));
    IMECE_CHECK(deps_.store.add_user(made.record, made.event));
    return std::move(made.record.user);
}

Result<User> GetUser::operator()(const CallContext& call, const UserId& id) const {
    IMECE_CHECK(check_self_or_operator(call, id));
    return store_.find_user(id);
}

Result<User> DisableUser::operator()(const CallContext& call, const UserId& id) const {
    IMECE_TRY(Disabled disabled,
              deps_.store.disable_user(id, deps_.issuer.clock().now(),
                                       deps_.issuer.event("user.disabled.v1", to_text(id), call,
                                                          deps_.issuer.wire().user_changed(id))));
    tell(deps_.news, disabled.sessions);
    return std::move(disabled.user);
}

Result<User> EnableUser::operator()(const CallContext& call, const UserId& id) const {
    return deps_.store.enable_user(id, deps_.issuer.event("user.enabled.v1", to_text(id), call,
                                                          deps_.issuer.wire().user_changed(id)));
}

Result<std::uint32_t> EndSessions::operator()(const CallContext& call, const UserId& id) const {
    IMECE_CHECK(check_self_or_operator(call, id));
    IMECE_TRY(const auto ended, deps_.store.revoke_sessions(id));
    tell(deps_.news, ended);
    return std::uint32_t(ended.size());
}

Result<Holdings> ExportUser::operator()(const CallContext& call, const UserId& id) const {
    IMECE_CHECK(check_self_or_operator(call, id));
    return store_.holdings(id);
}

Result<std::uint32_t> EraseUser::operator()(const CallContext& call, const UserId& id) const {
    IMECE_CHECK(check_self_or_operator(call, id));
    const auto revoked = [&](const DeviceId& device) {
        return deps_.issuer.event("device.revoked.v1", to_text(device), call,
                                  deps_.issuer.wire().device_revoked(device, "owner erased"));
    };
    IMECE_TRY(const Erased erased,
              deps_.store.erase_user(id, deps_.issuer.clock().now(),
                                     deps_.issuer.event("user.erased.v1", to_text(id), call,
                                                        deps_.issuer.wire().user_changed(id)),
                                     revoked));
    tell(deps_.news, erased.sessions);
    for (const auto& [device, until] : erased.devices) deps_.news.device_revoked(device, until);
    return std::uint32_t(erased.devices.size());
}

Result<Listed<User>> ListUsers::operator()(std::int32_t page_size,
                                           const std::string& page_token) const {
    return list_page<User>("users", page_size, page_token,
                           [&](const Page& page) { return store_.list_users(page); });
}

}  // namespace imece::identity
