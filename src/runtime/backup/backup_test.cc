#include "runtime/backup/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "runtime/files/private_file.h"
#include "runtime/kv/kv_store.h"
#include "runtime/sql/database.h"
#include "testkit/temp_dir.h"

namespace imece::runtime {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A data directory with one store of each kind, and files.
class Site {
public:
    explicit Site(const fs::path& data) : data_(data) {
        EXPECT_TRUE(make_private_directory(data / "one" / "keys"));
        EXPECT_TRUE(make_private_directory(data / "backups" / "old"));
        for (const char* file : {"lock", "site-kind", "one/keys/a.key", "backups/old/file"})
            EXPECT_TRUE(write_private_file(data / file, std::string("of ") + file));
        sql = *sql::open_sqlite(
            {.path = data / "one" / "one.db",
             .migrations = {{1, "first", "CREATE TABLE things (name TEXT NOT NULL) STRICT;"}}});
        kv = *KvStore::open({.path = data / "two", .families = {"things"}});
        snapshots.add(data / "two", [this](const fs::path& to) { return kv->snapshot(to); });
    }
    void add(const std::string& name) {
        EXPECT_TRUE(kv->commit([&](KvBatch& batch) -> Status {
            batch.put(0, name, "there");
            return {};
        }));
        EXPECT_TRUE(sql->write([&](sql::Tx& tx) -> Status {
            const auto done = tx.run("INSERT INTO things VALUES (?1)", {name});
            return done ? Status() : Status(std::unexpected(done.error()));
        }));
    }
    std::size_t rows() const {
        std::size_t rows = 0;
        EXPECT_TRUE(sql->read([&](sql::Tx& tx) -> Status {
            const auto found = tx.query("SELECT name FROM things", {}, [](const sql::Row&) {});
            rows = found.value_or(0);
            return {};
        }));
        return rows;
    }
    std::size_t keys() const {
        std::size_t keys = 0;
        EXPECT_TRUE(kv->scan(0, {}, {}, [&keys](auto, auto) { return ++keys > 0; }));
        return keys;
    }
    Result<Backup> back_up(const fs::path& to) const {
        return make_backup(data_, snapshots, {"two", "one"}, to);
    }

    std::unique_ptr<sql::Database> sql;
    std::unique_ptr<KvStore> kv;
    Snapshots snapshots;

private:
    fs::path data_;
};

std::string why_not(const Result<Backup>& result) {
    return result ? "" : std::string(result.error().reason) + ": " + result.error().message;
}

TEST(Backup, is_all_that_was_there_at_one_moment) {
    const testkit::TempDir directory;
    const fs::path data = directory.path() / "data", made = directory.path() / "made",
                   again = directory.path() / "again";
    std::size_t before = 0;
    {
        Site site(data);
        std::atomic<bool> stop{false};
        std::atomic<std::size_t> written{0};
        std::jthread writer([&] {
            for (int i = 0; !stop.load(); ++i, ++written) site.add("thing " + std::to_string(i));
        });
        while (written.load() < 50) std::this_thread::yield();
        before = written.load();
        const auto backup = site.back_up(made);
        stop = true;
        ASSERT_TRUE(backup) << why_not(backup);
        EXPECT_EQ(backup->path, made);
        EXPECT_GE(backup->files, 5u);
        EXPECT_FALSE(fs::exists(made.string() + ".partial"));
        for (const char* left_out : {"lock", "backups", "one/one.db-wal"})
            EXPECT_FALSE(fs::exists(made / left_out)) << left_out;

        fs::permissions(made / "one/keys/a.key",
                        fs::perms(0644));  // As a stick's file system has it.
        const auto restored = restore_backup(made, again, backup->sums_sha256);
        ASSERT_TRUE(restored) << why_not(restored);
        EXPECT_EQ(restored->files, backup->files);
        EXPECT_EQ(restored->bytes, backup->bytes);
    }
    EXPECT_EQ(read_private_file(again / "one/keys/a.key").value(), "of one/keys/a.key");
    EXPECT_EQ(fs::status(again / "one/keys/a.key").permissions(), fs::perms(0600));
    const Site site(again);
    EXPECT_GE(site.rows(), before);
    EXPECT_GE(site.keys(), before);
    // "one" reads what "two" tells, so it was copied first and never knows more.
    EXPECT_LE(site.rows(), site.keys());
}

class TamperedBackup : public testing::Test {
protected:
    void SetUp() override {
        Site site(directory_.path() / "data");
        site.add("thing");
        const auto backup = site.back_up(made_);
        ASSERT_TRUE(backup) << why_not(backup);
    }
    std::string restored(const std::string& sums_sha256 = {}) const {
        const std::string why = why_not(restore_backup(made_, again_, sums_sha256));
        EXPECT_EQ(fs::exists(again_), why.empty());
        return why;
    }
    const testkit::TempDir directory_;
    const fs::path made_ = directory_.path() / "made";
    const fs::path again_ = directory_.path() / "again";
};

TEST_F(TamperedBackup, is_refused_where_a_file_was_changed) {
    std::ofstream(made_ / "one/keys/a.key", std::ios::app) << "!";
    EXPECT_THAT(restored(), HasSubstr("BACKUP_REFUSED: one/keys/a.key was changed"));
}

TEST_F(TamperedBackup, is_refused_where_a_file_is_missing) {
    fs::remove(made_ / "site-kind");
    EXPECT_THAT(restored(), HasSubstr("site-kind is missing"));
}

TEST_F(TamperedBackup, is_refused_where_a_file_was_added) {
    std::ofstream(made_ / "one" / "more") << "!";
    EXPECT_THAT(restored(), HasSubstr("one/more does not belong"));
}

TEST_F(TamperedBackup, is_refused_without_its_list) {
    fs::remove(made_ / kBackupSums);
    EXPECT_THAT(restored(), HasSubstr("no whole backup"));
}

TEST_F(TamperedBackup, is_refused_where_the_list_is_another) {
    EXPECT_THAT(restored(std::string(64, '0')), HasSubstr("not the one that was asked for"));
}

TEST_F(TamperedBackup, is_refused_where_the_list_leads_elsewhere) {
    for (const char* name : {"../data/site-kind", "/etc/passwd", "one/../site-kind"}) {
        std::ofstream(made_ / kBackupSums) << std::string(64, '0') << "  " << name << "\n";
        EXPECT_THAT(restored(), HasSubstr("names")) << name;
    }
    std::ofstream(made_ / kBackupSums) << "no sum\n";
    EXPECT_THAT(restored(), HasSubstr("cannot be read"));
}

TEST_F(TamperedBackup, never_takes_the_place_of_what_is_there) {
    EXPECT_EQ(restored(), "");
    EXPECT_THAT(why_not(restore_backup(made_, again_, {})), HasSubstr("DATA_DIR_REFUSED"));
}

TEST(Backup, leaves_nothing_where_it_fails) {
    const testkit::TempDir directory;
    Site site(directory.path() / "data");
    site.snapshots.add(directory.path() / "data/one", [](const fs::path&) -> Status {
        return fail(ErrorCode::kUnavailable, "STORE_DOWN", "the disk is full");
    });
    EXPECT_THAT(why_not(site.back_up(directory.path() / "made")), HasSubstr("the disk is full"));
    EXPECT_FALSE(fs::exists(directory.path() / "made"));
    EXPECT_FALSE(fs::exists(directory.path() / "made.partial"));
}

}  // namespace
}  // namespace imece::runtime
