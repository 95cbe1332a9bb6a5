#include "analytics/adapters/store_sqlite/sqlite_rollups.h"

#include "base/result.h"
#include "runtime/observe/log.h"
#include "runtime/sql/database.h"

namespace imece::analytics {
namespace {

using runtime::sql::Database;
using runtime::sql::Row;
using runtime::sql::Tx;

/// The steps of the schema: only added to, never edited. Times are unix milliseconds, `step` seconds.
constexpr runtime::sql::Migration kFirstSchema{1, "first", R"sql(
CREATE TABLE buckets(
    step INTEGER NOT NULL,
    start INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    expired INTEGER NOT NULL,
    expired_unreachable INTEGER NOT NULL,
    arrived INTEGER NOT NULL,
    latency BLOB NOT NULL,
    PRIMARY KEY (step, start, priority)
) STRICT, WITHOUT ROWID;

CREATE TABLE waiting(
    message BLOB PRIMARY KEY,
    priority INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    copies INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_by_age ON waiting(priority, accepted_at);

CREATE TABLE progress(
    source TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    counted_to INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE islands(name TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE island_nodes(node BLOB PRIMARY KEY, island TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE counting(rules INTEGER NOT NULL) STRICT;
INSERT INTO counting(rules) VALUES(1);
)sql"};

std::int64_t seconds_of(Step step) {
    return step == Step::kMinute ? 60 : 3600;
}

Status forget(Tx& tx, std::int64_t rules) {
    for (const char* statement :
         {"DELETE FROM buckets", "DELETE FROM waiting", "DELETE FROM progress",
          "DELETE FROM islands", "DELETE FROM island_nodes", "DELETE FROM counting"})
        IMECE_CHECK(tx.run(statement));
    IMECE_CHECK(tx.run("INSERT INTO counting(rules) VALUES(?1)", {rules}));
    return {};
}

Status put_progress(Tx& tx, const char* source, const Progress& progress) {
    IMECE_CHECK(
        tx.run("INSERT INTO progress(source, position, counted_to) VALUES(?1, ?2, ?3)"
               " ON CONFLICT(source) DO UPDATE SET position = excluded.position,"
               " counted_to = excluded.counted_to",
               {source, progress.position, progress.counted_to}));
    return {};
}

Result<Progress> read_progress(Tx& tx, const std::string& source) {
    Progress progress;
    IMECE_CHECK(
        tx.query("SELECT position, counted_to FROM progress WHERE source = ?1", {source},
                 [&](const Row& row) { progress = {std::uint64_t(row.integer(0)), row.time(1)}; }));
    return progress;
}

Status add_to(Tx& tx, Step step, TimePoint start, Priority priority, const Tally& tally) {
    LatencyHistogram latency;
    Status read;
    IMECE_CHECK(
        tx.query("SELECT latency FROM buckets WHERE step = ?1 AND start = ?2 AND priority = ?3",
                 {seconds_of(step), start, int(priority)}, [&](const Row& row) {
                     auto kept = LatencyHistogram::decode(text_of(row.blob(0)));
                     if (kept)
                         latency = *std::move(kept);
                     else
                         read = std::unexpected(std::move(kept).error());
                 }));
    IMECE_CHECK(read);
    latency.merge(tally.latency);
    const std::string bytes = latency.encode();
    IMECE_CHECK(tx.run(
        "INSERT INTO buckets(step, start, priority, accepted, delivered, rejected, expired,"
        " expired_unreachable, arrived, latency) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        " ON CONFLICT(step, start, priority) DO UPDATE SET"
        " accepted = accepted + excluded.accepted, delivered = delivered + excluded.delivered,"
        " rejected = rejected + excluded.rejected, expired = expired + excluded.expired,"
        " expired_unreachable = expired_unreachable + excluded.expired_unreachable,"
        " arrived = arrived + excluded.arrived, latency = excluded.latency",
        {seconds_of(step), start, int(priority), tally.accepted, tally.delivered, tally.rejected,
         tally.expired, tally.expired_unreachable, tally.arrived, view_of(bytes)}));
    return {};
}

Status add_waiting(Tx& tx, const Counts& counts) {
    for (const auto& [message, waiting] : counts.waiting)
        IMECE_CHECK(
            tx.run("INSERT INTO waiting(message, priority, accepted_at, expires_at, copies)"
                   " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(message) DO NOTHING",
                   {message, int(waiting.priority), waiting.accepted_at, waiting.expires_at,
                    waiting.copies}));
    for (const auto& [message, copies] : counts.ended) {
        // Most messages have one copy: then one statement is enough.
        IMECE_TRY(
            const std::uint64_t gone,
            tx.run("DELETE FROM waiting WHERE message = ?1 AND copies <= ?2", {message, copies}));
        if (gone == 0)
            IMECE_CHECK(tx.run("UPDATE waiting SET copies = copies - ?2 WHERE message = ?1",
                               {message, copies}));
    }
    return {};
}

class SqliteRollups final : public RollupStore {
public:
    explicit SqliteRollups(std::unique_ptr<Database> database) : database_(std::move(database)) {}

    Status add(const Counts& counts, const Progress& progress) override {
        std::map<BucketKey, Tally> hours;
        for (const auto& [key, tally] : counts.minutes)
            hours[{hour_of(key.start), key.priority}].merge(tally);
        return database_->write([&](Tx& tx) -> Status {
            IMECE_TRY(const Progress kept, read_progress(tx, "messaging"));
            if (progress.position <= kept.position) return {};
            for (const auto& [key, tally] : counts.minutes)
                IMECE_CHECK(add_to(tx, Step::kMinute, key.start, key.priority, tally));
            for (const auto& [key, tally] : hours)
                IMECE_CHECK(add_to(tx, Step::kHour, key.start, key.priority, tally));
            IMECE_CHECK(add_waiting(tx, counts));
            return put_progress(tx, "messaging", progress);
        });
    }

    Status put_islands(const IslandsChange& change, const Progress& progress) override {
        return database_->write([&](Tx& tx) -> Status {
            for (const std::string& name : change.ended)
                IMECE_CHECK(tx.run("DELETE FROM islands WHERE name = ?1", {name}));
            for (const auto& [name, since] : change.begun)
                IMECE_CHECK(tx.run("INSERT OR REPLACE INTO islands(name, since) VALUES(?1, ?2)",
                                   {name, since}));
            for (const DeviceId& node : change.left)
                IMECE_CHECK(tx.run("DELETE FROM island_nodes WHERE node = ?1", {node}));
            for (const auto& [node, name] : change.moved)
                IMECE_CHECK(
                    tx.run("INSERT OR REPLACE INTO island_nodes(node, island) VALUES(?1, ?2)",
                           {node, name}));
            return put_progress(tx, "discovery", progress);
        });
    }

    Result<Progress> progress(const std::string& source) override {
        Progress progress;
        IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
            IMECE_TRY(progress, read_progress(tx, source));
            return {};
        }));
        return progress;
    }

    Status restart(const std::string& source) override {
        return database_->write([&](Tx& tx) -> Status {
            IMECE_CHECK(tx.run("UPDATE progress SET position = 0 WHERE source = ?1", {source}));
            return {};
        });
    }

    Result<std::vector<Bucket>> buckets(Step step, TimePoint from, TimePoint to,
                                        std::optional<Priority> priority) override {
        std::vector<Bucket> buckets;
        Status failed;
        const auto take = [&](const Row& row) {
            auto latency = LatencyHistogram::decode(text_of(row.blob(8)));
            if (!latency) {
                failed = std::unexpected(std::move(latency).error());
                return;
            }
            const auto number = [&](std::size_t column) {
                return std::uint64_t(row.integer(column));
            };
            buckets.push_back({.key = {row.time(0), Priority(row.integer(1))},
                               .tally = {.accepted = number(2),
                                         .delivered = number(3),
                                         .rejected = number(4),
                                         .expired = number(5),
                                         .expired_unreachable = number(6),
                                         .arrived = number(7),
                                         .latency = *std::move(latency)}});
        };
        IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
            IMECE_CHECK(tx.query(
                "SELECT start, priority, accepted, delivered, rejected, expired,"
                " expired_unreachable, arrived, latency FROM buckets"
                " WHERE step = ?1 AND start >= ?2 AND start < ?3 AND (?4 IS NULL OR priority = ?4)"
                " ORDER BY start, priority",
                {seconds_of(step), from, to,
                 priority ? std::optional(int(*priority)) : std::nullopt},
                take));
            return failed;
        }));
        return buckets;
    }

    Result<std::array<TimePoint, kPriorities>> oldest_waiting() override {
        std::array<TimePoint, kPriorities> oldest{};
        IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
            for (std::size_t i = 0; i < kPriorities; ++i)
                IMECE_CHECK(tx.query(
                    "SELECT accepted_at FROM waiting WHERE priority = ?1"
                    " ORDER BY accepted_at LIMIT 1",
                    {int(priority_of_rank(i))}, [&](const Row& row) { oldest[i] = row.time(0); }));
            return {};
        }));
        return oldest;
    }

    Result<Islands> islands() override {
        Islands islands;
        IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
            IMECE_CHECK(tx.query("SELECT name, since FROM islands", {}, [&](const Row& row) {
                islands.since[std::string(row.text(0))] = row.time(1);
            }));
            IMECE_CHECK(tx.query("SELECT node, island FROM island_nodes", {}, [&](const Row& row) {
                islands.home[row.id<DeviceId>(0)] = row.text(1);
            }));
            return {};
        }));
        return islands;
    }

    Status prune(TimePoint before, TimePoint expired_before) override {
        return database_->write([&](Tx& tx) -> Status {
            for (const Step step : {Step::kMinute, Step::kHour})
                IMECE_CHECK(tx.run("DELETE FROM buckets WHERE step = ?1 AND start < ?2",
                                   {seconds_of(step), before}));
            // Reads all that waits: once an hour that is cheaper than an index that each message pays for.
            IMECE_CHECK(tx.run("DELETE FROM waiting WHERE expires_at < ?1", {expired_before}));
            return {};
        });
    }

private:
    std::unique_ptr<Database> database_;
};

Result<std::unique_ptr<Database>> open(const std::filesystem::path& path) {
    // What a power cut takes goes with its position, and is counted again from the sources' logs, which keep it.
    return runtime::sql::open_sqlite({.path = path, .migrations = {kFirstSchema}, .sync = false});
}

}  // namespace

Result<std::unique_ptr<RollupStore>> make_sqlite_rollups(const std::filesystem::path& path,
                                                         std::int64_t rules) {
    IMECE_TRY(auto database, open(path));
    std::int64_t counted_by = 0;
    IMECE_CHECK(database->read([&](Tx& tx) -> Status {
        IMECE_CHECK(tx.query("SELECT rules FROM counting", {},
                             [&](const Row& row) { counted_by = row.integer(0); }));
        return {};
    }));
    if (counted_by != rules) {
        runtime::log(runtime::LogLevel::kInfo, "analytics_counts_anew", {{"rules", rules}});
        IMECE_CHECK(database->write([rules](Tx& tx) { return forget(tx, rules); }));
    }
    return std::make_unique<SqliteRollups>(std::move(database));
}

Status forget_sqlite_rollups(const std::filesystem::path& path) {
    IMECE_TRY(auto database, open(path));
    return database->write([](Tx& tx) { return forget(tx, kCountingRules); });
}

}  // namespace imece::analytics
