#include "security/module.h"

#include "base/result.h"
#include "runtime/bus/subscription.h"
#include "runtime/config/table.h"
#include "runtime/files/certificate.h"
#include "runtime/files/private_file.h"
#include "runtime/files/signing_key.h"
#include "runtime/join/join_secret.h"
#include "runtime/module.h"
#include "runtime/observe/log.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/server.h"
#include "security/adapters/bus/event_record.h"
#include "security/adapters/rpc/audit_service.h"
#include "security/adapters/rpc/certificate_service.h"
#include "security/adapters/rpc/join_service.h"
#include "security/adapters/store_sqlite/sqlite_store.h"
#include "security/adapters/x509/authority.h"

namespace imece::security {
namespace {

constexpr const char* kName = "security";
/// Whose events are audited.
constexpr const char* kAudited[] = {"identity", "ledger", "config"};

class Security final : public runtime::Module {
public:
    Security(runtime::Process& process, runtime::Door& door, std::unique_ptr<SqliteStore> store,
             std::unique_ptr<CertificateAuthority> authority, const crypto::SigningKey& audit_key,
             const runtime::JoinSecret& join_master, Duration service_lifetime)
        : process_(process),
          store_(std::move(store)),
          authority_(std::move(authority)),
          audit_key_(audit_key),
          read_audit_(*store_),
          sign_({*store_, audit_key_, "imece/" + process.site.name + "/audit"}),
          certificates_{.issue = IssueCertificate({*authority_,
                                                   *store_,
                                                   wall_,
                                                   process.site.name,
                                                   {.service = service_lifetime},
                                                   records()}),
                        .revoke = RevokeCertificate({*store_, wall_, records()}),
                        .read = ReadCertificates({*authority_, *store_, wall_}),
                        .site = process.site.name},
          audit_service_(make_audit_service(read_audit_, sign_, door)),
          certificate_service_(make_certificate_service(certificates_, door)),
          join_service_(make_join_service(certificates_, join_master, door)) {
        gauges_.push_back(
            process.metrics.gauge("imece_security_audit_records", "Records in the audit log", {},
                                  [this] { return double(store_->size().value_or(0)); }));
        const std::filesystem::path authority_dir = process.data_dir / kName / "ca";
        for (const char* name : {"root", "intermediate"})
            gauges_.push_back(runtime::add_certificate_metric(
                process.metrics, name, authority_dir / (std::string(name) + ".crt")));
        process.server.add(kName, *audit_service_);
        process.server.add(kName, *certificate_service_);
        process.server.add(kName, *join_service_);
        for (const char* source : kAudited)
            audited_.push_back(std::make_unique<runtime::Subscription>(
                process,
                runtime::Subscription::Options{
                    .source = source,
                    .as = kName,
                    .position = [this, source] { return store_->position(source); },
                    .apply = runtime::one_by_one([this, source](const runtime::Event& event) {
                        return apply(source, event);
                    }),
                    .reset = {}}));
    }

    Status start() override {
        for (const auto& source : audited_) source->start();
        return {};
    }
    /// Before the server goes: a subscription must not dial a channel that is being torn down.
    void drain() override {
        for (const auto& source : audited_) source->stop();
    }
    void stop() override { drain(); }

private:
    Status apply(const char* source, const runtime::Event& event) {
        NewRecord record = record_of(event, source);
        if (event.type == "device.revoked.v1")
            return store_->revoke_all_of({CertificateKind::kDevice, event.subject}, wall_.now(),
                                         record);
        return store_->append(record);
    }

    WriteRecord records() {
        return [this](const char* type, const std::string& subject, const Caller& caller) {
            const TimePoint now = process_.clock.now();
            return own_record(type, subject, caller, {make_uuid_v7(now, process_.random)}, now);
        };
    }

    runtime::Process& process_;
    SystemClock
        wall_;  ///< Certificates are judged by peers outside, whose clocks run as the wall's.
    std::unique_ptr<SqliteStore> store_;
    std::unique_ptr<CertificateAuthority> authority_;
    crypto::SigningKey audit_key_;
    ReadAudit read_audit_;
    SignCheckpoint sign_;
    CertificateUseCases certificates_;
    std::shared_ptr<grpc::Service> audit_service_;
    std::shared_ptr<grpc::Service> certificate_service_;
    std::shared_ptr<grpc::Service> join_service_;
    std::vector<std::unique_ptr<runtime::Subscription>> audited_;
    std::vector<std::shared_ptr<void>> gauges_;
};

/// The first line of the file. Empty without a file.
Result<std::string> read_passphrase(const std::string& file) {
    if (file.empty()) return std::string();
    const auto text = runtime::read_private_file(file);
    if (!text || !*text || (*text)->substr(0, (*text)->find('\n')).empty())
        return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID",
                    "cannot read a passphrase from the first line of " + file);
    return (*text)->substr(0, (*text)->find('\n'));
}

}  // namespace

void Config::describe(runtime::ConfigTable& table) {
    table.text("ca_passphrase_file", ca_passphrase_file,
               "A file whose first line seals the root key of the certificate authority.");
    table.duration("service_lifetime", service_lifetime, std::chrono::seconds(10),
                   std::chrono::days(30),
                   "How long a service's certificate is good; it is renewed at half of that.");
}

Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, const Config& config,
                                              runtime::Door& door) {
    const std::filesystem::path directory = process.data_dir / kName;
    IMECE_CHECK(runtime::make_private_directory(directory));
    IMECE_TRY(const crypto::SigningKey key,
              runtime::open_signing_key(directory / "audit.key", process.random));
    IMECE_TRY(auto store, SqliteStore::open(directory / "security.db"));
    IMECE_TRY(const std::string passphrase, read_passphrase(config.ca_passphrase_file));
    IMECE_TRY(auto authority, open_authority({.directory = directory / "ca",
                                              .site = process.site.name,
                                              .passphrase = passphrase},
                                             SystemClock().now()));
    if (root_key_in(directory / "ca") == RootKey::kUnsealed)
        runtime::log(runtime::LogLevel::kWarn, "ca_root_key_unsealed",
                     {{"file", (directory / "ca" / "root.key").string()},
                      {"remedy", "imece ca offline-root"}});
    IMECE_TRY(const auto join_master, runtime::JoinSecret::open_master(directory, process.random));
    return std::make_unique<Security>(process, door, std::move(store), std::move(authority), key,
                                      join_master, config.service_lifetime);
}

Result<std::string> join_secret(const std::string& data, const std::string& service) {
    if (!is_service_name(service))
        return fail(ErrorCode::kInvalidArgument, "SERVICE_NAME_INVALID",
                    "a service's name is 1 to 32 lower-case letters, digits and hyphens");
    const std::filesystem::path directory = std::filesystem::path(data) / kName;
    IMECE_CHECK(runtime::make_private_directory(directory));
    SystemRandom random;
    IMECE_TRY(const auto master, runtime::JoinSecret::open_master(directory, random));
    return master.of(service).text();
}

Status take_root_offline(const OfflineRoot& how) {
    IMECE_TRY(const std::string now, read_passphrase(how.old_passphrase_file));
    IMECE_TRY(const std::string then, read_passphrase(how.passphrase_file));
    return move_root_key(std::filesystem::path(how.data) / kName / "ca", now, how.out, then);
}

}  // namespace imece::security
