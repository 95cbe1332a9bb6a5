#include "base/result.h"
#include "config/adapters/store_sqlite/sqlite_rows.h"
#include "config/adapters/store_sqlite/sqlite_store.h"

namespace imece::config {
namespace {

/// 0: there is none of this name.
Result<std::uint64_t> revision_of(Tx& tx, const std::string& name) {
    std::uint64_t revision = 0;
    IMECE_CHECK(tx.query("SELECT revision FROM secrets WHERE name = ?1", {name},
                         [&](const Row& row) { revision = std::uint64_t(row.integer(0)); }));
    return revision;
}

Status check_room(Tx& tx, const std::string& name, const SecretLimits& limits) {
    std::uint64_t secrets = 0, names = 0;
    bool known = false;
    IMECE_CHECK(tx.query("SELECT count(*) FROM secrets", {},
                         [&](const Row& row) { secrets = std::uint64_t(row.integer(0)); }));
    IMECE_CHECK(tx.query(
        "SELECT count(DISTINCT subject), coalesce(max(subject = ?1), 0) FROM changes"
        " WHERE kind IN (?2, ?3)",
        {name, int(ChangeKind::kSecretSet), int(ChangeKind::kSecretDeleted)}, [&](const Row& row) {
            names = std::uint64_t(row.integer(0));
            known = row.integer(1) != 0;
        }));
    return check_room(secrets, names, known, limits);
}

struct Resealed {
    std::string name;
    Bytes sealed;
};

}  // namespace

Result<std::vector<Secret>> SqliteStore::secrets() {
    std::vector<Secret> found;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(tx.query("SELECT name, revision, at, actor FROM secrets ORDER BY name", {},
                             [&](const Row& row) {
                                 found.push_back({.name = std::string(row.text(0)),
                                                  .revision = std::uint64_t(row.integer(1)),
                                                  .changed_at = row.time(2),
                                                  .actor = std::string(row.text(3))});
                             }));
        return {};
    }));
    return found;
}

Result<Secret> SqliteStore::put_secret(const Wanted& wanted, const Bytes& sealed) {
    Secret made{.name = wanted.subject, .changed_at = wanted.at, .actor = wanted.actor};
    IMECE_CHECK(write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(const std::uint64_t present, revision_of(tx, wanted.subject));
        IMECE_CHECK(check_expected(wanted.subject, wanted.expected_revision, present));
        if (present == 0) IMECE_CHECK(check_room(tx, wanted.subject, options_.limits));
        IMECE_TRY(made.revision,
                  append_change(tx, wanted, ChangeKind::kSecretSet, "", "", options_.history_max));
        IMECE_CHECK(
            tx.run("INSERT OR REPLACE INTO secrets(name, sealed, revision, at, actor)"
                   " VALUES(?1, ?2, ?3, ?4, ?5)",
                   {made.name, sealed, made.revision, made.changed_at, made.actor}));
        return {};
    }));
    return made;
}

Status SqliteStore::delete_secret(const Wanted& wanted) {
    return write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(const std::uint64_t present, revision_of(tx, wanted.subject));
        IMECE_CHECK(check_expected(wanted.subject, wanted.expected_revision, present));
        if (present == 0) return {};
        IMECE_CHECK(tx.run("DELETE FROM secrets WHERE name = ?1", {wanted.subject}));
        IMECE_CHECK(
            append_change(tx, wanted, ChangeKind::kSecretDeleted, "", "", options_.history_max));
        return {};
    });
}

Result<SealedSecret> SqliteStore::find_secret(const std::string& name) {
    SealedSecret found;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(tx.query("SELECT sealed, revision FROM secrets WHERE name = ?1", {name},
                             [&](const Row& row) {
                                 const ByteView sealed = row.blob(0);
                                 found.sealed.assign(sealed.begin(), sealed.end());
                                 found.revision = std::uint64_t(row.integer(1));
                             }));
        return {};
    }));
    if (found.revision == 0)
        return fail(ErrorCode::kNotFound, "SECRET_UNKNOWN", "no secret has this name");
    return found;
}

Result<std::size_t> SqliteStore::reseal_secrets(const Wanted& wanted, const Reseal& reseal) {
    std::size_t count = 0;
    IMECE_CHECK(write_and_tell([&](Tx& tx) -> Status {
        std::vector<Resealed> all;
        IMECE_TRY(count, tx.query("SELECT name, sealed FROM secrets", {}, [&](const Row& row) {
            const ByteView sealed = row.blob(1);
            all.push_back({std::string(row.text(0)), {sealed.begin(), sealed.end()}});
        }));
        for (const Resealed& one : all) {
            IMECE_TRY(const Bytes sealed, reseal(one.name, one.sealed));
            IMECE_CHECK(
                tx.run("UPDATE secrets SET sealed = ?2 WHERE name = ?1", {one.name, sealed}));
        }
        IMECE_CHECK(append_change(tx, wanted, ChangeKind::kSealingKeyRotated, "", "",
                                  options_.history_max));
        return {};
    }));
    return count;
}

}  // namespace imece::config
