// The audit log on SQLite: one file, group commit.
#pragma once

#include <filesystem>
#include <memory>

#include "runtime/sql/database.h"
#include "security/app/ports.h"

namespace imece::security {

/// Thread-safe. Cost of a record: its bytes, 32 of its hash and, in the mean, one more hash.
class SqliteAuditStore final : public AuditStore {
public:
    /// The directory of `path` exists. Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED.
    static Result<std::unique_ptr<SqliteAuditStore>> open(std::filesystem::path path);

    Status append(const NewRecord& record) override;
    Result<std::uint64_t> position(const std::string& source) override;
    Result<std::uint64_t> size() override;
    Result<std::vector<LoggedRecord>> list(std::uint64_t index, std::size_t max) override;
    Result<crypto::Digest> node(unsigned level, std::uint64_t index) override;

private:
    explicit SqliteAuditStore(std::unique_ptr<runtime::sql::Database> database)
        : database_(std::move(database)) {}

    std::unique_ptr<runtime::sql::Database> database_;
};

}  // namespace imece::security
