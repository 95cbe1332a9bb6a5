#include "runtime/kv/kv_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <latch>
#include <map>
#include <optional>
#include <thread>

#include "base/random.h"
#include "testkit/temp_dir.h"

namespace imece::runtime {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

class Kv : public testing::Test {
protected:
    void SetUp() override { open(); }
    void open() {
        store_.reset();
        auto opened = KvStore::open(
            {.path = dir_.path() / "kv", .families = {"a", "b", "blind"}, .blind = {2}});
        ASSERT_TRUE(opened) << opened.error().message;
        store_ = *std::move(opened);
    }
    static std::optional<std::string> get(KvBatch& batch, const std::string& key,
                                          std::size_t family = 0) {
        std::string value;
        const auto found = batch.get(family, key, value);
        EXPECT_TRUE(found);
        return found && *found ? std::optional(value) : std::nullopt;
    }
    Pairs all(std::size_t family = 0) {
        Pairs pairs;
        EXPECT_TRUE(store_->scan(family, "", "", [&](auto key, auto value) {
            pairs.emplace_back(key, value);
            return true;
        }));
        return pairs;
    }

    testkit::TempDir dir_;
    std::unique_ptr<KvStore> store_;
};

TEST_F(Kv, a_change_sees_what_it_wrote_and_what_was_there) {
    ASSERT_TRUE(store_->commit([](KvBatch& batch) -> Status {
        batch.put(0, "old", "1");
        return {};
    }));
    ASSERT_TRUE(store_->commit([](KvBatch& batch) -> Status {
        EXPECT_EQ(get(batch, "old"), "1");
        batch.put(0, "new", "2");
        EXPECT_EQ(get(batch, "new"), "2");
        batch.put(0, "new", std::string(300, '3'));  // Its length takes two bytes.
        batch.put(0, "empty", "");
        EXPECT_EQ(get(batch, "new"), std::string(300, '3'));
        EXPECT_EQ(get(batch, "empty"), "");
        EXPECT_EQ(get(batch, "new", 1), std::nullopt);
        batch.erase(0, "old");
        EXPECT_EQ(get(batch, "old"), std::nullopt);
        return {};
    }));
    EXPECT_EQ(all(), (Pairs{{"empty", ""}, {"new", std::string(300, '3')}}));
}

TEST_F(Kv, a_failed_change_leaves_nothing_and_disturbs_no_other) {
    ASSERT_TRUE(store_->commit([](KvBatch& batch) -> Status {
        batch.put(0, "kept", "1");
        batch.put(0, "gone", "1");
        return {};
    }));
    // While the first change runs the others queue up: they make one group, in either order.
    std::latch first_runs(1);
    std::latch others_come(2);
    std::jthread first([&] {
        EXPECT_TRUE(store_->commit([&](KvBatch& batch) -> Status {
            first_runs.count_down();
            others_come.wait();
            batch.put(0, "kept", "2");
            return {};
        }));
    });
    first_runs.wait();
    std::jthread fails([&] {
        others_come.count_down();
        EXPECT_FALSE(store_->commit([](KvBatch& batch) -> Status {
            batch.put(0, "kept", "3");
            batch.put(0, "kept", "4");
            batch.erase(0, "gone");
            batch.put(0, "fresh", "5");
            return fail(ErrorCode::kAborted, "INTERNAL_ERROR", "on purpose");
        }));
    });
    std::jthread looks([&] {
        others_come.count_down();
        EXPECT_TRUE(store_->commit([](KvBatch& batch) -> Status {
            EXPECT_EQ(get(batch, "kept"), "2");
            EXPECT_EQ(get(batch, "gone"), "1");
            EXPECT_EQ(get(batch, "fresh"), std::nullopt);
            return {};
        }));
    });
    first.join();
    fails.join();
    looks.join();
    EXPECT_EQ(all(), (Pairs{{"gone", "1"}, {"kept", "2"}}));
}

TEST_F(Kv, a_range_is_erased_also_where_it_was_just_written) {
    ASSERT_TRUE(store_->commit([](KvBatch& batch) -> Status {
        for (const char* key : {"1", "2", "3"}) batch.put(0, key, "old");
        batch.put(1, "2", "other family");
        return {};
    }));
    ASSERT_TRUE(store_->commit([](KvBatch& batch) -> Status {
        batch.put(0, "25", "new");
        batch.erase_range(0, "2", "3");
        EXPECT_EQ(get(batch, "2"), std::nullopt);
        EXPECT_EQ(get(batch, "25"), std::nullopt);
        batch.put(0, "26", "after");
        return {};
    }));
    EXPECT_EQ(all(), (Pairs{{"1", "old"}, {"26", "after"}, {"3", "old"}}));
    EXPECT_EQ(all(1), (Pairs{{"2", "other family"}}));
}

TEST_F(Kv, a_blind_family_takes_puts_and_erasures_in_order_and_ranges_of_what_was_committed) {
    ASSERT_TRUE(store_->commit([](KvBatch& batch) -> Status {
        for (const char* key : {"1", "2", "3"}) batch.put(2, key, "old");
        batch.erase(2, "3");
        return {};
    }));
    ASSERT_TRUE(store_->commit([](KvBatch& batch) -> Status {
        batch.put(2, "25", "new");
        batch.erase_range(2, "2", "3");
        return {};
    }));
    EXPECT_FALSE(store_->commit([](KvBatch& batch) -> Status {
        batch.put(2, "4", "never");
        return fail(ErrorCode::kAborted, "INTERNAL_ERROR", "on purpose");
    }));
    EXPECT_EQ(all(2), (Pairs{{"1", "old"}, {"25", "new"}}));
}

TEST_F(Kv, many_keys_are_read_in_their_order_also_when_some_come_twice) {
    SeededRandom random(3);
    std::map<std::string, std::string> want;
    for (int restart = 0; restart < 6; ++restart) {
        for (int round = 0; round < 20; ++round)
            ASSERT_TRUE(store_->commit([&](KvBatch& batch) -> Status {
                for (int i = 0; i < 10; ++i) {
                    const std::string key = key_of(random.below(300) * 0x9e3779b97f4a7c15u);
                    if (random.below(4) == 0) {
                        batch.erase(0, key);
                        want.erase(key);
                    } else {
                        batch.put(0, key, want[key] = std::string(500, 'v') + key);
                    }
                }
                return {};
            }));
        for (int read = 0; read < 500; ++read) {
            std::vector<std::string> keys(1 + random.below(60));
            for (auto& key : keys) key = key_of(random.below(300) * 0x9e3779b97f4a7c15u);
            for (std::size_t i = 1; i < keys.size(); ++i)
                if (random.below(3) == 0) keys[i] = keys[i - 1];
            const auto got = store_->get_many(0, keys);
            ASSERT_TRUE(got);
            for (std::size_t i = 0; i < keys.size(); ++i) {
                const auto known = want.find(keys[i]);
                ASSERT_EQ((*got)[i].first, known != want.end());
                if (known != want.end()) ASSERT_EQ((*got)[i].second, known->second);
            }
        }
        open();
    }
}

TEST_F(Kv, a_family_that_is_no_longer_named_is_dropped_and_the_others_stay) {
    ASSERT_TRUE(store_->commit([](KvBatch& batch) -> Status {
        batch.put(0, "a", "1");
        batch.put(1, "b", "2");
        return {};
    }));
    store_.reset();
    {
        const auto fewer = KvStore::open({.path = dir_.path() / "kv", .families = {"b"}});
        ASSERT_TRUE(fewer) << fewer.error().message;
        EXPECT_EQ((*fewer)->last_key(0).value(), "b");
    }
    open();
    EXPECT_EQ(all(0), Pairs{});
    EXPECT_EQ(all(1), (Pairs{{"b", "2"}}));
}

void limit_files_to(rlim_t bytes) {
    const rlimit limit{bytes, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) std::_Exit(1);
}

/// In a process of its own, whose files may not grow past so many bytes. Ends it, with 0 where all was well.
void write_past(rlim_t bytes) {
    const testkit::TempDir dir;
    const auto open = [&] {
        return *KvStore::open({.path = dir.path() / "kv", .families = {"a"}});
    };
    auto store = open();
    const auto put = [&](std::uint64_t number) {
        return store->commit([&](KvBatch& batch) -> Status {
            batch.put(0, key_of(number), std::string(1000, 'x'));
            return {};
        });
    };
    std::uint64_t kept = 0;
    const auto has_all = [&] {
        std::string value;
        for (std::uint64_t i = 0; i < kept; ++i)
            if (!store->get(0, key_of(i), value).value_or(false)) return false;
        return true;
    };
    ::signal(SIGXFSZ, SIG_IGN);
    limit_files_to(bytes);
    while (put(kept)) ++kept;
    for (int i = 0; i < 3; ++i) {
        const Status again = put(kept);
        if (again || again.error().reason != "STORE_DOWN") std::_Exit(2);
    }
    if (kept < 10 || !has_all()) std::_Exit(3);
    limit_files_to(RLIM_INFINITY);
    if (put(kept)) std::_Exit(4);  // Nobody knows what of the failed write the disk has.
    store.reset();
    store = open();
    std::_Exit(has_all() && put(kept) ? 0 : 5);
}

TEST(KvDeathTest, after_a_write_that_failed_none_is_tried) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(write_past(200'000), testing::ExitedWithCode(0), "store_write_failed");
}

TEST_F(Kv, leaves_a_reserve_of_the_disk) {
    EXPECT_TRUE(store_->check_room());
    store_.reset();
    const auto disk = std::filesystem::space(dir_.path()).available;
    const auto open = [&](std::uint64_t reserve) {
        store_.reset();
        store_ = *KvStore::open(
            {.path = dir_.path() / "kv", .families = {"a", "b"}, .reserve_bytes = reserve});
    };
    const auto put = [&] {
        return store_->commit([](KvBatch& batch) -> Status {
            batch.put(0, "key", "value");
            return {};
        });
    };
    const auto reason = [](const Status& status) {
        return status ? std::string_view() : status.error().reason;
    };
    open(disk * 3 / 2);  // What only adds is refused; what must go on does.
    EXPECT_EQ(reason(store_->check_room()), "STORE_FULL");
    EXPECT_EQ(reason(put()), "");
    open(disk * 3);
    EXPECT_EQ(reason(put()), "STORE_FULL");
    open(1);
    EXPECT_EQ(reason(put()), "");  // Nothing was tried, so nothing is broken.
}

TEST_F(Kv, is_synced_where_commits_are_not) {
    store_.reset();
    store_ = *KvStore::open({.path = dir_.path() / "kv", .families = {"a"}, .sync = false});
    EXPECT_TRUE(store_->sync()) << "nothing was committed";
    ASSERT_TRUE(store_->commit([](KvBatch& batch) -> Status {
        batch.put(0, "key", "value");
        return {};
    }));
    EXPECT_TRUE(store_->sync());
    EXPECT_EQ(all(), (Pairs{{"key", "value"}}));
}

TEST_F(Kv, what_was_committed_is_there_after_a_restart) {
    ASSERT_TRUE(store_->commit([](KvBatch& batch) -> Status {
        batch.put(1, key_of(7), "seven");
        return {};
    }));
    open();
    EXPECT_EQ(all(1), (Pairs{{key_of(7), "seven"}}));
    EXPECT_EQ(store_->last_key(1).value(), key_of(7));
}

}  // namespace
}  // namespace imece::runtime
