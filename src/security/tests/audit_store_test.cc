// Runs the contract against the adapters, and against stores that must not get through.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "security/adapters/store_sqlite/sqlite_store.h"
#include "security/tests/audit_store_contract.h"
#include "security/tests/memory_audit_store.h"
#include "testkit/temp_dir.h"

namespace imece::security {
namespace {

template <class Store>
Opener memory() {
    return [log = std::make_shared<MemoryLog>()] { return std::make_shared<Store>(log); };
}

std::shared_ptr<AuditStore> open_sqlite(const std::filesystem::path& directory) {
    auto store = SqliteStore::open(directory / "security.db");
    EXPECT_TRUE(store) << (store ? "" : store.error().message);
    return *std::move(store);
}

class Contract : public testing::TestWithParam<NamedClause> {};
TEST_P(Contract, memory) {
    EXPECT_EQ(GetParam().clause(memory<MemoryAuditStore>()), "");
}
TEST_P(Contract, sqlite) {
    const testkit::TempDir directory;
    EXPECT_EQ(GetParam().clause([&] { return open_sqlite(directory.path()); }), "");
}
INSTANTIATE_TEST_SUITE_P(audit_store, Contract, testing::ValuesIn(audit_store_contract()),
                         [](const auto& test) { return test.param.name; });

// Each is wrong in one way, of the kind that real adapters get wrong.
struct DropsTheLastWrite : MemoryAuditStore {
    explicit DropsTheLastWrite(const std::shared_ptr<MemoryLog>& log) : MemoryAuditStore(log) {
        if (!log->records.empty()) log->records.pop_back();
    }
};
struct TakesARecordTwice : MemoryAuditStore {
    using MemoryAuditStore::MemoryAuditStore;
    Status append(const NewRecord& record) override {
        log_->positions.clear();
        return MemoryAuditStore::append(record);
    }
};
struct ForgetsPositionsAtRestart : MemoryAuditStore {
    explicit ForgetsPositionsAtRestart(const std::shared_ptr<MemoryLog>& log)
        : MemoryAuditStore(log) {
        log->positions.clear();
    }
};
struct HasOnePositionForAll : MemoryAuditStore {
    using MemoryAuditStore::MemoryAuditStore;
    Status append(const NewRecord& record) override {
        return MemoryAuditStore::append({"all", record.position, record.record});
    }
};
struct ListsBackwards : MemoryAuditStore {
    using MemoryAuditStore::MemoryAuditStore;
    Result<std::vector<LoggedRecord>> list(std::uint64_t index, std::size_t max) override {
        auto records = MemoryAuditStore::list(index, max);
        std::ranges::reverse(*records);
        return records;
    }
};
struct LosesInnerNodes : MemoryAuditStore {
    explicit LosesInnerNodes(const std::shared_ptr<MemoryLog>& log) : MemoryAuditStore(log) {
        std::erase_if(log->nodes, [](const auto& node) { return node.first.first > 0; });
    }
};
struct HashesSomethingElse : MemoryAuditStore {
    using MemoryAuditStore::MemoryAuditStore;
    Status append(const NewRecord& record) override {
        NewRecord other = record;
        other.record.push_back(0);
        const std::uint64_t before = log_->records.size();
        const Status done = MemoryAuditStore::append(other);
        if (log_->records.size() > before) log_->records.back().record = record.record;
        return done;
    }
};
struct CutsLargeRecords : MemoryAuditStore {
    using MemoryAuditStore::MemoryAuditStore;
    Status append(const NewRecord& record) override {
        NewRecord cut = record;
        cut.record.resize(std::min<std::size_t>(cut.record.size(), 60'000));
        return MemoryAuditStore::append(cut);
    }
};

template <class Broken>
class BrokenStores : public testing::Test {};
using AllBroken = testing::Types<DropsTheLastWrite, TakesARecordTwice, ForgetsPositionsAtRestart,
                                 HasOnePositionForAll, ListsBackwards, LosesInnerNodes,
                                 HashesSomethingElse, CutsLargeRecords>;
TYPED_TEST_SUITE(BrokenStores, AllBroken);
TYPED_TEST(BrokenStores, are_rejected) {
    bool rejected = false;
    for (const NamedClause& clause : audit_store_contract()) {
        // Of its own threads, a broken store need not be safe.
        if (std::string_view(clause.name).starts_with("concurrent")) continue;
        rejected |= !clause.clause(memory<TypeParam>()).empty();
    }
    EXPECT_TRUE(rejected);
}

/// The child of a fork: appends and tells each acknowledged position through the pipe, until it is killed.
[[noreturn]] void append_until_killed(const std::filesystem::path& directory, int pipe,
                                      std::uint64_t first) {
    const auto store = open_sqlite(directory);
    for (std::uint64_t position = first;; ++position)
        if (!store->append(record(position)) ||
            ::write(pipe, &position, sizeof position) != ssize_t(sizeof position))
            _exit(1);
}

TEST(SqliteStore, keeps_what_was_acknowledged_before_sigkill) {
    const testkit::TempDir directory;
    std::uint64_t acknowledged = 0;
    for (int round = 0; round < 5; ++round) {
        int pipe[2];
        ASSERT_EQ(::pipe(pipe), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) append_until_killed(directory.path(), pipe[1], acknowledged + 1);
        ::close(pipe[1]);
        const std::uint64_t enough = acknowledged + 20 + 13 * unsigned(round);
        while (::read(pipe[0], &acknowledged, sizeof acknowledged) == ssize_t(sizeof acknowledged))
            if (acknowledged == enough) ::kill(child, SIGKILL);
        ::close(pipe[0]);
        ASSERT_EQ(::waitpid(child, nullptr, 0), child);

        const auto store = open_sqlite(directory.path());
        const auto size = store->size();
        ASSERT_TRUE(size);
        EXPECT_GE(*size, acknowledged);
        EXPECT_LE(*size, acknowledged + 1);  // The one that was under way.
        EXPECT_EQ(*store->position("identity"), *size);
        std::vector<NewRecord> all;
        for (std::uint64_t position = 1; position <= *size; ++position)
            all.push_back(record(position));
        EXPECT_EQ(holds_exactly(*store, all), "");
        acknowledged = *size;
    }
}

TEST(SqliteStore, says_when_it_cannot_open) {
    const auto broken = SqliteStore::open("/proc/nowhere/security.db");
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().reason, "STORE_DOWN");
}

}  // namespace
}  // namespace imece::security
