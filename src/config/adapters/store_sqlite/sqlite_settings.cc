#include "base/result.h"
#include "config/adapters/store_sqlite/sqlite_rows.h"
#include "config/adapters/store_sqlite/sqlite_store.h"

namespace imece::config {
namespace {

#define IMECE_SETTING_COLUMNS "key, value, revision, at, actor"

Setting setting_of(const Row& row) {
    return {.key = std::string(row.text(0)),
            .value = std::string(row.text(1)),
            .revision = std::uint64_t(row.integer(2)),
            .changed_at = row.time(3),
            .actor = std::string(row.text(4))};
}

Result<std::optional<Setting>> select_setting(Tx& tx, const std::string& key) {
    std::optional<Setting> found;
    IMECE_CHECK(tx.query("SELECT " IMECE_SETTING_COLUMNS " FROM settings WHERE key = ?1", {key},
                         [&](const Row& row) { found = setting_of(row); }));
    return found;
}

/// The setting as it is, where that is what the caller expects.
Result<std::optional<Setting>> expect_setting(Tx& tx, const Wanted& wanted) {
    IMECE_TRY(auto present, select_setting(tx, wanted.subject));
    IMECE_CHECK(
        check_expected(wanted.subject, wanted.expected_revision, present ? present->revision : 0));
    return present;
}

}  // namespace

Result<Snapshot> SqliteStore::read() {
    Snapshot snapshot;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_TRY(snapshot.revision, last_revision(tx));
        IMECE_CHECK(
            tx.query("SELECT " IMECE_SETTING_COLUMNS " FROM settings ORDER BY key", {},
                     [&](const Row& row) { snapshot.settings.push_back(setting_of(row)); }));
        return {};
    }));
    return snapshot;
}

Result<std::optional<Setting>> SqliteStore::find(const std::string& key) {
    std::optional<Setting> found;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_TRY(found, select_setting(tx, key));
        return {};
    }));
    return found;
}

Result<Setting> SqliteStore::set(const Wanted& wanted, const std::string& value) {
    Setting made{
        .key = wanted.subject, .value = value, .changed_at = wanted.at, .actor = wanted.actor};
    IMECE_CHECK(write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(const auto present, expect_setting(tx, wanted));
        IMECE_TRY(made.revision,
                  append_change(tx, wanted, ChangeKind::kSettingSet, present ? present->value : "",
                                value, options_.history_max));
        IMECE_CHECK(tx.run("INSERT OR REPLACE INTO settings(" IMECE_SETTING_COLUMNS
                           ") VALUES(?1, ?2, ?3, ?4, ?5)",
                           {made.key, value, made.revision, made.changed_at, made.actor}));
        return {};
    }));
    return made;
}

Status SqliteStore::reset(const Wanted& wanted) {
    return write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(const auto present, expect_setting(tx, wanted));
        if (!present) return {};
        IMECE_CHECK(tx.run("DELETE FROM settings WHERE key = ?1", {wanted.subject}));
        IMECE_CHECK(append_change(tx, wanted, ChangeKind::kSettingReset, present->value, "",
                                  options_.history_max));
        return {};
    });
}

}  // namespace imece::config
