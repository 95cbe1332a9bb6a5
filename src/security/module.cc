#include "security/module.h"

#include "base/result.h"
#include "runtime/bus/subscription.h"
#include "runtime/files/private_file.h"
#include "runtime/files/signing_key.h"
#include "runtime/module.h"
#include "runtime/observe/metrics.h"
#include "runtime/rpc/server.h"
#include "security/adapters/bus/event_record.h"
#include "security/adapters/rpc/audit_service.h"
#include "security/adapters/store_sqlite/sqlite_audit_store.h"

namespace imece::security {
namespace {

constexpr const char* kName = "security";
constexpr const char* kAudited = "identity";

class Security final : public runtime::Module {
public:
    Security(runtime::Process& process, runtime::Door& door,
             std::unique_ptr<SqliteAuditStore> store, crypto::SigningKey audit_key)
        : store_(std::move(store)),
          audit_key_(std::move(audit_key)),
          read_(*store_),
          sign_({*store_, audit_key_, "imece/" + process.site.name + "/audit"}),
          service_(make_audit_service(read_, sign_, door)),
          identity_(process.server, process.random,
                    {.source = kAudited,
                     .as = kName,
                     .position = [this] { return store_->position(kAudited); },
                     .apply =
                         [this](const runtime::Event& event) {
                             return store_->append(record_of(event, kAudited));
                         }}),
          records_(process.metrics.gauge("imece_security_audit_records", "Records in the audit log",
                                         {},
                                         [this] { return double(store_->size().value_or(0)); })) {
        process.server.add(kName, *service_);
    }

    Status start() override {
        identity_.start();
        return {};
    }
    /// Before the server goes: the subscription must not dial a channel that is being torn down.
    void drain() override { identity_.stop(); }
    void stop() override { identity_.stop(); }

private:
    std::unique_ptr<SqliteAuditStore> store_;
    crypto::SigningKey audit_key_;
    ReadAudit read_;
    SignCheckpoint sign_;
    std::shared_ptr<grpc::Service> service_;
    runtime::Subscription identity_;
    std::shared_ptr<void> records_;
};

}  // namespace

Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, runtime::Door& door) {
    const std::filesystem::path directory = process.data_dir / kName;
    IMECE_CHECK(runtime::make_private_directory(directory));
    IMECE_TRY(crypto::SigningKey key,
              runtime::open_signing_key(directory / "audit.key", process.random));
    IMECE_TRY(auto store, SqliteAuditStore::open(directory / "security.db"));
    return std::make_unique<Security>(process, door, std::move(store), std::move(key));
}

}  // namespace imece::security
