// IdentityService over gRPC: protos in, use cases, protos out.
#pragma once

#include "identity/adapters/rpc/trust_feed.h"
#include "identity/app/desks.h"
#include "identity/app/devices.h"
#include "identity/app/sessions.h"
#include "identity/app/users.h"
#include "imece/identity/v1/identity.grpc.pb.h"

namespace imece::identity {

/// Every use case of the service.
struct UseCases {
    SetUp set_up;
    CreateUser create_user;
    GetUser get_user;
    ListUsers list_users;
    DisableUser disable_user;
    EnableUser enable_user;
    EndSessions end_sessions;
    ExportUser export_user;
    EraseUser erase_user;
    Login login;
    RefreshSession refresh_session;
    Logout logout;
    CreateEnrolmentToken create_enrolment_token;
    EnrolDevice enrol_device;
    CreateChallenge create_challenge;
    SignInDevice sign_in_device;
    GetDevice get_device;
    ListDevices list_devices;
    RevokeDevice revoke_device;
    CreateDesk create_desk;
    ListDesks list_desks;
    AddDeskDevice add_desk_device;
};

class IdentityRpc final : public imece::identity::v1::IdentityService::Service {
public:
    /// Both outlive this.
    IdentityRpc(runtime::Door& door, UseCases& use_cases, const PublicKeys& keys)
        : door_(door), use_(use_cases), keys_(keys) {}

    template <class Message>
    using In = const Message*;
    using Context = grpc::ServerContext;

    grpc::Status SetUp(Context* context, In<imece::identity::v1::SetUpRequest> request,
                       imece::identity::v1::User* response) override;
    grpc::Status CreateUser(Context* context, In<imece::identity::v1::CreateUserRequest> request,
                            imece::identity::v1::User* response) override;
    grpc::Status GetUser(Context* context, In<imece::identity::v1::GetUserRequest> request,
                         imece::identity::v1::User* response) override;
    grpc::Status ListUsers(Context* context, In<imece::identity::v1::ListUsersRequest> request,
                           imece::identity::v1::ListUsersResponse* response) override;
    grpc::Status DisableUser(Context* context, In<imece::identity::v1::DisableUserRequest> request,
                             imece::identity::v1::User* response) override;
    grpc::Status EnableUser(Context* context, In<imece::identity::v1::EnableUserRequest> request,
                            imece::identity::v1::User* response) override;
    grpc::Status EndSessions(Context* context, In<imece::identity::v1::EndSessionsRequest> request,
                             imece::identity::v1::EndSessionsResponse* response) override;
    grpc::Status ExportUser(Context* context, In<imece::identity::v1::ExportUserRequest> request,
                            imece::identity::v1::UserExport* response) override;
    grpc::Status EraseUser(Context* context, In<imece::identity::v1::EraseUserRequest> request,
                           imece::identity::v1::EraseUserResponse* response) override;
    grpc::Status Login(Context* context, In<imece::identity::v1::LoginRequest> request,
                       imece::identity::v1::Session* response) override;
    grpc::Status RefreshSession(Context* context,
                                In<imece::identity::v1::RefreshSessionRequest> request,
                                imece::identity::v1::Session* response) override;
    grpc::Status Logout(Context* context, In<imece::identity::v1::LogoutRequest> request,
                        imece::identity::v1::LogoutResponse* response) override;
    grpc::Status GetJwks(Context* context, In<imece::identity::v1::GetJwksRequest> request,
                         imece::identity::v1::Jwks* response) override;
    grpc::Status CreateEnrolmentToken(Context* context,
                                      In<imece::identity::v1::CreateEnrolmentTokenRequest> request,
                                      imece::identity::v1::EnrolmentToken* response) override;
    grpc::Status EnrolDevice(Context* context, In<imece::identity::v1::EnrolDeviceRequest> request,
                             imece::identity::v1::EnrolDeviceResponse* response) override;
    grpc::Status CreateChallenge(Context* context,
                                 In<imece::identity::v1::CreateChallengeRequest> request,
                                 imece::identity::v1::Challenge* response) override;
    grpc::Status SignInDevice(Context* context,
                              In<imece::identity::v1::SignInDeviceRequest> request,
                              imece::identity::v1::DeviceSession* response) override;
    grpc::Status GetDevice(Context* context, In<imece::identity::v1::GetDeviceRequest> request,
                           imece::identity::v1::Device* response) override;
    grpc::Status ListDevices(Context* context, In<imece::identity::v1::ListDevicesRequest> request,
                             imece::identity::v1::ListDevicesResponse* response) override;
    grpc::Status RevokeDevice(Context* context,
                              In<imece::identity::v1::RevokeDeviceRequest> request,
                              imece::identity::v1::Device* response) override;
    grpc::Status CreateDesk(Context* context, In<imece::identity::v1::CreateDeskRequest> request,
                            imece::identity::v1::Desk* response) override;
    grpc::Status ListDesks(Context* context, In<imece::identity::v1::ListDesksRequest> request,
                           imece::identity::v1::ListDesksResponse* response) override;
    grpc::Status AddDeskDevice(Context* context,
                               In<imece::identity::v1::AddDeskDeviceRequest> request,
                               imece::identity::v1::Desk* response) override;

private:
    runtime::Door& door_;
    UseCases& use_;
    const PublicKeys& keys_;
};

}  // namespace imece::identity
