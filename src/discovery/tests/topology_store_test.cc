#include "discovery/tests/topology_store_contract.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "discovery/adapters/store_rocks/topology_store.h"
#include "discovery/tests/memory_topology_store.h"
#include "testkit/temp_dir.h"

namespace imece::discovery {
namespace {

template <class Store>
Opener memory() {
    return [disk = std::make_shared<MemoryDisk>()] {
        auto store = std::make_shared<Store>(disk);
        return OpenStore{store, store};
    };
}

OpenStore open_rocks(const std::filesystem::path& path, const std::string& boot = "boot 1") {
    auto made = make_rocks_topology_store({.path = path, .boot_id = boot});
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    std::shared_ptr<RocksTopologyStore> store = std::move(*made);
    return {store, store};
}

class Contract : public testing::TestWithParam<NamedClause> {};

TEST_P(Contract, memory) {
    EXPECT_EQ(GetParam().clause(memory<MemoryTopologyStore>()), "");
}
TEST_P(Contract, rocks) {
    const testkit::TempDir dir;
    EXPECT_EQ(GetParam().clause([&] { return open_rocks(dir.path() / "store"); }), "");
}
INSTANTIATE_TEST_SUITE_P(topology_store, Contract, testing::ValuesIn(topology_store_contract()),
                         [](const auto& test) { return test.param.name; });

// Each is wrong in one way, of the kind that real adapters get wrong.
struct LosesReportsOfAnnouncements : MemoryTopologyStore {
    using MemoryTopologyStore::MemoryTopologyStore;
    Status commit(const Change& change) override {
        if (!change.announcement) return MemoryTopologyStore::commit(change);
        return MemoryTopologyStore::commit({.announcement = change.announcement});
    }
};
struct LeavesGaps : MemoryTopologyStore {
    using MemoryTopologyStore::MemoryTopologyStore;
    Status commit(const Change& change) override {
        disk_->last += change.announcement.has_value();
        return MemoryTopologyStore::commit(change);
    }
};
struct CountsAnewAfterRestart : MemoryTopologyStore {
    explicit CountsAnewAfterRestart(std::shared_ptr<MemoryDisk> disk) : MemoryTopologyStore(disk) {
        disk_->last = 0;
    }
};
struct ReadsFromThePositionItself : MemoryTopologyStore {
    using MemoryTopologyStore::MemoryTopologyStore;
    Result<std::vector<runtime::Event>> read_after(std::uint64_t position,
                                                   std::size_t max) override {
        return MemoryTopologyStore::read_after(position > 0 ? position - 1 : 0, max);
    }
};
struct TrimsToTheNewestFull : MemoryTopologyStore {
    using MemoryTopologyStore::MemoryTopologyStore;
    Status commit(const Change& change) override {
        const Status done = MemoryTopologyStore::commit(change);
        if (change.announcement && change.announcement->full)
            disk_->log.erase(disk_->log.begin(), disk_->log.lower_bound(disk_->last));
        return done;
    }
};
struct NeverTrims : MemoryTopologyStore {
    using MemoryTopologyStore::MemoryTopologyStore;
    Status commit(const Change& change) override {
        disk_->last_full = 0;
        return MemoryTopologyStore::commit(change);
    }
};
struct SkipsWhatWasTrimmed : MemoryTopologyStore {
    using MemoryTopologyStore::MemoryTopologyStore;
    Result<std::vector<runtime::Event>> read_after(std::uint64_t position,
                                                   std::size_t max) override {
        auto events = MemoryTopologyStore::read_after(position, max);
        return events ? events : MemoryTopologyStore::read_after(0, max);
    }
};
struct KeepsTheReportOfARemovedDevice : MemoryTopologyStore {
    using MemoryTopologyStore::MemoryTopologyStore;
    Status remove_device(const DeviceId& device, std::uint64_t position) override {
        const auto report = disk_->reports[device];
        const Status done = MemoryTopologyStore::remove_device(device, position);
        disk_->reports[device] = report;
        return done;
    }
};
struct ForgetsItsPosition : MemoryTopologyStore {
    explicit ForgetsItsPosition(std::shared_ptr<MemoryDisk> disk) : MemoryTopologyStore(disk) {
        disk_->bus_position = 0;
    }
};
struct ForgetsAfterPutting : MemoryTopologyStore {
    using MemoryTopologyStore::MemoryTopologyStore;
    Status commit(const Change& change) override {
        const Status done = MemoryTopologyStore::commit(change);
        for (const NodeId& node : change.forgotten) disk_->reports.erase(node);
        return done;
    }
};

template <class Broken>
class BrokenStores : public testing::Test {};
using AllBroken = testing::Types<LosesReportsOfAnnouncements, LeavesGaps, CountsAnewAfterRestart,
                                 ReadsFromThePositionItself, TrimsToTheNewestFull, NeverTrims,
                                 SkipsWhatWasTrimmed, KeepsTheReportOfARemovedDevice,
                                 ForgetsItsPosition, ForgetsAfterPutting>;
TYPED_TEST_SUITE(BrokenStores, AllBroken);

TYPED_TEST(BrokenStores, are_rejected) {
    bool rejected = false;
    for (const NamedClause& clause : topology_store_contract())
        rejected |= !clause.clause(memory<TypeParam>()).empty();
    EXPECT_TRUE(rejected);
}

TEST(RocksTopologyStore, tells_of_each_announcement_once_it_can_be_read) {
    const testkit::TempDir dir;
    std::shared_ptr<RocksTopologyStore> store;
    std::vector<std::uint64_t> seen;
    store =
        *make_rocks_topology_store({.path = dir.path() / "store", .boot_id = "b", .announced = [&] {
                                        seen.push_back(store->read_after(0, 10)->back().position);
                                    }});
    ASSERT_TRUE(store->commit(announce(1, true)));
    ASSERT_TRUE(store->commit({.reports = {stored(1, "x")}}));
    ASSERT_TRUE(store->commit(announce(2)));
    EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2}));
}

TEST(RocksTopologyStore, starts_its_log_anew_after_the_machine_did) {
    const testkit::TempDir dir;
    const auto path = dir.path() / "store";
    {
        const OpenStore store = open_rocks(path, "boot 1");
        for (std::uint64_t i = 1; i <= 3; ++i) ASSERT_TRUE(store->commit(announce(i, i == 1)));
    }
    std::uint64_t first = 0;
    {
        // Perhaps there was a fourth, which a consumer has seen and the disk has not.
        const OpenStore store = open_rocks(path, "boot 2");
        for (const std::uint64_t position : {1, 3, 4}) {
            const auto got = store.log->read_after(position, 10);
            ASSERT_FALSE(got);
            EXPECT_EQ(got.error().reason, "POSITION_TRIMMED");
        }
        EXPECT_EQ(store->load()->version, 3u);
        ASSERT_TRUE(store->commit(announce(4, true)));
        ASSERT_TRUE(store->commit(announce(5)));
        const auto got = store.log->read_after(0, 10);
        ASSERT_TRUE(got);
        ASSERT_EQ(got->size(), 2u);
        first = got->front().position;
        EXPECT_GT(first, 1000u);
        EXPECT_FALSE(store.log->read_after(4, 10));
    }
    const OpenStore store = open_rocks(path, "boot 2");
    EXPECT_EQ(store.log->read_after(first, 10)->size(), 1u);
}

TEST(RocksTopologyStore, starts_its_log_anew_also_where_the_disk_has_nothing_of_it) {
    const testkit::TempDir dir;
    const auto path = dir.path() / "store";
    EXPECT_EQ(open_rocks(path, "boot 1").log->last_position(), 0u);
    // Perhaps there were three, which a consumer has seen.
    const OpenStore store = open_rocks(path, "boot 2");
    for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(store->commit(announce(i, i == 1)));
    EXPECT_FALSE(store.log->read_after(3, 10));
}

TEST(RocksTopologyStore, refuses_damaged_data) {
    const testkit::TempDir dir;
    const auto made = make_rocks_topology_store({.path = "/proc/nowhere", .boot_id = "b"});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().reason, "STORE_DOWN");
}

// A child commits and says so; it is killed at some moment; what it said is there.
TEST(RocksTopologyStore, keeps_what_was_acknowledged_before_sigkill) {
    const testkit::TempDir dir;
    const auto path = dir.path() / "store";
    std::uint64_t version = 0;
    for (int round = 0; round < 5; ++round) {
        int pipe_ends[2];
        ASSERT_EQ(pipe(pipe_ends), 0);
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            const OpenStore store = open_rocks(path);
            for (std::uint64_t i = version + 1;; ++i) {
                const auto number = static_cast<std::uint32_t>(i);
                if (!store->commit({.reports = {stored(number, std::to_string(i))},
                                    .announcement = announcement(i, i % 7 == 1)}) ||
                    !store->put_device(node(number), public_key(1), i) ||
                    write(pipe_ends[1], &i, sizeof i) != sizeof i)
                    _exit(1);
            }
        }
        close(pipe_ends[1]);
        std::uint64_t acknowledged = 0;
        for (int i = 0; i < 20 + 13 * round; ++i)
            ASSERT_EQ(read(pipe_ends[0], &acknowledged, sizeof acknowledged),
                      ssize_t{sizeof acknowledged});
        kill(child, SIGKILL);
        while (read(pipe_ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) {
        }
        close(pipe_ends[0]);
        waitpid(child, nullptr, 0);

        const OpenStore store = open_rocks(path);
        const auto saved = store->load();
        ASSERT_TRUE(saved);
        EXPECT_GE(saved->version, acknowledged);
        EXPECT_LE(saved->version, acknowledged + 1);  // The one that was under way.
        EXPECT_EQ(saved->reports.size(), saved->version);
        EXPECT_GE(saved->devices.size(), acknowledged);
        EXPECT_EQ(*store->bus_position(), saved->devices.size());
        EXPECT_EQ(store.log->last_position(), saved->version);
        const auto events = store.log->read_after(0, 100);
        ASSERT_TRUE(events);
        EXPECT_EQ(events->back().position, saved->version);
        EXPECT_EQ(events->back().data, "data " + std::to_string(saved->version));
        version = saved->version;
        // The device of a commit that was under way is put by the next round's numbering.
        if (saved->devices.size() < version)
            ASSERT_TRUE(store->put_device(node(static_cast<std::uint32_t>(version)), public_key(1),
                                          version));
    }
}

}  // namespace
}  // namespace imece::discovery
