// The whole service in a process, over sockets: as a phone, an operator and another service see it.
#include "identity/module.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>

#include "crypto/crypto.h"
#include "imece/identity/v1/events.pb.h"
#include "imece/identity/v1/identity.grpc.pb.h"
#include "imece/trust/v1/trust.grpc.pb.h"
#include "runtime/auth/jwt.h"
#include "runtime/auth/trust_store.h"
#include "runtime/bus/outbox.h"
#include "runtime/config/table.h"
#include "runtime/module.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/server.h"
#include "testkit/fake_clock.h"
#include "testkit/temp_dir.h"

namespace imece::identity {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr const char* kPassword = "kar yagiyor bugun";

/// Waits for what another thread is about to do; false when it takes longer than a second.
bool within_a_second(const std::function<bool()>& holds) {
    const auto end = steady_clock::now() + seconds(1);
    while (!holds()) {
        if (steady_clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

/// A process with identity in it; ends as a process does.
struct Running {
    Running(const std::filesystem::path& data, const testkit::FakeClock& clock)
        : trust(clock),
          door({.random = random, .metrics = metrics, .server = server, .trust = trust}),
          process{clock, random, metrics, server, outboxes, {"hatay", true, "0"}, data} {
        Config config;
        config.show_setup_link = [this](std::string_view link) { setup_link = link; };
        auto made = make(process, config, door);
        EXPECT_TRUE(made) << (made ? "" : made.error().message);
        module = *std::move(made);
        EXPECT_TRUE(server.start());
        trust.follow(server, random);
        EXPECT_TRUE(module->start());
        const std::string address = "127.0.0.1:" + std::to_string(server.port());
        channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
        stub = v1::IdentityService::NewStub(channel);
        EXPECT_TRUE(within_a_second([&] { return trust.version() > 0; }));
    }
    ~Running() {
        const auto begin = steady_clock::now();
        module->drain();
        trust.stop();
        server.stop(seconds(3));
        module->stop();
        EXPECT_LT(steady_clock::now() - begin, seconds(1)) << "a stream held the stop up";
    }
    std::string setup_token() const { return setup_link.substr(setup_link.find('#') + 1); }

    SystemRandom random;
    runtime::Metrics metrics;
    runtime::Outboxes outboxes;
    runtime::Server server{runtime::RpcConfig{.listen = "127.0.0.1:0"}};
    runtime::TrustStore trust;
    runtime::Door door;
    runtime::Process process;
    std::string setup_link;
    std::unique_ptr<runtime::Module> module;
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<v1::IdentityService::Stub> stub;
};

/// "" for a success, else the reason.
std::string reason_of(const grpc::Status& status) {
    return status.ok() ? "" : std::string(runtime::from_grpc(status).reason);
}

crypto::SigningKey key_of(std::uint64_t number) {
    return crypto::SigningKey(crypto::sha256(view_of("phone " + std::to_string(number))));
}
std::string bytes_of(ByteView bytes) {
    return std::string(text_of(bytes));
}
std::string id_of(const crypto::SigningKey& key) {
    return to_text(crypto::device_id_of(key.public_key()));
}

class Module : public ::testing::Test {
protected:
    void SetUp() override { restart(); }
    void restart() {
        running_.reset();
        running_ = std::make_unique<Running>(dir_.path(), clock_);
    }
    v1::IdentityService::Stub& stub() { return *running_->stub; }

    /// Calls with a token, or without one.
    template <class Method, class Request, class Response>
    grpc::Status call(Method method, const Request& request, Response* response,
                      const std::string& token = {}) {
        grpc::ClientContext context;
        if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
        return (stub().*method)(&context, request, response);
    }
    template <class Response, class Method, class Request>
    std::string reason(Method method, const Request& request, const std::string& token = {}) {
        Response response;
        return reason_of(call(method, request, &response, token));
    }

    v1::Session login(const std::string& name) {
        v1::LoginRequest request;
        request.set_name(name);
        request.set_password(kPassword);
        v1::Session session;
        EXPECT_EQ(reason_of(call(&Stub::Login, request, &session)), "");
        return session;
    }
    v1::User set_up() {
        v1::SetUpRequest request;
        request.set_setup_token(running_->setup_token());
        request.set_name("ayse");
        request.set_password(kPassword);
        v1::User user;
        EXPECT_EQ(reason_of(call(&Stub::SetUp, request, &user)), "");
        return user;
    }
    std::string operator_token() {
        if (running_->setup_link.empty()) return login("ayse").access_token();
        set_up();
        running_->setup_link.clear();
        return login("ayse").access_token();
    }
    v1::User create_user(const std::string& name, imece::type::v1::Role role,
                         const std::string& token) {
        v1::CreateUserRequest request;
        request.set_name(name);
        request.set_password(kPassword);
        request.add_roles(role);
        v1::User user;
        EXPECT_EQ(reason_of(call(&Stub::CreateUser, request, &user, token)), "");
        return user;
    }
    std::string enrolment_token(std::uint32_t quota, const std::string& token) {
        v1::CreateEnrolmentTokenRequest request;
        request.set_quota(quota);
        v1::EnrolmentToken made;
        EXPECT_EQ(reason_of(call(&Stub::CreateEnrolmentToken, request, &made, token)), "");
        return made.token();
    }
    static v1::EnrolDeviceRequest enrolment(const crypto::SigningKey& key,
                                            const std::string& token) {
        v1::EnrolDeviceRequest request;
        request.set_enrolment_token(token);
        request.set_public_key(bytes_of(key.public_key()));
        request.set_label("phone");
        const std::string proven = bytes_of(crypto::sha256(view_of(token))) + request.public_key();
        request.set_proof(bytes_of(key.sign(crypto::kEnrolDomain, view_of(proven))));
        return request;
    }
    grpc::Status enrol(const crypto::SigningKey& key, const std::string& token,
                       v1::EnrolDeviceResponse* response) {
        return call(&Stub::EnrolDevice, enrolment(key, token), response);
    }
    grpc::Status sign_in(const crypto::SigningKey& key, v1::DeviceSession* session) {
        v1::CreateChallengeRequest ask;
        ask.set_device_id(id_of(key));
        v1::Challenge challenge;
        grpc::Status asked = call(&Stub::CreateChallenge, ask, &challenge);
        if (!asked.ok()) return asked;
        v1::SignInDeviceRequest answer;
        answer.set_device_id(id_of(key));
        answer.set_challenge(challenge.challenge());
        answer.set_signature(
            bytes_of(key.sign(crypto::kChallengeDomain, view_of(challenge.challenge()))));
        return call(&Stub::SignInDevice, answer, session);
    }
    std::string get_device(const std::string& id, const std::string& token) {
        v1::GetDeviceRequest request;
        request.set_device_id(id);
        return reason<v1::Device>(&Stub::GetDevice, request, token);
    }
    std::vector<runtime::Event> events() {
        return running_->outboxes.find("identity")->read_after(0, 1000).value();
    }

    using Stub = v1::IdentityService::Stub;
    testkit::TempDir dir_;
    testkit::FakeClock clock_;
    std::unique_ptr<Running> running_;
};

TEST_F(Module, the_first_start_shows_a_link_and_keeps_it_until_it_is_used) {
    const std::string link = running_->setup_link;
    EXPECT_TRUE(link.starts_with("http://127.0.0.1:8080/setup#")) << link;
    const auto file = dir_.path() / "setup-link";
    std::string stored;
    std::getline(std::ifstream(file), stored);
    EXPECT_EQ(stored, link);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_.path())) {
        struct stat info{};
        ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 077, 0u) << entry.path();
    }
    restart();
    EXPECT_EQ(running_->setup_link, link);
    const v1::User user = set_up();
    EXPECT_EQ(user.name(), "ayse");
    ASSERT_EQ(user.roles_size(), 1);
    EXPECT_EQ(user.roles(0), imece::type::v1::OPERATOR);
    EXPECT_FALSE(std::filesystem::exists(file));
    v1::SetUpRequest again;
    again.set_setup_token(running_->setup_token());
    again.set_name("eve");
    again.set_password(kPassword);
    EXPECT_EQ(reason<v1::User>(&Stub::SetUp, again), "SETUP_TOKEN_INVALID");
    restart();
    EXPECT_EQ(running_->setup_link, "");
    EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(Module, users_sign_in_and_see_what_they_may) {
    const std::string token = operator_token();
    clock_.advance(seconds(1));  // Lists are in the order of their making, to the millisecond.
    const v1::User mehmet = create_user("mehmet", imece::type::v1::CITIZEN, token);
    const v1::Session session = login("mehmet");
    EXPECT_EQ(session.subject(), mehmet.user_id());
    EXPECT_EQ(session.access_expires_at().seconds(), to_unix_ms(clock_.now() + minutes(15)) / 1000);
    v1::GetUserRequest self;
    self.set_user_id(mehmet.user_id());
    v1::User found;
    EXPECT_EQ(reason_of(call(&Stub::GetUser, self, &found, session.access_token())), "");
    EXPECT_EQ(found.name(), "mehmet");
    EXPECT_EQ(found.roles(0), imece::type::v1::CITIZEN);
    v1::ListUsersRequest list;
    EXPECT_EQ(reason<v1::ListUsersResponse>(&Stub::ListUsers, list, session.access_token()),
              "ROLE_MISSING");
    list.set_page_size(1);
    v1::ListUsersResponse page;
    EXPECT_EQ(reason_of(call(&Stub::ListUsers, list, &page, token)), "");
    ASSERT_EQ(page.users_size(), 1);
    EXPECT_EQ(page.users(0).name(), "ayse");
    list.set_page_token(page.next_page_token());
    EXPECT_EQ(reason_of(call(&Stub::ListUsers, list, &page, token)), "");
    ASSERT_EQ(page.users_size(), 1);
    EXPECT_EQ(page.users(0).name(), "mehmet");
    EXPECT_EQ(page.next_page_token(), "");
}

TEST_F(Module, bad_calls_get_their_reason) {
    const std::string token = operator_token();
    v1::LoginRequest wrong;
    wrong.set_name("ayse");
    wrong.set_password("something else");
    EXPECT_EQ(reason<v1::Session>(&Stub::Login, wrong), "LOGIN_REFUSED");
    wrong.clear_name();
    EXPECT_EQ(reason<v1::Session>(&Stub::Login, wrong), "FIELD_INVALID");
    v1::CreateUserRequest user;
    user.set_name("mehmet");
    user.set_password("short");
    user.add_roles(imece::type::v1::CITIZEN);
    EXPECT_EQ(reason<v1::User>(&Stub::CreateUser, user), "TOKEN_MISSING");
    EXPECT_EQ(reason<v1::User>(&Stub::CreateUser, user, "nonsense"), "TOKEN_INVALID");
    EXPECT_EQ(reason<v1::User>(&Stub::CreateUser, user, token), "PASSWORD_TOO_WEAK");
    user.set_password(kPassword);
    user.set_roles(0, imece::type::v1::Role(77));
    EXPECT_EQ(reason<v1::User>(&Stub::CreateUser, user, token), "FIELD_INVALID");
    user.set_roles(0, imece::type::v1::CITIZEN);
    user.set_name("ayse");
    EXPECT_EQ(reason<v1::User>(&Stub::CreateUser, user, token), "USER_NAME_TAKEN");
    v1::GetUserRequest get;
    get.set_user_id("nonsense");
    EXPECT_EQ(reason<v1::User>(&Stub::GetUser, get, token), "ID_MALFORMED");
    get.set_user_id("01860000-0000-7000-8000-000000000000");
    EXPECT_EQ(reason<v1::User>(&Stub::GetUser, get, token), "USER_UNKNOWN");
    v1::ListDevicesRequest list;
    list.set_page_token("nonsense");
    EXPECT_EQ(reason<v1::ListDevicesResponse>(&Stub::ListDevices, list, token),
              "PAGE_TOKEN_INVALID");
    v1::RefreshSessionRequest refresh;
    refresh.set_refresh_token("nonsense");
    EXPECT_EQ(reason<v1::Session>(&Stub::RefreshSession, refresh), "REFRESH_REFUSED");
    EXPECT_EQ(reason<v1::EnrolDeviceResponse>(&Stub::EnrolDevice, enrolment(key_of(1), "nonsense")),
              "ENROLMENT_REFUSED");
    v1::CreateChallengeRequest challenge;
    challenge.set_device_id(id_of(key_of(1)));
    EXPECT_EQ(reason<v1::Challenge>(&Stub::CreateChallenge, challenge), "DEVICE_UNKNOWN");
    v1::CreateEnrolmentTokenRequest enrol;
    enrol.set_quota(1);
    enrol.add_classes(imece::type::v1::Priority(9));
    EXPECT_EQ(reason<v1::EnrolmentToken>(&Stub::CreateEnrolmentToken, enrol, token),
              "FIELD_INVALID");
    enrol.set_classes(0, imece::type::v1::LIFE_CRITICAL);
    enrol.mutable_expires_in()->set_seconds(1);
    EXPECT_EQ(reason<v1::EnrolmentToken>(&Stub::CreateEnrolmentToken, enrol, token),
              "FIELD_INVALID");
    clock_.advance(minutes(15));
    EXPECT_EQ(reason<v1::ListDevicesResponse>(&Stub::ListDevices, list, token), "TOKEN_EXPIRED");
}

TEST_F(Module, the_key_set_verifies_tokens_and_credentials) {
    const std::string token = operator_token();
    v1::Jwks keys;
    EXPECT_EQ(reason_of(call(&Stub::GetJwks, v1::GetJwksRequest(), &keys)), "");
    ASSERT_EQ(keys.keys_size(), 2);
    const auto& ec = keys.keys(0);
    EXPECT_EQ(ec.kty() + ec.crv() + ec.alg() + ec.use(), "ECP-256ES256sig");
    Bytes point{4};
    for (const std::string& half : {ec.x(), ec.y()})
        std::ranges::copy(parse_base64url(half).value(), std::back_inserter(point));
    const auto verifier = runtime::TokenVerifier::from_public_point(point);
    ASSERT_TRUE(verifier);
    const auto claims = verifier->verify(token);
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->issuer, "hatay");
    EXPECT_EQ(claims->kind, "user");
    EXPECT_EQ(claims->roles, std::vector<std::string>{"OPERATOR"});
    EXPECT_EQ(runtime::key_id_of(token).value(), ec.kid());

    const auto& okp = keys.keys(1);
    EXPECT_EQ(okp.kty() + okp.crv() + okp.alg(), "OKPEd25519EdDSA");
    v1::EnrolDeviceResponse enrolled;
    ASSERT_EQ(reason_of(enrol(key_of(1), enrolment_token(1, token), &enrolled)), "");
    const auto& signed_credential = enrolled.credential();
    const auto key = crypto::public_key_from(parse_base64url(okp.x()).value());
    ASSERT_TRUE(key);
    EXPECT_TRUE(crypto::verify(*key, crypto::kCredentialDomain,
                               view_of(signed_credential.credential()),
                               view_of(signed_credential.signature())));
    imece::type::v1::Credential credential;
    ASSERT_TRUE(credential.ParseFromString(signed_credential.credential()));
    EXPECT_EQ(credential.issuer_key_id(), okp.kid());
    EXPECT_EQ(running_->trust.credential_key(okp.kid()).value(), *key);
    EXPECT_EQ(credential.public_key(), bytes_of(key_of(1).public_key()));
    EXPECT_EQ(credential.classes_size(), 2);
    EXPECT_EQ(credential.network_roles_size(), 1);
    EXPECT_EQ(credential.not_after().seconds() - credential.not_before().seconds(), 7 * 86'400);
}

TEST_F(Module, a_device_lives_and_is_revoked_within_a_second) {
    const std::string token = operator_token();
    const crypto::SigningKey phone = key_of(1);
    const std::string enrolment_text = enrolment_token(1, token);
    v1::EnrolDeviceResponse enrolled;
    ASSERT_EQ(reason_of(enrol(phone, enrolment_text, &enrolled)), "");
    ASSERT_EQ(reason_of(enrol(phone, enrolment_text, &enrolled)), "");
    EXPECT_EQ(enrolled.device().device_id(), id_of(phone));
    EXPECT_EQ(reason_of(enrol(key_of(2), enrolment_text, &enrolled)), "ENROLMENT_REFUSED");
    v1::DeviceSession session;
    ASSERT_EQ(reason_of(sign_in(phone, &session)), "");
    const std::string device_token = session.session().access_token();
    EXPECT_EQ(session.session().subject(), id_of(phone));
    EXPECT_EQ(get_device(id_of(phone), device_token), "");
    v1::RefreshSessionRequest refresh;
    refresh.set_refresh_token(session.session().refresh_token());
    v1::Session fresh;
    EXPECT_EQ(reason_of(call(&Stub::RefreshSession, refresh, &fresh)), "");
    EXPECT_EQ(get_device(id_of(phone), fresh.access_token()), "");

    v1::RevokeDeviceRequest revoke;
    revoke.set_device_id(id_of(phone));
    revoke.set_cause("lost");
    v1::Device revoked;
    ASSERT_EQ(reason_of(call(&Stub::RevokeDevice, revoke, &revoked, token)), "");
    EXPECT_TRUE(revoked.has_revoked_at());
    EXPECT_TRUE(within_a_second(
        [&] { return get_device(id_of(phone), fresh.access_token()) == "TOKEN_REVOKED"; }));
    EXPECT_EQ(get_device(id_of(phone), device_token), "TOKEN_REVOKED");
    EXPECT_EQ(reason_of(sign_in(phone, &session)), "DEVICE_REVOKED");
    refresh.set_refresh_token(fresh.refresh_token());
    EXPECT_EQ(reason<v1::Session>(&Stub::RefreshSession, refresh), "REFRESH_REFUSED");
    EXPECT_TRUE(running_->trust.is_revoked(crypto::device_id_of(phone.public_key())));

    std::vector<std::string> types;
    for (const runtime::Event& event : events()) types.push_back(event.type);
    EXPECT_EQ(types, (std::vector<std::string>{"user.created.v1", "device.enrolled.v1",
                                               "device.enrolled.v1", "device.enrolled.v1",
                                               "device.revoked.v1"}));
    v1::DeviceRevoked news;
    ASSERT_TRUE(news.ParseFromString(events().back().data));
    EXPECT_EQ(news.cause(), "lost");
    EXPECT_EQ(news.device_id(), bytes_of(crypto::device_id_of(phone.public_key()).view()));
    v1::DeviceEnrolled joined;
    ASSERT_TRUE(joined.ParseFromString(events()[3].data));
    EXPECT_EQ(joined.credential().credential(), session.credential().credential());

    restart();
    EXPECT_TRUE(running_->trust.is_revoked(crypto::device_id_of(phone.public_key())))
        << "a restart knows it from the store";
}

TEST_F(Module, logout_ends_a_session_within_a_second) {
    const std::string kept = operator_token();
    const v1::Session session = login("ayse");
    EXPECT_EQ(
        reason<v1::LogoutResponse>(&Stub::Logout, v1::LogoutRequest(), session.access_token()), "");
    const v1::ListUsersRequest list;
    EXPECT_TRUE(within_a_second([&] {
        return reason<v1::ListUsersResponse>(&Stub::ListUsers, list, session.access_token()) ==
               "TOKEN_REVOKED";
    }));
    EXPECT_EQ(reason<v1::ListUsersResponse>(&Stub::ListUsers, list, kept), "");
    v1::RefreshSessionRequest refresh;
    refresh.set_refresh_token(session.refresh_token());
    EXPECT_EQ(reason<v1::Session>(&Stub::RefreshSession, refresh), "REFRESH_REFUSED");
}

TEST_F(Module, a_stolen_refresh_token_ends_its_session) {
    operator_token();
    const v1::Session first = login("ayse");
    v1::RefreshSessionRequest refresh;
    refresh.set_refresh_token(first.refresh_token());
    v1::Session second;
    ASSERT_EQ(reason_of(call(&Stub::RefreshSession, refresh, &second)), "");
    clock_.advance(seconds(31));
    EXPECT_EQ(reason<v1::Session>(&Stub::RefreshSession, refresh), "REFRESH_REFUSED");
    EXPECT_TRUE(within_a_second([&] {
        return reason<v1::ListUsersResponse>(&Stub::ListUsers, v1::ListUsersRequest(),
                                             second.access_token()) == "TOKEN_REVOKED";
    }));
}

TEST_F(Module, a_restart_keeps_tokens_and_sessions) {
    const std::string token = operator_token();
    const v1::Session session = login("ayse");
    restart();
    EXPECT_EQ(reason<v1::ListUsersResponse>(&Stub::ListUsers, v1::ListUsersRequest(), token), "");
    v1::RefreshSessionRequest refresh;
    refresh.set_refresh_token(session.refresh_token());
    EXPECT_EQ(reason<v1::Session>(&Stub::RefreshSession, refresh), "");
}

TEST_F(Module, desks_are_staffed_and_told) {
    const std::string token = operator_token();
    v1::CreateDeskRequest create;
    create.set_name("112 Hatay");
    create.set_public_key(bytes_of(key_of(9).public_key()));
    v1::Desk desk;
    ASSERT_EQ(reason_of(call(&Stub::CreateDesk, create, &desk, token)), "");
    EXPECT_EQ(reason<v1::Desk>(&Stub::CreateDesk, create, token), "DESK_NAME_TAKEN");
    v1::EnrolDeviceResponse enrolled;
    ASSERT_EQ(reason_of(enrol(key_of(1), enrolment_token(1, token), &enrolled)), "");
    v1::AddDeskDeviceRequest add;
    add.set_desk_id(desk.desk_id());
    add.set_device_id(id_of(key_of(1)));
    ASSERT_EQ(reason_of(call(&Stub::AddDeskDevice, add, &desk, token)), "");
    EXPECT_EQ(desk.device_ids(0), id_of(key_of(1)));
    v1::ListDesksResponse listed;
    ASSERT_EQ(reason_of(call(&Stub::ListDesks, v1::ListDesksRequest(), &listed, token)), "");
    EXPECT_EQ(listed.desks(0).SerializeAsString(), desk.SerializeAsString());
    v1::DeskChanged news;
    ASSERT_TRUE(news.ParseFromString(events().back().data));
    EXPECT_EQ(news.name(), "112 Hatay");
    EXPECT_EQ(news.device_ids_size(), 1);
    add.set_device_id("nonsense");
    EXPECT_EQ(reason<v1::Desk>(&Stub::AddDeskDevice, add, token), "ID_MALFORMED");
}

TEST_F(Module, trust_is_streamed_to_services_only) {
    const auto trust = imece::trust::v1::TrustService::NewStub(running_->channel);
    imece::trust::v1::TrustBundle bundle;
    {
        grpc::ClientContext context;
        context.AddMetadata("authorization", "Bearer " + operator_token());
        auto stream = trust->WatchTrust(&context, {});
        EXPECT_FALSE(stream->Read(&bundle));
        EXPECT_EQ(reason_of(stream->Finish()), "ROLE_MISSING");
    }
    grpc::ClientContext context;
    running_->server.sign_as_service(context, "identity", "messaging");
    auto stream = trust->WatchTrust(&context, {});
    ASSERT_TRUE(stream->Read(&bundle));
    EXPECT_EQ(bundle.issuer(), "hatay");
    EXPECT_EQ(bundle.keys_size(), 2);
    EXPECT_EQ(bundle.revoked_session_ids_size(), 0);
    const std::uint64_t first = bundle.version();
    const v1::Session session = login("ayse");
    EXPECT_EQ(
        reason<v1::LogoutResponse>(&Stub::Logout, v1::LogoutRequest(), session.access_token()), "");
    ASSERT_TRUE(stream->Read(&bundle));
    EXPECT_GT(bundle.version(), first);
    EXPECT_EQ(bundle.keys_size(), 2);
    EXPECT_EQ(bundle.revoked_session_ids_size(), 1);
    // What has run out goes with the next change.
    clock_.advance(minutes(16));
    const v1::Session later = login("ayse");
    EXPECT_EQ(reason<v1::LogoutResponse>(&Stub::Logout, v1::LogoutRequest(), later.access_token()),
              "");
    ASSERT_TRUE(stream->Read(&bundle));
    EXPECT_EQ(bundle.revoked_session_ids_size(), 1);
    running_->module->drain();
    EXPECT_FALSE(stream->Read(&bundle));
    EXPECT_EQ(reason_of(stream->Finish()), "SHUTTING_DOWN");
}

TEST_F(Module, two_thousand_devices_join_at_once) {
    constexpr unsigned kDevices = 2000;
    constexpr unsigned kClients = 16;
    const std::string text = enrolment_token(kDevices, operator_token());
    std::atomic<unsigned> next{0};
    std::atomic<unsigned> joined{0};
    const auto begin = steady_clock::now();
    {
        std::vector<std::jthread> clients;
        for (unsigned c = 0; c < kClients; ++c)
            clients.emplace_back([&] {
                for (unsigned i = next++; i < kDevices; i = next++) {
                    const crypto::SigningKey key = key_of(i);
                    v1::EnrolDeviceResponse enrolled;
                    v1::DeviceSession session;
                    const std::string failed = reason_of(enrol(key, text, &enrolled));
                    EXPECT_EQ(failed, "");
                    EXPECT_EQ(reason_of(sign_in(key, &session)), "");
                    ++joined;
                }
            });
    }
    const auto took = steady_clock::now() - begin;
    EXPECT_EQ(joined, kDevices);
    EXPECT_LT(took, seconds(20));
    RecordProperty("seconds", std::to_string(std::chrono::duration<double>(took).count()));
    std::printf("%u devices enrolled and signed in within %.2f s\n", kDevices,
                std::chrono::duration<double>(took).count());
    EXPECT_EQ(running_->outboxes.find("identity")->last_position(), 1 + 2 * kDevices);
}

TEST(Config, is_checked) {
    // Collects what the table requires.
    struct Table final : runtime::ConfigTable {
        void text(std::string_view, std::string&, std::string_view) override {}
        void secret(std::string_view, std::string&, std::string_view) override {}
        void choice(std::string_view, std::string&, std::vector<std::string_view>,
                    std::string_view) override {}
        void flag(std::string_view, bool&, std::string_view) override {}
        void number(std::string_view, std::uint64_t&, std::uint64_t, std::uint64_t,
                    std::string_view) override {}
        void decimal(std::string_view, double&, double, double, std::string_view) override {}
        void duration(std::string_view, Duration&, Duration, Duration, std::string_view) override {}
        void require(bool holds, std::string_view) override { problems += !holds; }
        int problems = 0;
    };
    const auto problems = [](std::string url) {
        Config config;
        config.public_url = std::move(url);
        Table table;
        config.describe(table);
        return table.problems;
    };
    EXPECT_EQ(problems("https://imece.example"), 0);
    EXPECT_EQ(problems("imece.example"), 1);
    EXPECT_EQ(problems("http://imece.example/"), 1);
}

}  // namespace
}  // namespace imece::identity
