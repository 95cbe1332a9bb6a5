#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <latch>
#include <set>
#include <thread>

#include "base/result.h"
#include "runtime/sql/database.h"
#include "testkit/temp_dir.h"

namespace imece::runtime::sql {
namespace {

constexpr Migration kNotes{
    1, "notes",
    "CREATE TABLE notes(id INTEGER PRIMARY KEY, body BLOB, words TEXT) STRICT;"
    "CREATE TABLE replies(note INTEGER NOT NULL REFERENCES notes(id)) STRICT"};

class Sql : public testing::Test {
protected:
    SqliteOptions options() { return {.path = dir_.path() / "test.db", .migrations = {kNotes}}; }
    std::unique_ptr<Database> open() {
        auto opened = open_sqlite(options());
        EXPECT_TRUE(opened) << opened.error().message;
        return opened ? *std::move(opened) : nullptr;
    }
    static Status insert(Database& database, std::int64_t id) {
        return database.write([&](Tx& tx) -> Status {
            if (const auto done = tx.run("INSERT INTO notes(id) VALUES(?1)", {id}); !done)
                return std::unexpected(done.error());
            return {};
        });
    }
    static std::set<std::int64_t> ids(Database& database) {
        std::set<std::int64_t> out;
        EXPECT_TRUE(database.read([&](Tx& tx) -> Status {
            const auto rows = tx.query("SELECT id FROM notes", {},
                                       [&](const Row& row) { out.insert(row.integer(0)); });
            EXPECT_TRUE(rows);
            return {};
        }));
        return out;
    }
    testkit::TempDir dir_;
};

TEST_F(Sql, keeps_every_kind_of_value) {
    auto database = open();
    const Bytes body{0, 1, 0, 255};
    const std::string words("a\0b'; DROP TABLE notes; --", 26);
    ASSERT_TRUE(database->write([&](Tx& tx) -> Status {
        EXPECT_EQ(tx.run("INSERT INTO notes(id, body, words) VALUES(?1, ?2, ?3)",
                         {std::int64_t(-5), body, words}),
                  1u);
        EXPECT_EQ(tx.run("INSERT INTO notes(id, body, words) VALUES(?1, ?2, ?3)",
                         {6, nullptr, std::string_view()}),
                  1u);
        EXPECT_EQ(tx.run("INSERT INTO notes(id, body, words) VALUES(?1, ?2, ?3)",
                         {7, ByteView(), std::optional<std::string_view>()}),
                  1u);
        return {};
    }));
    ASSERT_TRUE(database->read([&](Tx& tx) -> Status {
        std::vector<std::int64_t> seen;
        const auto rows =
            tx.query("SELECT id, body, words FROM notes ORDER BY id", {}, [&](const Row& row) {
                seen.push_back(row.integer(0));
                if (seen.back() == -5) {
                    EXPECT_TRUE(std::ranges::equal(row.blob(1), body));
                    EXPECT_EQ(row.text(2), words);
                } else {
                    EXPECT_EQ(row.is_null(1), seen.back() == 6);
                    EXPECT_EQ(row.is_null(2), seen.back() == 7);
                }
            });
        EXPECT_EQ(rows, 3u);
        EXPECT_EQ(seen, (std::vector<std::int64_t>{-5, 6, 7}));
        return {};
    }));
}

TEST_F(Sql, a_value_of_the_wrong_size_is_data_loss) {
    auto database = open();
    ASSERT_TRUE(database->write([](Tx& tx) -> Status {
        EXPECT_TRUE(tx.run("INSERT INTO notes(id, body) VALUES(1, ?1)", {Bytes{1, 2, 3}}));
        return {};
    }));
    const Status got = database->read([](Tx& tx) -> Status {
        const auto rows =
            tx.query("SELECT body FROM notes", {}, [](const Row& row) { (void)row.fixed<16>(0); });
        if (!rows) return std::unexpected(rows.error());
        return {};
    });
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::kDataLoss);
    EXPECT_EQ(got.error().reason, "DATA_MALFORMED");
}

TEST_F(Sql, a_refused_change_leaves_nothing_and_takes_nobody_along) {
    auto database = open();
    constexpr int kThreads = 8;
    constexpr int kEach = 40;
    std::latch together(kThreads);
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            together.arrive_and_wait();
            for (int i = 0; i < kEach; ++i) {
                const std::int64_t id = t * kEach + i;
                const Status got = database->write([&](Tx& tx) -> Status {
                    EXPECT_TRUE(tx.run("INSERT INTO notes(id) VALUES(?1)", {id}));
                    if (id % 3 == 0) return fail(ErrorCode::kAborted, "OVERLOADED", "as asked");
                    return {};
                });
                EXPECT_EQ(got.has_value(), id % 3 != 0);
                if (!got) EXPECT_EQ(got.error().reason, "OVERLOADED");
            }
        });
    threads.clear();
    std::set<std::int64_t> expected;
    for (std::int64_t id = 0; id < kThreads * kEach; ++id)
        if (id % 3 != 0) expected.insert(id);
    EXPECT_EQ(ids(*database), expected);
}

TEST_F(Sql, changes_are_serial) {
    auto database = open();
    ASSERT_TRUE(insert(*database, 0));
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 50; ++i)
                EXPECT_TRUE(database->write([](Tx& tx) -> Status {
                    std::int64_t count = 0;
                    EXPECT_TRUE(tx.query("SELECT max(id) FROM notes", {},
                                         [&](const Row& row) { count = row.integer(0); }));
                    EXPECT_TRUE(tx.run("INSERT INTO notes(id) VALUES(?1)", {count + 1}));
                    return {};
                }));
        });
    threads.clear();
    EXPECT_EQ(ids(*database).size(), 401u);
    EXPECT_EQ(*ids(*database).rbegin(), 400);
}

TEST_F(Sql, a_reader_sees_one_snapshot) {
    auto database = open();
    ASSERT_TRUE(insert(*database, 1));
    ASSERT_TRUE(database->read([&](Tx& tx) -> Status {
        const auto count = [&] {
            std::int64_t rows = 0;
            EXPECT_TRUE(tx.query("SELECT count(*) FROM notes", {},
                                 [&](const Row& row) { rows = row.integer(0); }));
            return rows;
        };
        EXPECT_EQ(count(), 1);
        EXPECT_TRUE(insert(*database, 2));
        EXPECT_EQ(count(), 1);
        return {};
    }));
    EXPECT_EQ(ids(*database).size(), 2u);
}

TEST_F(Sql, a_reader_cannot_write) {
    auto database = open();
    const Status got = database->read([](Tx& tx) -> Status {
        if (const auto done = tx.run("DELETE FROM notes"); !done)
            return std::unexpected(done.error());
        return {};
    });
    EXPECT_FALSE(got);
    EXPECT_TRUE(insert(*database, 1));
}

TEST_F(Sql, readers_are_bounded_and_a_late_one_is_told) {
    auto narrow = options();
    narrow.readers_max = 1;
    narrow.wait_max = std::chrono::milliseconds(1);
    auto database = open_sqlite(narrow);
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->read([&](Tx&) -> Status {
        std::jthread([&] {
            const Status got = (*database)->read([](Tx&) -> Status { return {}; });
            ASSERT_FALSE(got);
            EXPECT_EQ(got.error().reason, "STORE_DOWN");
        }).join();
        return {};
    }));
    EXPECT_TRUE((*database)->read([](Tx&) -> Status { return {}; }));
}

TEST_F(Sql, writers_are_bounded_and_a_late_one_is_told) {
    auto narrow = options();
    narrow.group_max = 1;
    narrow.wait_max = std::chrono::milliseconds(1);
    auto database = open_sqlite(narrow);
    ASSERT_TRUE(database);
    std::latch running(1);
    std::latch go_on(1);
    std::jthread first([&] {
        EXPECT_TRUE((*database)->write([&](Tx&) -> Status {
            running.count_down();
            go_on.wait();
            return {};
        }));
    });
    running.wait();
    // One more fits into the group that forms; which of these two it is does not matter.
    std::atomic<int> refused{0};
    std::latch one_refused(1);
    const auto attempt = [&] {
        const Status got = insert(**database, 1);
        if (got) return;
        EXPECT_EQ(got.error().reason, "STORE_DOWN");
        ++refused;
        one_refused.count_down();
    };
    std::jthread second(attempt);
    std::jthread third(attempt);
    one_refused.wait();
    go_on.count_down();
    first.join();
    second.join();
    third.join();
    EXPECT_EQ(refused, 1);
    EXPECT_EQ(ids(**database).size(), 1u);
}

TEST_F(Sql, constraints_hold_and_are_our_fault) {
    auto database = open();
    const Status got = database->write([](Tx& tx) -> Status {
        if (const auto done = tx.run("INSERT INTO replies(note) VALUES(99)"); !done)
            return std::unexpected(done.error());
        return {};
    });
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().reason, "INTERNAL_ERROR");
}

TEST_F(Sql, files_are_private) {
    auto database = open();
    ASSERT_TRUE(insert(*database, 1));
    for (const auto& file : std::filesystem::directory_iterator(dir_.path())) {
        struct stat info{};
        ASSERT_EQ(::stat(file.path().c_str(), &info), 0);
        EXPECT_EQ(info.st_mode & 0777, 0600u) << file.path();
    }
}

TEST_F(Sql, migrations_are_applied_once_and_in_order) {
    ASSERT_TRUE(insert(*open(), 1));
    auto more = options();
    more.migrations.push_back({2, "more", "INSERT INTO notes(id) SELECT max(id) + 1 FROM notes"});
    for (int start = 0; start < 2; ++start) {
        auto database = open_sqlite(more);
        ASSERT_TRUE(database) << database.error().message;
        EXPECT_EQ(ids(**database), (std::set<std::int64_t>{1, 2}));
    }
}

TEST_F(Sql, a_changed_migration_is_refused) {
    ASSERT_TRUE(open());
    auto changed = options();
    changed.migrations[0].statements = "CREATE TABLE notes(id INTEGER PRIMARY KEY) STRICT";
    const auto database = open_sqlite(changed);
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().reason, "DATA_MALFORMED");
    EXPECT_NE(database.error().message.find("not what was applied"), std::string::npos);
}

TEST_F(Sql, a_newer_database_is_refused) {
    auto newer = options();
    newer.migrations.push_back({2, "more", "CREATE TABLE more(id INTEGER) STRICT"});
    ASSERT_TRUE(open_sqlite(newer));
    const auto database = open_sqlite(options());
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().reason, "DATA_MALFORMED");
    EXPECT_NE(database.error().message.find("newer version"), std::string::npos);
}

TEST_F(Sql, a_migration_that_fails_leaves_the_file_as_it_was) {
    ASSERT_TRUE(insert(*open(), 1));
    auto broken = options();
    broken.migrations.push_back({2, "half", "DELETE FROM notes; SELECT nonsense FROM nowhere"});
    EXPECT_FALSE(open_sqlite(broken));
    EXPECT_EQ(ids(*open()), (std::set<std::int64_t>{1}));
}

TEST_F(Sql, a_foreign_file_is_data_loss) {
    std::ofstream(dir_.path() / "test.db") << std::string(8192, 'x');
    const auto database = open_sqlite(options());
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().code, ErrorCode::kDataLoss);
    EXPECT_EQ(database.error().reason, "DATA_MALFORMED");
}

TEST_F(Sql, a_path_that_cannot_be_written_is_store_down) {
    auto nowhere = options();
    nowhere.path = dir_.path() / "no" / "such" / "directory.db";
    const auto database = open_sqlite(nowhere);
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().reason, "STORE_DOWN");
}

/// The child of a fork: writes from four threads and tells each acknowledged id through the pipe.
[[noreturn]] void write_until_killed(const SqliteOptions& options, int pipe, std::int64_t first) {
    auto database = open_sqlite(options);
    if (!database) _exit(1);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (std::int64_t id = first + t;; id += 4) {
                const Status stored = (*database)->write([&](Tx& tx) -> Status {
                    IMECE_CHECK(tx.run("INSERT INTO notes(id) VALUES(?1)", {id}));
                    IMECE_CHECK(tx.run("INSERT INTO replies(note) VALUES(?1)", {id}));
                    return {};
                });
                if (!stored || ::write(pipe, &id, sizeof id) != ssize_t(sizeof id)) _exit(1);
            }
        });
    threads.clear();
    _exit(1);
}

TEST_F(Sql, nothing_acknowledged_is_lost_by_a_kill) {
    ASSERT_TRUE(open());
    std::set<std::int64_t> acknowledged;
    for (int round = 0; round < 5; ++round) {
        int pipe[2];
        ASSERT_EQ(::pipe(pipe), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) write_until_killed(options(), pipe[1], 1 + round * 1'000'000);
        ::close(pipe[1]);
        std::int64_t id = 0;
        const std::size_t enough = acknowledged.size() + 60;
        while (::read(pipe[0], &id, sizeof id) == ssize_t(sizeof id)) {
            acknowledged.insert(id);
            // Killed in mid-load; what is still in the pipe was acknowledged all the same.
            if (acknowledged.size() == enough) ::kill(child, SIGKILL);
        }
        ::close(pipe[0]);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status));
        auto database = open();
        const auto stored = ids(*database);
        EXPECT_TRUE(std::ranges::includes(stored, acknowledged));
        // Each change is whole: a note has its reply.
        ASSERT_TRUE(database->read([&](Tx& tx) -> Status {
            EXPECT_TRUE(tx.query("SELECT count(*) FROM replies", {}, [&](const Row& row) {
                EXPECT_EQ(std::size_t(row.integer(0)), stored.size());
            }));
            return {};
        }));
    }
}

}  // namespace
}  // namespace imece::runtime::sql
