#include "identity/adapters/rpc/identity_service.h"

#include "base/result.h"
#include "identity/adapters/rpc/convert.h"
#include "runtime/observe/log.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/time.h"

namespace imece::identity {

namespace pb = imece::identity::v1;
using runtime::Call;

namespace {

/// Puts what a use case gave into the answer.
template <class T, class Out>
Status answer(const Result<T>& result, Out& out) {
    if (!result) return std::unexpected(result.error());
    fill(*result, out);
    return {};
}

template <class Item, class Response, class Add>
Status answer_page(const Result<Listed<Item>>& result, Response& response, const Add& add) {
    if (!result) return std::unexpected(result.error());
    for (const Item& item : result->items) fill(item, *add());
    response.set_next_page_token(result->next_page_token);
    return {};
}

/// The door has checked the size.
Challenge challenge_of(const std::string& bytes) {
    Challenge challenge{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), challenge.size()), challenge.begin());
    return challenge;
}

}  // namespace

grpc::Status IdentityRpc::SetUp(Context* context, In<pb::SetUpRequest> request,
                                pb::User* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_CHECK(answer(use_.set_up(context_of(call), request->setup_token(), request->name(),
                                       request->password()),
                           *response));
        runtime::log(runtime::LogLevel::kInfo, "site_set_up", {{"user_id", response->user_id()}});
        return {};
    });
}

grpc::Status IdentityRpc::CreateUser(Context* context, In<pb::CreateUserRequest> request,
                                     pb::User* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const EnumSet<Role> roles, set_of(request->roles(), Role::kOperator, "roles"));
        return answer(
            use_.create_user(context_of(call), request->name(), request->password(), roles),
            *response);
    });
}

grpc::Status IdentityRpc::GetUser(Context* context, In<pb::GetUserRequest> request,
                                  pb::User* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const UserId id, parse_id<UserId>(request->user_id()));
        return answer(use_.get_user(context_of(call), id), *response);
    });
}

grpc::Status IdentityRpc::ListUsers(Context* context, In<pb::ListUsersRequest> request,
                                    pb::ListUsersResponse* response) {
    return door_.unary(*context, *request, [&](const Call&) {
        return answer_page(use_.list_users(request->page_size(), request->page_token()), *response,
                           [&] { return response->add_users(); });
    });
}

grpc::Status IdentityRpc::DisableUser(Context* context, In<pb::DisableUserRequest> request,
                                      pb::User* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const UserId id, parse_id<UserId>(request->user_id()));
        IMECE_CHECK(answer(use_.disable_user(context_of(call), id), *response));
        runtime::log(runtime::LogLevel::kInfo, "user_disabled",
                     {{"user_id", response->user_id()}, {"by", call.principal.subject}});
        return {};
    });
}

grpc::Status IdentityRpc::EnableUser(Context* context, In<pb::EnableUserRequest> request,
                                     pb::User* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const UserId id, parse_id<UserId>(request->user_id()));
        return answer(use_.enable_user(context_of(call), id), *response);
    });
}

grpc::Status IdentityRpc::EndSessions(Context* context, In<pb::EndSessionsRequest> request,
                                      pb::EndSessionsResponse* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const UserId id, parse_id<UserId>(request->user_id()));
        IMECE_TRY(const std::uint32_t ended, use_.end_sessions(context_of(call), id));
        response->set_ended(ended);
        return {};
    });
}

grpc::Status IdentityRpc::ExportUser(Context* context, In<pb::ExportUserRequest> request,
                                     pb::UserExport* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const UserId id, parse_id<UserId>(request->user_id()));
        return answer(use_.export_user(context_of(call), id), *response);
    });
}

grpc::Status IdentityRpc::EraseUser(Context* context, In<pb::EraseUserRequest> request,
                                    pb::EraseUserResponse* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const UserId id, parse_id<UserId>(request->user_id()));
        IMECE_TRY(const std::uint32_t revoked, use_.erase_user(context_of(call), id));
        response->set_devices_revoked(revoked);
        runtime::log(runtime::LogLevel::kInfo, "user_erased",
                     {{"user_id", to_text(id)}, {"by", call.principal.subject}});
        return {};
    });
}

grpc::Status IdentityRpc::Login(Context* context, In<pb::LoginRequest> request,
                                pb::Session* response) {
    return door_.unary(*context, *request, [&](const Call& call) {
        return answer(use_.login(context_of(call), request->name(), request->password()),
                      *response);
    });
}

grpc::Status IdentityRpc::RefreshSession(Context* context, In<pb::RefreshSessionRequest> request,
                                         pb::Session* response) {
    return door_.unary(*context, *request, [&](const Call&) {
        return answer(use_.refresh_session(request->refresh_token()), *response);
    });
}

grpc::Status IdentityRpc::Logout(Context* context, In<pb::LogoutRequest> request,
                                 pb::LogoutResponse*) {
    return door_.unary(*context, *request,
                       [&](const Call& call) { return use_.logout(context_of(call)); });
}

grpc::Status IdentityRpc::GetJwks(Context* context, In<pb::GetJwksRequest> request,
                                  pb::Jwks* response) {
    return door_.unary(*context, *request, [&](const Call&) -> Status {
        auto& token = *response->add_keys();
        token.set_kty("EC");
        token.set_crv("P-256");
        token.set_kid(keys_.token_key_id);
        token.set_alg("ES256");
        token.set_use("sig");
        token.set_x(to_base64url(ByteView(keys_.token_point).subspan(1, 32)));
        token.set_y(to_base64url(ByteView(keys_.token_point).subspan(33, 32)));
        auto& credential = *response->add_keys();  // RFC 8037.
        credential.set_kty("OKP");
        credential.set_crv("Ed25519");
        credential.set_kid(keys_.credential_key_id);
        credential.set_alg("EdDSA");
        credential.set_use("sig");
        credential.set_x(to_base64url(keys_.credential_key));
        return {};
    });
}

grpc::Status IdentityRpc::CreateEnrolmentToken(Context* context,
                                               In<pb::CreateEnrolmentTokenRequest> request,
                                               pb::EnrolmentToken* response) {
    return door_.unary(*context, *request, [&](const Call&) -> Status {
        identity::CreateEnrolmentToken::Wanted wanted{.quota = request->quota()};
        if (request->has_expires_in())
            wanted.expires_in = runtime::from_proto(request->expires_in());
        IMECE_TRY(wanted.rights.classes,
                  set_of(request->classes(), Priority::kMaintenance, "classes"));
        IMECE_TRY(wanted.rights.network_roles,
                  set_of(request->network_roles(), NetworkRole::kCarrier, "network_roles"));
        if (!request->owner_user_id().empty()) {
            IMECE_TRY(wanted.rights.owner, parse_id<UserId>(request->owner_user_id()));
        }
        IMECE_TRY(const auto made, use_.create_enrolment_token(wanted));
        response->set_token(made.text);
        response->set_quota(made.token.quota);
        *response->mutable_expires_at() = runtime::to_proto(made.token.expires_at);
        return {};
    });
}

grpc::Status IdentityRpc::EnrolDevice(Context* context, In<pb::EnrolDeviceRequest> request,
                                      pb::EnrolDeviceResponse* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const crypto::PublicKey key,
                  crypto::public_key_from(view_of(request->public_key())));
        IMECE_TRY(const auto enrolled,
                  use_.enrol_device(context_of(call), {.token = request->enrolment_token(),
                                                       .public_key = key,
                                                       .proof = request->proof(),
                                                       .label = request->label()}));
        fill(enrolled.device, *response->mutable_device());
        fill(enrolled.credential, *response->mutable_credential());
        return {};
    });
}

grpc::Status IdentityRpc::CreateChallenge(Context* context, In<pb::CreateChallengeRequest> request,
                                          pb::Challenge* response) {
    return door_.unary(*context, *request, [&](const Call&) -> Status {
        IMECE_TRY(const DeviceId id, parse_id<DeviceId>(request->device_id()));
        IMECE_TRY(const auto made, use_.create_challenge(id));
        response->set_challenge(std::string(text_of(made.challenge)));
        *response->mutable_expires_at() = runtime::to_proto(made.expires_at);
        return {};
    });
}

grpc::Status IdentityRpc::SignInDevice(Context* context, In<pb::SignInDeviceRequest> request,
                                       pb::DeviceSession* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const DeviceId id, parse_id<DeviceId>(request->device_id()));
        IMECE_TRY(const auto signed_in,
                  use_.sign_in_device(context_of(call), id, challenge_of(request->challenge()),
                                      request->signature()));
        fill(signed_in.session, *response->mutable_session());
        fill(signed_in.credential, *response->mutable_credential());
        return {};
    });
}

grpc::Status IdentityRpc::GetDevice(Context* context, In<pb::GetDeviceRequest> request,
                                    pb::Device* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const DeviceId id, parse_id<DeviceId>(request->device_id()));
        return answer(use_.get_device(context_of(call), id), *response);
    });
}

grpc::Status IdentityRpc::ListDevices(Context* context, In<pb::ListDevicesRequest> request,
                                      pb::ListDevicesResponse* response) {
    return door_.unary(*context, *request, [&](const Call& call) {
        return answer_page(
            use_.list_devices(context_of(call), request->page_size(), request->page_token()),
            *response, [&] { return response->add_devices(); });
    });
}

grpc::Status IdentityRpc::RevokeDevice(Context* context, In<pb::RevokeDeviceRequest> request,
                                       pb::Device* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const DeviceId id, parse_id<DeviceId>(request->device_id()));
        IMECE_CHECK(answer(use_.revoke_device(context_of(call), id, request->cause()), *response));
        runtime::log(runtime::LogLevel::kInfo, "device_revoked",
                     {{"device_id", response->device_id()}, {"by", call.principal.subject}});
        return {};
    });
}

grpc::Status IdentityRpc::CreateDesk(Context* context, In<pb::CreateDeskRequest> request,
                                     pb::Desk* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const crypto::PublicKey key,
                  crypto::public_key_from(view_of(request->public_key())));
        return answer(use_.create_desk(context_of(call), request->name(), key), *response);
    });
}

grpc::Status IdentityRpc::ListDesks(Context* context, In<pb::ListDesksRequest> request,
                                    pb::ListDesksResponse* response) {
    return door_.unary(*context, *request, [&](const Call&) {
        return answer_page(use_.list_desks(request->page_size(), request->page_token()), *response,
                           [&] { return response->add_desks(); });
    });
}

grpc::Status IdentityRpc::AddDeskDevice(Context* context, In<pb::AddDeskDeviceRequest> request,
                                        pb::Desk* response) {
    return door_.unary(*context, *request, [&](const Call& call) -> Status {
        IMECE_TRY(const GroupId desk, parse_id<GroupId>(request->desk_id()));
        IMECE_TRY(const DeviceId device, parse_id<DeviceId>(request->device_id()));
        return answer(use_.add_desk_device(context_of(call), desk, device), *response);
    });
}

}  // namespace imece::identity
