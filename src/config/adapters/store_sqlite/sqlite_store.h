// The config service's store on SQLite. The changes are its history and its outbox too: one row is both.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "config/app/ports.h"
#include "runtime/bus/outbox.h"
#include "runtime/sql/database.h"

namespace imece::config {

/// Thread-safe. Of each subject the newest changes are kept. Whoever reads the outbox from behind misses what was dropped
/// and still learns the present state: each subject's last change is always there.
class SqliteStore final : public ConfigStore, public runtime::OutboxReader {
public:
    struct Options {
        std::filesystem::path path;       ///< Its directory exists.
        std::uint64_t history_max = 100;  ///< Changes kept of one key or secret, at least 1.
        SecretLimits limits;
        std::function<runtime::Event(const Change&)> event_of;  ///< The wire form of a change.
        /// Runs after each commit that made a revision, on the thread that asked for it.
        std::function<void()> on_change = [] {};
    };
    /// Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED.
    static Result<std::unique_ptr<SqliteStore>> open(Options options);

    Result<Snapshot> read() override;
    Result<std::optional<Setting>> find(const std::string& key) override;
    Result<Setting> set(const Wanted& wanted, const std::string& value) override;
    Status reset(const Wanted& wanted) override;
    Result<std::vector<Change>> changes_after(std::uint64_t revision, std::size_t max) override;
    Result<std::vector<Change>> history(const std::string& key, std::uint64_t before,
                                        std::size_t max) override;

    Result<std::vector<Secret>> secrets() override;
    Result<Secret> put_secret(const Wanted& wanted, const Bytes& sealed) override;
    Status delete_secret(const Wanted& wanted) override;
    Result<SealedSecret> find_secret(const std::string& name) override;
    Result<std::size_t> reseal_secrets(const Wanted& wanted, const Reseal& reseal) override;

    Result<std::vector<runtime::Event>> read_after(std::uint64_t position,
                                                   std::size_t max) override;
    std::uint64_t last_position() override;

private:
    SqliteStore(std::unique_ptr<runtime::sql::Database> database, Options options)
        : database_(std::move(database)), options_(std::move(options)) {}
    /// A transaction whose changes the outside hears of once they are durable.
    Status write_and_tell(const std::function<Status(runtime::sql::Tx&)>& change);

    std::unique_ptr<runtime::sql::Database> database_;
    Options options_;
};

}  // namespace imece::config
