// Runs the contract against the adapters, and against stores that must not get through.
#include <gtest/gtest.h>

#include <algorithm>

#include "analytics/adapters/store_sqlite/sqlite_rollups.h"
#include "analytics/tests/memory_rollup_store.h"
#include "analytics/tests/rollup_store_contract.h"
#include "testkit/temp_dir.h"

namespace imece::analytics {
namespace {

template <class Store>
Opener memory() {
    return [kept = std::make_shared<MemoryRollups>()] { return std::make_shared<Store>(kept); };
}

std::shared_ptr<RollupStore> open_sqlite(const std::filesystem::path& directory) {
    auto store = make_sqlite_rollups(directory / "analytics.db");
    EXPECT_TRUE(store) << (store ? "" : store.error().message);
    return *std::move(store);
}

class Contract : public testing::TestWithParam<NamedClause> {};
TEST_P(Contract, memory) {
    EXPECT_EQ(GetParam().clause(memory<MemoryRollupStore>()), "");
}
TEST_P(Contract, sqlite) {
    const testkit::TempDir directory;
    EXPECT_EQ(GetParam().clause([&] { return open_sqlite(directory.path()); }), "");
}
INSTANTIATE_TEST_SUITE_P(rollup_store, Contract, testing::ValuesIn(rollup_store_contract()),
                         [](const auto& test) { return test.param.name; });

// Each is wrong in one way, of the kind that real adapters get wrong.
struct KeepsProgressApart : MemoryRollupStore {
    explicit KeepsProgressApart(const std::shared_ptr<MemoryRollups>& kept)
        : MemoryRollupStore(kept) {
        kept->progress["messaging"].position = 0;  // Not yet written when the process died.
    }
};
struct CountsWhatComesAgain : MemoryRollupStore {
    using MemoryRollupStore::MemoryRollupStore;
    Status add(const Counts& counts, const Progress& progress) override {
        kept_->progress["messaging"].position = 0;
        return MemoryRollupStore::add(counts, progress);
    }
};
struct ReplacesHistograms : MemoryRollupStore {
    using MemoryRollupStore::MemoryRollupStore;
    Status add(const Counts& counts, const Progress& progress) override {
        for (const auto& [key, tally] : counts.minutes)
            kept_->buckets[{Step::kMinute, key}].latency = {};
        return MemoryRollupStore::add(counts, progress);
    }
};
struct ForgetsHours : MemoryRollupStore {
    using MemoryRollupStore::MemoryRollupStore;
    Status add(const Counts& counts, const Progress& progress) override {
        const Status done = MemoryRollupStore::add(counts, progress);
        if (kept_->buckets.size() > 70)
            std::erase_if(kept_->buckets,
                          [](const auto& one) { return one.first.first == Step::kHour; });
        return done;
    }
};
struct IncludesTheEnd : MemoryRollupStore {
    using MemoryRollupStore::MemoryRollupStore;
    Result<std::vector<Bucket>> buckets(Step step, TimePoint from, TimePoint to,
                                        std::optional<Priority> priority) override {
        return MemoryRollupStore::buckets(step, from,
                                          to == TimePoint::max() ? to : to + Duration(1), priority);
    }
};
struct GivesTheNewestFirst : MemoryRollupStore {
    using MemoryRollupStore::MemoryRollupStore;
    Result<std::vector<Bucket>> buckets(Step step, TimePoint from, TimePoint to,
                                        std::optional<Priority> priority) override {
        auto buckets = MemoryRollupStore::buckets(step, from, to, priority);
        std::ranges::reverse(*buckets);
        return buckets;
    }
};
struct EndsAMessageWithItsFirstCopy : MemoryRollupStore {
    using MemoryRollupStore::MemoryRollupStore;
    Status add(const Counts& counts, const Progress& progress) override {
        Counts all = counts;
        for (auto& [message, copies] : all.ended) copies = 1000;
        return MemoryRollupStore::add(all, progress);
    }
};
struct ForgetsWhatWaits : MemoryRollupStore {
    explicit ForgetsWhatWaits(const std::shared_ptr<MemoryRollups>& kept)
        : MemoryRollupStore(kept) {
        kept->waiting.clear();
    }
};
struct NeverRemovesNodes : MemoryRollupStore {
    using MemoryRollupStore::MemoryRollupStore;
    Status put_islands(const IslandsChange& change, const Progress& progress) override {
        IslandsChange some = change;
        some.left.clear();
        return MemoryRollupStore::put_islands(some, progress);
    }
};
struct PrunesTheHourThatBegins : MemoryRollupStore {
    using MemoryRollupStore::MemoryRollupStore;
    Status prune(TimePoint before, TimePoint expired_before) override {
        return MemoryRollupStore::prune(before + Duration(1), expired_before);
    }
};
struct MixesRejectedAndExpired : MemoryRollupStore {
    using MemoryRollupStore::MemoryRollupStore;
    Status add(const Counts& counts, const Progress& progress) override {
        Counts mixed = counts;
        for (auto& [key, tally] : mixed.minutes) std::swap(tally.rejected, tally.expired);
        return MemoryRollupStore::add(mixed, progress);
    }
};

template <class Broken>
class BrokenStores : public testing::Test {};
using AllBroken = testing::Types<KeepsProgressApart, CountsWhatComesAgain, ReplacesHistograms,
                                 ForgetsHours, IncludesTheEnd, GivesTheNewestFirst,
                                 EndsAMessageWithItsFirstCopy, ForgetsWhatWaits, NeverRemovesNodes,
                                 PrunesTheHourThatBegins, MixesRejectedAndExpired>;
TYPED_TEST_SUITE(BrokenStores, AllBroken);
TYPED_TEST(BrokenStores, do_not_get_through) {
    bool caught = false;
    for (const NamedClause& clause : rollup_store_contract())
        caught = caught || !clause.clause(memory<TypeParam>()).empty();
    EXPECT_TRUE(caught);
}

TEST(SqliteRollups, count_anew_after_a_rebuild) {
    const testkit::TempDir directory;
    const auto path = directory.path() / "analytics.db";
    ASSERT_TRUE(contract::add(*open_sqlite(directory.path()), 9, {samples::accepted(1)}));
    ASSERT_TRUE(forget_sqlite_rollups(path));
    EXPECT_EQ(contract::starts_empty([&] { return open_sqlite(directory.path()); }), "");
}

TEST(SqliteRollups, count_anew_when_they_were_counted_by_other_rules) {
    const testkit::TempDir directory;
    const auto path = directory.path() / "analytics.db";
    ASSERT_TRUE(contract::add(*open_sqlite(directory.path()), 9, {samples::accepted(1)}));
    EXPECT_EQ(open_sqlite(directory.path())->progress("messaging")->position, 9u);
    EXPECT_EQ((*make_sqlite_rollups(path, kCountingRules + 1))->progress("messaging")->position,
              0u);
}

TEST(SqliteRollups, say_when_they_cannot_open) {
    const auto broken = make_sqlite_rollups("/proc/nowhere/analytics.db");
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().reason, "STORE_DOWN");
}

}  // namespace
}  // namespace imece::analytics
