// Opening the store; its changes as history and as outbox.
#include "base/result.h"
#include "config/adapters/store_sqlite/sqlite_rows.h"
#include "config/adapters/store_sqlite/sqlite_store.h"

namespace imece::config {
namespace {

/// Only added to, never edited. Times are unix milliseconds.
constexpr runtime::sql::Migration kFirstSchema{1, "first", R"sql(
CREATE TABLE settings(
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    revision INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets(
    name TEXT PRIMARY KEY,
    sealed BLOB NOT NULL,
    revision INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: a revision is never given twice.
CREATE TABLE changes(
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL,
    kind INTEGER NOT NULL,
    subject TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    trace_parent TEXT NOT NULL
) STRICT;
CREATE INDEX changes_by_subject ON changes(subject, revision);

-- The newest change of a setting that is no longer kept.
CREATE TABLE compacted(
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO compacted(only_one, revision) VALUES(1, 0);
)sql"};

/// Settings and secrets have names of their own: a key may be called as a secret is.
constexpr int kFirstOfSecrets = int(ChangeKind::kSecretSet);

/// Drops what is beyond `history_max` of the subject of the change that was just written.
Status trim(Tx& tx, const std::string& subject, ChangeKind kind, std::uint64_t history_max) {
    const bool setting = is_of_setting(kind);
    std::uint64_t newest_dropped = 0;
    IMECE_CHECK(
        tx.query("SELECT revision FROM changes WHERE subject = ?1 AND (kind < ?2) = ?3"
                 " ORDER BY revision DESC LIMIT 1 OFFSET ?4",
                 {subject, kFirstOfSecrets, int(setting), history_max},
                 [&](const Row& row) { newest_dropped = std::uint64_t(row.integer(0)); }));
    if (newest_dropped == 0) return {};
    IMECE_CHECK(
        tx.run("DELETE FROM changes WHERE subject = ?1 AND (kind < ?2) = ?3 AND revision <= ?4",
               {subject, kFirstOfSecrets, int(setting), newest_dropped}));
    if (setting)
        IMECE_CHECK(tx.run("UPDATE compacted SET revision = max(revision, ?1)", {newest_dropped}));
    return {};
}

}  // namespace

Change change_of(const Row& row) {
    return {.revision = std::uint64_t(row.integer(0)),
            .id = row.id<EventId>(1),
            .kind = ChangeKind(row.integer(2)),
            .subject = std::string(row.text(3)),
            .before = std::string(row.text(4)),
            .after = std::string(row.text(5)),
            .at = row.time(6),
            .actor = std::string(row.text(7)),
            .trace_parent = std::string(row.text(8))};
}

Result<std::uint64_t> last_revision(Tx& tx) {
    std::uint64_t revision = 0;
    IMECE_CHECK(tx.query("SELECT coalesce(max(revision), 0) FROM changes", {},
                         [&](const Row& row) { revision = std::uint64_t(row.integer(0)); }));
    return revision;
}

Result<std::uint64_t> append_change(Tx& tx, const Wanted& wanted, ChangeKind kind,
                                    const std::string& before, const std::string& after,
                                    std::uint64_t history_max) {
    IMECE_CHECK(
        tx.run("INSERT INTO changes(id, kind, subject, before, after, at, actor, trace_parent)"
               " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
               {wanted.id, int(kind), wanted.subject, before, after, wanted.at, wanted.actor,
                wanted.trace_parent}));
    IMECE_TRY(const std::uint64_t revision, last_revision(tx));
    IMECE_CHECK(trim(tx, wanted.subject, kind, history_max));
    return revision;
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(Options options) {
    IMECE_TRY(auto database,
              runtime::sql::open_sqlite({.path = options.path, .migrations = {kFirstSchema}}));
    return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(database), std::move(options)));
}

Status SqliteStore::write_and_tell(const std::function<Status(Tx&)>& change) {
    IMECE_CHECK(database_->write(change));
    options_.on_change();
    return {};
}

Result<std::vector<Change>> SqliteStore::changes_after(std::uint64_t revision, std::size_t max) {
    std::vector<Change> changes;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        std::uint64_t compacted = 0;
        IMECE_CHECK(tx.query("SELECT revision FROM compacted", {},
                             [&](const Row& row) { compacted = std::uint64_t(row.integer(0)); }));
        IMECE_TRY(const std::uint64_t last, last_revision(tx));
        IMECE_CHECK(check_resumable(revision, compacted, last));
        IMECE_CHECK(tx.query("SELECT " IMECE_CHANGE_COLUMNS
                             " FROM changes WHERE revision > ?1 AND kind < "
                             "?2 ORDER BY revision LIMIT ?3",
                             {revision, kFirstOfSecrets, max},
                             [&](const Row& row) { changes.push_back(change_of(row)); }));
        return {};
    }));
    return changes;
}

Result<std::vector<Change>> SqliteStore::history(const std::string& key, std::uint64_t before,
                                                 std::size_t max) {
    std::vector<Change> changes;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(
            tx.query("SELECT " IMECE_CHANGE_COLUMNS
                     " FROM changes WHERE subject = ?1 AND kind < ?2 AND (?3 = 0 OR revision < ?3)"
                     " ORDER BY revision DESC LIMIT ?4",
                     {key, kFirstOfSecrets, before, max},
                     [&](const Row& row) { changes.push_back(change_of(row)); }));
        return {};
    }));
    return changes;
}

Result<std::vector<runtime::Event>> SqliteStore::read_after(std::uint64_t position,
                                                            std::size_t max) {
    std::vector<runtime::Event> events;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(tx.query("SELECT " IMECE_CHANGE_COLUMNS
                             " FROM changes WHERE revision > ?1 ORDER BY revision LIMIT ?2",
                             {position, max}, [&](const Row& row) {
                                 events.push_back(options_.event_of(change_of(row)));
                             }));
        return {};
    }));
    return events;
}

std::uint64_t SqliteStore::last_position() {
    std::uint64_t last = 0;
    const Status read = database_->read([&](Tx& tx) -> Status {
        IMECE_TRY(last, last_revision(tx));
        return {};
    });
    return read ? last : 0;
}

}  // namespace imece::config
