// Security's store on SQLite: audit log and certificates in one file, one commit for what belongs together.
#pragma once

#include <filesystem>
#include <memory>

#include "runtime/sql/database.h"
#include "security/app/ports.h"

namespace imece::security {

/// Thread-safe. Cost of a record: its bytes, 32 of its hash and, in the mean, one more hash.
class SqliteStore final : public AuditStore, public CertificateStore {
public:
    /// The directory of `path` exists. Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED.
    static Result<std::unique_ptr<SqliteStore>> open(std::filesystem::path path);

    Status append(const NewRecord& record) override;
    Result<std::uint64_t> position(const std::string& source) override;
    Result<std::uint64_t> size() override;
    Result<std::vector<LoggedRecord>> list(std::uint64_t index, std::size_t max) override;
    Result<crypto::Digest> node(unsigned level, std::uint64_t index) override;

    Status add(const StoredCertificate& certificate, const NewRecord& record) override;
    Result<std::vector<StoredCertificate>> list(const Serial& after, std::size_t max) override;
    Result<StoredCertificate> revoke(const Serial& serial, TimePoint now,
                                     const NewRecord& record) override;
    Status revoke_all_of(const CertificateName& name, TimePoint now,
                         const NewRecord& record) override;
    Result<std::vector<RevokedCertificate>> revoked(TimePoint now) override;

private:
    explicit SqliteStore(std::unique_ptr<runtime::sql::Database> database)
        : database_(std::move(database)) {}

    std::unique_ptr<runtime::sql::Database> database_;
};

}  // namespace imece::security
