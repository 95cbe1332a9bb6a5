#include "identity/adapters/rpc/convert.h"

#include "runtime/rpc/time.h"

namespace imece::identity {
namespace {

namespace pb = imece::identity::v1;
namespace types = imece::type::v1;

template <class AnyId>
AnyId id_or_none(std::string_view text) {
    return parse_id<AnyId>(text).value_or(AnyId{});
}

}  // namespace

CallContext context_of(const runtime::Call& call) {
    using Kind = runtime::Principal::Kind;
    const runtime::Principal& principal = call.principal;
    CallContext context{.deadline = call.deadline, .trace_parent = call.trace.header()};
    Caller& caller = context.caller;
    switch (principal.kind) {
        case Kind::kUser:
            caller.kind = Caller::Kind::kUser;
            caller.user = id_or_none<UserId>(principal.subject);
            break;
        case Kind::kDevice:
            caller.kind = Caller::Kind::kDevice;
            caller.device = id_or_none<DeviceId>(principal.subject);
            break;
        case Kind::kService: caller.kind = Caller::Kind::kService; break;
        case Kind::kAnonymous: break;
    }
    for (const types::Role role : principal.roles) caller.roles.add(Role(int(role)));
    caller.session = id_or_none<SessionId>(principal.session_id);
    return context;
}

void fill(const User& user, pb::User& out) {
    out.set_user_id(to_text(user.id));
    out.set_name(user.name);
    for (const Role role : user.roles.items()) out.add_roles(types::Role(int(role)));
    *out.mutable_created_at() = runtime::to_proto(user.created_at);
    if (user.disabled_at) *out.mutable_disabled_at() = runtime::to_proto(*user.disabled_at);
}

void fill(const Holdings& holdings, pb::UserExport& out) {
    fill(holdings.user, *out.mutable_user());
    for (const Session& session : holdings.sessions) {
        auto& wire = *out.add_sessions();
        wire.set_session_id(to_text(session.id));
        *wire.mutable_created_at() = runtime::to_proto(session.created_at);
        *wire.mutable_expires_at() = runtime::to_proto(session.expires_at);
    }
    for (const Device& device : holdings.devices) fill(device, *out.add_devices());
    for (const EnrolmentToken& token : holdings.enrolment_tokens) {
        auto& wire = *out.add_enrolment_tokens();
        wire.set_quota(token.quota);
        wire.set_used(token.used);
        *wire.mutable_expires_at() = runtime::to_proto(token.expires_at);
    }
    for (const CheckInId& id : holdings.check_ins) out.add_check_in_ids(to_text(id));
}

void fill(const Device& device, pb::Device& out) {
    out.set_device_id(to_text(device.id));
    out.set_public_key(std::string(text_of(device.public_key)));
    out.set_label(device.label);
    if (!device.rights.owner.empty()) out.set_owner_user_id(to_text(device.rights.owner));
    *out.mutable_enrolled_at() = runtime::to_proto(device.enrolled_at);
    if (device.revoked_at) *out.mutable_revoked_at() = runtime::to_proto(*device.revoked_at);
    for (const Priority priority : device.rights.classes.items())
        out.add_classes(types::Priority(int(priority)));
    for (const NetworkRole role : device.rights.network_roles.items())
        out.add_network_roles(types::NetworkRole(int(role)));
}

void fill(const Desk& desk, pb::Desk& out) {
    out.set_desk_id(to_text(desk.id));
    out.set_name(desk.name);
    out.set_public_key(std::string(text_of(desk.public_key)));
    for (const DeviceId& device : desk.devices) out.add_device_ids(to_text(device));
}

void fill(const IssuedSession& session, pb::Session& out) {
    out.set_access_token(session.access_token);
    *out.mutable_access_expires_at() = runtime::to_proto(session.access_expires_at);
    out.set_refresh_token(session.refresh_token);
    *out.mutable_refresh_expires_at() = runtime::to_proto(session.refresh_expires_at);
    out.set_subject(session.subject.text());
}

void fill(const SignedCredential& credential, types::SignedCredential& out) {
    out.set_credential(credential.bytes);
    out.set_signature(std::string(text_of(credential.signature)));
}

}  // namespace imece::identity
