#include "base/result.h"
#include "crypto/merkle.h"
#include "security/adapters/store_sqlite/sqlite_rows.h"
#include "security/adapters/store_sqlite/sqlite_store.h"

namespace imece::security {
namespace {

/// The steps of the schema: only added to, never edited. Level 0 of the tree lies with the records.
constexpr runtime::sql::Migration kFirstSchema{1, "first", R"sql(
CREATE TABLE audit_records(
    at INTEGER PRIMARY KEY,
    record BLOB NOT NULL,
    leaf BLOB NOT NULL
) STRICT;

CREATE TABLE audit_nodes(
    level INTEGER NOT NULL,
    at INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE positions(
    source TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql"};

/// Times are unix milliseconds.
constexpr runtime::sql::Migration kCertificates{2, "certificates", R"sql(
CREATE TABLE certificates(
    serial BLOB PRIMARY KEY,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX certificates_by_name ON certificates(name, kind);
CREATE INDEX certificates_revoked ON certificates(not_after) WHERE revoked_at IS NOT NULL;
)sql"};

Result<std::uint64_t> read_size(Tx& tx) {
    std::uint64_t size = 0;
    IMECE_CHECK(tx.query("SELECT coalesce(max(at) + 1, 0) FROM audit_records", {},
                         [&](const Row& row) { size = std::uint64_t(row.integer(0)); }));
    return size;
}

Result<std::uint64_t> read_position(Tx& tx, const std::string& source) {
    std::uint64_t position = 0;
    IMECE_CHECK(tx.query("SELECT position FROM positions WHERE source = ?1", {source},
                         [&](const Row& row) { position = std::uint64_t(row.integer(0)); }));
    return position;
}

Result<crypto::Digest> read_node(Tx& tx, unsigned level, std::uint64_t index) {
    crypto::Digest hash{};
    const auto take = [&](const Row& row) { hash = row.fixed<sizeof hash>(0); };
    IMECE_TRY(const std::size_t found,
              level == 0 ? tx.query("SELECT leaf FROM audit_records WHERE at = ?1", {index}, take)
                         : tx.query("SELECT hash FROM audit_nodes WHERE level = ?1 AND at = ?2",
                                    {level, index}, take));
    if (found == 0)
        return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", "a hash of the audit log is missing");
    return hash;
}

}  // namespace

Status append_record(Tx& tx, const NewRecord& record, const crypto::Digest& leaf) {
    IMECE_TRY(const std::uint64_t last, read_position(tx, record.source));
    if (record.position <= last) return {};
    IMECE_TRY(const std::uint64_t size, read_size(tx));
    IMECE_TRY(const auto made,
              crypto::merkle_append(size, leaf, [&](unsigned level, std::uint64_t index) {
                  return read_node(tx, level, index);
              }));
    IMECE_CHECK(tx.run("INSERT INTO audit_records(at, record, leaf) VALUES(?1, ?2, ?3)",
                       {size, record.record, leaf}));
    for (const crypto::MerkleNode& node : made)
        if (node.level > 0)
            IMECE_CHECK(tx.run("INSERT INTO audit_nodes(level, at, hash) VALUES(?1, ?2, ?3)",
                               {node.level, node.index, node.hash}));
    IMECE_CHECK(
        tx.run("INSERT INTO positions(source, position) VALUES(?1, ?2)"
               " ON CONFLICT(source) DO UPDATE SET position = excluded.position",
               {record.source, record.position}));
    return {};
}

Status append_next(Tx& tx, NewRecord record, const crypto::Digest& leaf) {
    IMECE_TRY(const std::uint64_t last, read_position(tx, record.source));
    record.position = last + 1;
    return append_record(tx, record, leaf);
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(std::filesystem::path path) {
    IMECE_TRY(auto database,
              runtime::sql::open_sqlite(
                  {.path = std::move(path), .migrations = {kFirstSchema, kCertificates}}));
    return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(database)));
}

Status SqliteStore::append(const NewRecord& record) {
    const crypto::Digest leaf = crypto::merkle_leaf_hash(record.record);
    return database_->write([&](Tx& tx) { return append_record(tx, record, leaf); });
}

Result<std::uint64_t> SqliteStore::position(const std::string& source) {
    std::uint64_t position = 0;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_TRY(position, read_position(tx, source));
        return {};
    }));
    return position;
}

Result<std::uint64_t> SqliteStore::size() {
    std::uint64_t size = 0;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_TRY(size, read_size(tx));
        return {};
    }));
    return size;
}

Result<std::vector<LoggedRecord>> SqliteStore::list(std::uint64_t index, std::size_t max) {
    std::vector<LoggedRecord> records;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(
            tx.query("SELECT at, record, leaf FROM audit_records WHERE at >= ?1"
                     " ORDER BY at LIMIT ?2",
                     {index, max}, [&](const Row& row) {
                         const ByteView record = row.blob(1);
                         records.push_back({.index = std::uint64_t(row.integer(0)),
                                            .record = {record.begin(), record.end()},
                                            .leaf = row.fixed<sizeof(crypto::Digest)>(2)});
                     }));
        return {};
    }));
    return records;
}

Result<crypto::Digest> SqliteStore::node(unsigned level, std::uint64_t index) {
    crypto::Digest hash{};
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_TRY(hash, read_node(tx, level, index));
        return {};
    }));
    return hash;
}

}  // namespace imece::security
