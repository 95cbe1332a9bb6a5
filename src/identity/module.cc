#include "identity/module.h"

#include <cstdio>

#include "base/result.h"
#include "identity/adapters/bus/proto_wire.h"
#include "identity/adapters/files/setup_link_file.h"
#include "identity/adapters/files/site_keys.h"
#include "identity/adapters/passwords/argon2_hasher.h"
#include "identity/adapters/rpc/check_in_service.h"
#include "identity/adapters/rpc/identity_service.h"
#include "identity/adapters/rpc/jwt_signer.h"
#include "identity/adapters/rpc/trust_feed.h"
#include "identity/adapters/store_sqlite/sqlite_store.h"
#include "runtime/config/table.h"
#include "runtime/files/private_file.h"
#include "runtime/module.h"
#include "runtime/observe/log.h"
#include "runtime/rpc/server.h"

namespace imece::identity {
namespace {

constexpr std::string_view kName = "identity";

Limits limits_of(const Config& config) {
    Limits limits;
    limits.access_ttl = config.access_ttl;
    limits.refresh_ttl = config.refresh_ttl;
    limits.credential_ttl = config.credential_ttl;
    return limits;
}

PublicKeys public_keys(const SiteKeys& keys) {
    return {.token_key_id = keys.token.key_id(),
            .token_point = keys.token.public_point(),
            .credential_key_id = key_id_of(keys.credential.public_key()),
            .credential_key = keys.credential.public_key()};
}

void print_link(std::string_view link) {
    std::printf("Make the first operator by this link, once: %.*s\n", int(link.size()),
                link.data());
    std::fflush(stdout);
}

/// Everything that the service is made of, in the order of its making.
class IdentityModule final : public runtime::Module {
public:
    IdentityModule(runtime::Process& process, const Config& config, runtime::Door& door,
                   std::unique_ptr<SqliteStore> store, SiteKeys keys, const Revocations& revoked)
        : store_(std::move(store)),
          keys_(std::move(keys)),
          public_keys_(public_keys(keys_)),
          link_(process.data_dir / "setup-link", config.public_url),
          passwords_(process.random, {}),
          signer_(keys_.token, process.site.name),
          issuer_({process.clock, process.random, signer_, keys_.credential, wire_},
                  limits_of(config)),
          challenges_(issuer_.limits()),
          trust_(process.clock, door, process.site.name, public_keys_, revoked),
          use_cases_{
              .set_up = SetUp({*store_, passwords_, link_, issuer_}),
              .create_user = CreateUser({*store_, passwords_, issuer_}),
              .get_user = GetUser(*store_),
              .list_users = ListUsers(*store_),
              .disable_user = DisableUser({*store_, issuer_, trust_}),
              .enable_user = EnableUser({*store_, issuer_}),
              .end_sessions = EndSessions({*store_, trust_}),
              .export_user = ExportUser(*store_),
              .erase_user = EraseUser({*store_, issuer_, trust_}),
              .login{{*store_, passwords_, issuer_}, {}},
              .refresh_session = RefreshSession({*store_, issuer_, trust_}),
              .logout = Logout({*store_, trust_}),
              .create_enrolment_token = CreateEnrolmentToken({*store_, issuer_}),
              .enrol_device = EnrolDevice({*store_, issuer_}),
              .create_challenge = CreateChallenge({*store_, issuer_, challenges_}),
              .sign_in_device = SignInDevice({*store_, issuer_, challenges_}),
              .get_device = GetDevice(*store_),
              .list_devices = ListDevices(*store_),
              .revoke_device = RevokeDevice({*store_, issuer_, trust_}),
              .create_desk = CreateDesk({*store_, issuer_}),
              .list_desks = ListDesks(*store_),
              .add_desk_device = AddDeskDevice({*store_, issuer_}),
          },
          check_ins_{.record = RecordCheckIn({*store_, issuer_, config.check_in_lifetime}),
                     .search = SearchCheckIns(*store_),
                     .get = GetCheckIn(*store_),
                     .erase = EraseCheckIn({*store_, issuer_})},
          rpc_(door, use_cases_, public_keys_),
          check_in_rpc_(door, check_ins_) {
        process.outboxes.add(std::string(kName), *store_);
        process.server.add(kName, rpc_);
        process.server.add(kName, check_in_rpc_);
        process.server.add(kName, trust_);
    }

    Status offer_setup(Random& random, const Config& config) {
        IMECE_TRY(const std::optional<std::string> token, OfferSetup({*store_, random, link_})());
        if (!token) return {};
        runtime::log(runtime::LogLevel::kInfo, "setup_link_waits",
                     {{"file", link_.path().string()}});
        (config.show_setup_link ? config.show_setup_link : print_link)(link_.link(*token));
        return {};
    }

    Status start() override { return {}; }
    void drain() override { trust_.drain(); }
    void stop() override {}

private:
    std::unique_ptr<SqliteStore> store_;
    SiteKeys keys_;
    PublicKeys public_keys_;
    SetupLinkFile link_;
    Argon2Hasher passwords_;
    ProtoWire wire_;
    JwtSigner signer_;
    Issuer issuer_;
    Challenges challenges_;
    TrustFeed trust_;
    UseCases use_cases_;
    CheckInUseCases check_ins_;
    IdentityRpc rpc_;
    CheckInRpc check_in_rpc_;
};

}  // namespace

void Config::describe(runtime::ConfigTable& table) {
    table.text("public_url", public_url, "Where people reach the site; begins the set-up link.");
    table.duration("access_ttl", access_ttl, std::chrono::minutes(1), std::chrono::hours(1),
                   "How long an access token lives.");
    table.duration("refresh_ttl", refresh_ttl, std::chrono::hours(1), std::chrono::days(30),
                   "How long a refresh token lives.");
    table.duration("credential_ttl", credential_ttl, std::chrono::hours(1), std::chrono::days(30),
                   "How long a device's credential lives; a message may be under way as long.");
    table.duration("check_in_lifetime", check_in_lifetime, std::chrono::days(1),
                   std::chrono::days(730), "How long check-ins of people are kept.");
    table.require(public_url.starts_with("http://") || public_url.starts_with("https://"),
                  "public_url begins with http:// or https://");
    table.require(!public_url.ends_with('/'), "public_url has no slash at its end");
}

Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, const Config& config,
                                              runtime::Door& door) {
    const std::filesystem::path directory = process.data_dir / kName;
    IMECE_CHECK(runtime::make_private_directory(directory));
    IMECE_TRY(SiteKeys keys, open_site_keys(directory, process.random));
    IMECE_TRY(auto store,
              SqliteStore::open({.path = directory / "identity.db",
                                 .on_event = [&process] { process.outboxes.committed(kName); }}));
    IMECE_TRY(const Revocations revoked, store->revocations(process.clock.now()));
    auto module = std::make_unique<IdentityModule>(process, config, door, std::move(store),
                                                   std::move(keys), revoked);
    IMECE_CHECK(module->offer_setup(process.random, config));
    return module;
}

}  // namespace imece::identity
