// The whole service in a process, over sockets: as an operator, a citizen and another service see it.
#include "config/module.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <fstream>

#include "imece/config/v1/config.grpc.pb.h"
#include "imece/trust/v1/trust.pb.h"
#include "runtime/auth/jwt.h"
#include "runtime/auth/trust_store.h"
#include "runtime/bus/outbox.h"
#include "runtime/module.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/server.h"
#include "runtime/settings/key.h"
#include "testkit/fake_clock.h"
#include "testkit/temp_dir.h"

namespace imece::config {
namespace {

using namespace std::chrono_literals;

constexpr const char* kKey = "messaging.queue_share_maintenance";

class Module : public testing::Test {
protected:
    void SetUp() override { start(); }
    void TearDown() override { stop(); }

    void start() {
        server_ = std::make_unique<runtime::Server>(runtime::RpcConfig{.listen = "127.0.0.1:0"});
        trust_ = std::make_unique<runtime::TrustStore>(clock_);
        door_ = std::make_unique<runtime::Door>(runtime::Door::Deps{
            .random = random_, .metrics = metrics_, .server = *server_, .trust = *trust_});
        process_ = std::make_unique<runtime::Process>(runtime::Process{
            clock_, random_, metrics_, *server_, outboxes_, {"hatay", true, "0"}, dir_.path()});
        auto made = make(*process_, config_, *door_);
        ASSERT_TRUE(made) << made.error().message;
        module_ = *std::move(made);
        set_trust();
        ASSERT_TRUE(server_->start());
        ASSERT_TRUE(module_->start());
        channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                       grpc::InsecureChannelCredentials());
        config_stub_ = v1::ConfigService::NewStub(channel_);
        secret_stub_ = v1::SecretService::NewStub(channel_);
    }
    void stop() {
        if (!module_) return;
        const auto begin = std::chrono::steady_clock::now();
        module_->drain();
        server_->stop(3s);
        EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s) << "a stream held the stop up";
        module_->stop();
        module_.reset();
    }
    void set_trust() {
        imece::trust::v1::TrustBundle bundle;
        bundle.set_issuer("hatay");
        auto& key = *bundle.add_keys();
        key.set_key_id(token_key_.key_id());
        key.set_use(imece::trust::v1::ACCESS_TOKEN);
        key.set_public_key(std::string(text_of(token_key_.public_point())));
        trust_->set(bundle);
    }
    void as(grpc::ClientContext& context, const std::string& who) {
        context.set_deadline(std::chrono::system_clock::now() + 20s);
        if (who == "service") return server_->sign_as_service(context, "config", "messaging");
        runtime::TokenClaims claims{.issuer = "hatay",
                                    .subject = "ayse",
                                    .kind = "user",
                                    .session_id = "s",
                                    .roles = {who},
                                    .issued_at = clock_.now(),
                                    .expires_at = clock_.now() + 1h};
        context.AddMetadata("authorization", "Bearer " + token_key_.sign(claims));
    }
    /// The reason of the refusal, or empty.
    template <class Stub, class Request, class Response>
    std::string call(const std::string& who, Stub& stub,
                     grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                     const Request& request, Response* response) {
        grpc::ClientContext context;
        as(context, who);
        const grpc::Status status = (stub.*method)(&context, request, response);
        said_ = status.error_message() + status.error_details();
        return status.ok() ? "" : std::string(runtime::from_grpc(status).reason);
    }
    std::string set(const std::string& value, std::uint64_t expected,
                    const std::string& who = "OPERATOR", const std::string& key = kKey) {
        v1::SetSettingRequest request;
        request.set_key(key);
        request.set_value(value);
        request.set_expected_revision(expected);
        return call(who, *config_stub_, &v1::ConfigService::Stub::SetSetting, request, &setting_);
    }
    std::string set_secret(const std::string& name, const std::string& value,
                           const std::string& who = "OPERATOR", std::uint64_t expected = 0) {
        v1::SetSecretRequest request;
        request.set_name(name);
        request.set_value(value);
        request.set_expected_revision(expected);
        v1::Secret secret;
        return call(who, *secret_stub_, &v1::SecretService::Stub::SetSecret, request, &secret);
    }
    std::string get_secret(const std::string& name, const std::string& who = "service") {
        v1::GetSecretRequest request;
        request.set_name(name);
        return call(who, *secret_stub_, &v1::SecretService::Stub::GetSecret, request, &got_);
    }

    testkit::TempDir dir_;
    testkit::FakeClock clock_;
    SystemRandom random_;
    runtime::Metrics metrics_;
    runtime::Outboxes outboxes_;
    runtime::TokenKey token_key_ = runtime::TokenKey::generate();
    Config config_{.history_max = 3, .passphrase_file = {}};
    std::unique_ptr<runtime::Server> server_;
    std::unique_ptr<runtime::TrustStore> trust_;
    std::unique_ptr<runtime::Door> door_;
    std::unique_ptr<runtime::Process> process_;
    std::unique_ptr<runtime::Module> module_;
    std::shared_ptr<grpc::Channel> channel_;
    std::unique_ptr<v1::ConfigService::Stub> config_stub_;
    std::unique_ptr<v1::SecretService::Stub> secret_stub_;
    v1::Setting setting_;
    v1::GetSecretResponse got_;
    std::string said_;
};

TEST_F(Module, lists_every_key_and_what_is_set) {
    v1::ListSettingsResponse all;
    ASSERT_EQ(call("DISPATCHER", *config_stub_, &v1::ConfigService::Stub::ListSettings,
                   v1::ListSettingsRequest{}, &all),
              "");
    EXPECT_EQ(all.revision(), 0u);
    ASSERT_EQ(std::size_t(all.settings_size()), runtime::keys().size());
    ASSERT_EQ(set("040", 0), "");
    EXPECT_EQ(setting_.value(), "40");
    EXPECT_EQ(setting_.actor(), "user:ayse");
    EXPECT_EQ(setting_.revision(), 1u);
    stop();
    start();
    all.Clear();
    ASSERT_EQ(call("service", *config_stub_, &v1::ConfigService::Stub::ListSettings,
                   v1::ListSettingsRequest{}, &all),
              "");
    EXPECT_EQ(all.revision(), 1u);
    for (const v1::Setting& one : all.settings()) {
        EXPECT_EQ(one.is_set(), one.key() == kKey) << one.key();
        EXPECT_EQ(one.value(), one.key() == kKey ? "40" : one.default_value());
    }
}

TEST_F(Module, refuses_what_it_does_not_know_and_says_the_bounds) {
    EXPECT_EQ(set("40", 0, "OPERATOR", "messaging.que"), "SETTING_UNKNOWN");
    EXPECT_EQ(set("101", 0), "SETTING_INVALID");
    EXPECT_NE(said_.find("from 0 to 100"), std::string::npos) << said_;
    EXPECT_EQ(set("40", 7), "REVISION_STALE");
    EXPECT_EQ(set("40", 0, "CITIZEN"), "ROLE_MISSING");
    EXPECT_EQ(set("40", 0, "DISPATCHER"), "ROLE_MISSING");
    EXPECT_EQ(set("40", 0, "service"), "");
    EXPECT_EQ(setting_.actor(), "service:messaging");
}

TEST_F(Module, a_reset_goes_back_to_the_default_and_is_in_the_history) {
    ASSERT_EQ(set("40", 0), "");
    v1::ResetSettingRequest reset;
    reset.set_key(kKey);
    EXPECT_EQ(
        call("OPERATOR", *config_stub_, &v1::ConfigService::Stub::ResetSetting, reset, &setting_),
        "REVISION_STALE");
    reset.set_expected_revision(1);
    ASSERT_EQ(
        call("OPERATOR", *config_stub_, &v1::ConfigService::Stub::ResetSetting, reset, &setting_),
        "");
    EXPECT_EQ(setting_.value(), "60");
    EXPECT_FALSE(setting_.is_set());
    v1::ListSettingChangesRequest request;
    request.set_key(kKey);
    v1::ListSettingChangesResponse history;
    ASSERT_EQ(call("OPERATOR", *config_stub_, &v1::ConfigService::Stub::ListSettingChanges, request,
                   &history),
              "");
    ASSERT_EQ(history.changes_size(), 2);
    EXPECT_EQ(history.changes(0).before(), "40");
    EXPECT_EQ(history.changes(0).after(), "");
    EXPECT_EQ(history.changes(1).actor(), "user:ayse");
}

TEST_F(Module, a_watch_brings_each_change_and_goes_on_where_it_was_cut_off) {
    ASSERT_EQ(set("10", 0), "");
    ASSERT_EQ(set("5000", 0, "OPERATOR", "messaging.queue_max"), "");
    v1::WatchSettingsRequest request;
    request.set_key(kKey);
    v1::SettingChange change;
    std::uint64_t seen = 0;
    for (const char* value : {"20", "30"}) {
        grpc::ClientContext context;
        as(context, "OPERATOR");
        request.set_after_revision(seen);
        const auto stream = config_stub_->WatchSettings(&context, request);
        if (seen == 0) {
            ASSERT_TRUE(stream->Read(&change));
            EXPECT_EQ(change.after(), "10");
            seen = change.revision();
        }
        ASSERT_EQ(set(value, seen), "");
        ASSERT_TRUE(stream->Read(&change));
        EXPECT_EQ(change.after(), value);
        EXPECT_EQ(change.revision(), seen = setting_.revision());
        context.TryCancel();
        EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
    }
}

TEST_F(Module, a_watch_of_what_is_no_longer_kept_is_told_so) {
    std::uint64_t revision = 0;
    for (int i = 0; i < 5; ++i) {
        ASSERT_EQ(set(std::to_string(i), revision), "");
        revision = setting_.revision();
    }
    v1::WatchSettingsRequest request;
    grpc::ClientContext context;
    as(context, "OPERATOR");
    const auto stream = config_stub_->WatchSettings(&context, request);
    v1::SettingChange change;
    EXPECT_FALSE(stream->Read(&change));
    EXPECT_EQ(runtime::from_grpc(stream->Finish()).reason, "REVISION_GONE");
}

TEST_F(Module, an_open_watch_ends_with_the_process) {
    grpc::ClientContext context;
    as(context, "OPERATOR");
    const auto stream = config_stub_->WatchSettings(&context, v1::WatchSettingsRequest{});
    ASSERT_EQ(set("10", 0), "");
    v1::SettingChange change;
    ASSERT_TRUE(stream->Read(&change));
    stop();
    EXPECT_FALSE(stream->Read(&change));
    EXPECT_EQ(runtime::from_grpc(stream->Finish()).reason, "SHUTTING_DOWN");
}

TEST_F(Module, a_secret_goes_in_by_operators_and_out_to_services_only) {
    EXPECT_EQ(set_secret("sms.token", "hunter2", "DISPATCHER"), "ROLE_MISSING");
    EXPECT_EQ(set_secret("sms.token", "hunter2", "service"), "ROLE_MISSING");
    ASSERT_EQ(set_secret("sms.token", "hunter2"), "");
    EXPECT_EQ(get_secret("sms.token", "OPERATOR"), "ROLE_MISSING");
    EXPECT_EQ(said_.find("hunter2"), std::string::npos);
    ASSERT_EQ(get_secret("sms.token"), "");
    EXPECT_EQ(got_.value(), "hunter2");
    EXPECT_EQ(set_secret("sms.token", "hunter3"), "REVISION_STALE");
    EXPECT_EQ(said_.find("hunter3"), std::string::npos);
    v1::ListSecretsResponse all;
    ASSERT_EQ(call("OPERATOR", *secret_stub_, &v1::SecretService::Stub::ListSecrets,
                   v1::ListSecretsRequest{}, &all),
              "");
    ASSERT_EQ(all.secrets_size(), 1);
    EXPECT_EQ(all.secrets(0).name(), "sms.token");
    EXPECT_EQ(all.SerializeAsString().find("hunter2"), std::string::npos);
}

TEST_F(Module, a_rotated_key_opens_every_secret_also_after_a_restart) {
    ASSERT_EQ(set_secret("sms.token", "hunter2"), "");
    v1::RotateSealingKeyResponse rotated;
    ASSERT_EQ(call("OPERATOR", *secret_stub_, &v1::SecretService::Stub::RotateSealingKey,
                   v1::RotateSealingKeyRequest{}, &rotated),
              "");
    EXPECT_EQ(rotated.secrets(), 1u);
    stop();
    start();
    ASSERT_EQ(get_secret("sms.token"), "");
    EXPECT_EQ(got_.value(), "hunter2");
}

TEST_F(Module, without_its_passphrase_it_serves_all_but_the_secrets) {
    stop();
    config_.passphrase_file = (dir_.path() / "passphrase").string();
    std::ofstream(config_.passphrase_file) << "kar yagiyor bugun\n";
    start();
    ASSERT_EQ(set_secret("sms.token", "hunter2"), "");
    stop();
    config_.passphrase_file.clear();
    start();
    EXPECT_EQ(get_secret("sms.token"), "SEALING_KEY_LOCKED");
    EXPECT_EQ(set_secret("mail", "x"), "SEALING_KEY_LOCKED");
    EXPECT_EQ(set("40", 0), "");
}

}  // namespace
}  // namespace imece::config
