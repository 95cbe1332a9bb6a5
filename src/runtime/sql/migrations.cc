#include "runtime/sql/migrations.h"

#include <algorithm>

#include "base/assert.h"
#include "base/result.h"
#include "crypto/crypto.h"

namespace imece::runtime::sql {
namespace {

/// Refuses what is there but is not ours; gives the number of those that are applied.
Result<std::size_t> check_applied(SqliteConnection& connection,
                                  const std::vector<Migration>& migrations) {
    std::size_t applied = 0;
    std::string problem;
    IMECE_CHECK(connection.query(
        "SELECT number, checksum FROM schema_migrations ORDER BY number", {}, [&](const Row& row) {
            const std::int64_t number = row.integer(0);
            ++applied;
            if (!problem.empty()) return;
            if (number != std::int64_t(applied) || applied > migrations.size()) {
                problem = "the database has schema step " + std::to_string(number) +
                          ", which this version does not know: a newer version wrote it";
            } else if (const auto digest =
                           crypto::sha256(view_of(migrations[applied - 1].statements));
                       !std::ranges::equal(row.blob(1), digest)) {
                problem = "schema step " + std::to_string(number) + " (" +
                          std::string(migrations[applied - 1].name) +
                          ") is not what was applied to this database";
            }
        }));
    if (!problem.empty()) return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", problem);
    return applied;
}

Status apply(SqliteConnection& connection, const Migration& migration) {
    IMECE_CHECK(connection.script(migration.statements));
    const auto recorded = connection.run(
        "INSERT INTO schema_migrations(number, name, checksum) VALUES(?1, ?2, ?3)",
        {migration.number, migration.name, crypto::sha256(view_of(migration.statements))});
    if (!recorded) return std::unexpected(recorded.error());
    return {};
}

Status migrate_in_transaction(SqliteConnection& connection,
                              const std::vector<Migration>& migrations) {
    IMECE_CHECK(connection.script(
        "CREATE TABLE IF NOT EXISTS schema_migrations("
        " number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL) STRICT"));
    IMECE_TRY(const std::size_t applied, check_applied(connection, migrations));
    for (std::size_t i = applied; i < migrations.size(); ++i)
        IMECE_CHECK(apply(connection, migrations[i]));
    return {};
}

}  // namespace

Status migrate(SqliteConnection& connection, const std::vector<Migration>& migrations) {
    for (std::size_t i = 0; i < migrations.size(); ++i)
        IMECE_ASSERT(migrations[i].number == int(i) + 1);
    // One transaction for all of them: another process that opens the file waits for it, and a
    // step that fails leaves the file as it was.
    IMECE_CHECK(connection.script("BEGIN IMMEDIATE"));
    if (const Status done = migrate_in_transaction(connection, migrations); !done) {
        connection.roll_back();
        return done;
    }
    return connection.script("COMMIT");
}

}  // namespace imece::runtime::sql
