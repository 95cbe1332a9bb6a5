// Time, chance, network and disk of a simulation.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <sstream>

#include "sim/kit/disk.h"
#include "sim/kit/network.h"
#include "sim/kit/trace.h"

namespace imece::sim {
namespace {

using namespace std::chrono_literals;

const TimePoint kStart = from_unix_ms(1'675'646'254'000);
const auto never = [] { return false; };

struct Kit {
    explicit Kit(std::uint64_t seed) : random(seed) {}
    SeededRandom random;
    Scheduler scheduler{kStart, random};
};

/// The order in which twenty tasks of one moment run.
std::vector<int> order_of_ties(std::uint64_t seed) {
    Kit kit(seed);
    std::vector<int> order;
    for (int i = 0; i < 20; ++i) kit.scheduler.after(1s, [&order, i] { order.push_back(i); });
    kit.scheduler.run_until(kStart + 1s, never);
    return order;
}

TEST(Scheduler, runs_in_the_order_of_time_and_waits_for_nobody) {
    Kit kit(1);
    std::vector<std::pair<int, Duration>> ran;
    const auto note = [&](int which) {
        return [&ran, &kit, which] { ran.emplace_back(which, kit.scheduler.now() - kStart); };
    };
    kit.scheduler.after(5h, note(3));
    kit.scheduler.after(1s, note(1));
    kit.scheduler.after(2s, note(2));
    kit.scheduler.at(kStart - 1h, note(0));
    kit.scheduler.run_until(kStart + 1h, never);
    EXPECT_EQ(kit.scheduler.now(), kStart + 1h);
    kit.scheduler.run_until(kStart + 9h, never);
    const std::vector<std::pair<int, Duration>> expected{{0, 0s}, {1, 1s}, {2, 2s}, {3, 5h}};
    EXPECT_EQ(ran, expected);
}

TEST(Scheduler, the_seed_orders_what_is_due_at_one_moment) {
    EXPECT_EQ(order_of_ties(1), order_of_ties(1));
    EXPECT_NE(order_of_ties(1), order_of_ties(2));
}

TEST(Scheduler, stops_when_it_is_told) {
    Kit kit(1);
    int ran = 0;
    for (int i = 0; i < 3; ++i) kit.scheduler.after(i * 1s, [&] { ++ran; });
    kit.scheduler.run_until(kStart + 1h, [&] { return ran == 2; });
    EXPECT_EQ(ran, 2);
    EXPECT_EQ(kit.scheduler.now(), kStart + 1s);
}

TEST(Alarm, rings_once_at_the_earliest_time_and_never_when_it_is_gone) {
    Kit kit(1);
    std::vector<Duration> rang;
    std::optional<Alarm> alarm(std::in_place, kit.scheduler,
                               [&] { rang.push_back(kit.scheduler.now() - kStart); });
    alarm->set_after(9s);
    alarm->set_after(2s);
    alarm->set_after(5s);
    kit.scheduler.run_until(kStart + 20s, never);
    EXPECT_EQ(rang, (std::vector<Duration>{2s}));
    alarm->set_after(1s);
    alarm.reset();
    kit.scheduler.run_until(kStart + 40s, never);
    EXPECT_EQ(rang.size(), 1u);
}

TEST(SimClock, is_ahead_of_the_scheduler_by_what_it_was_given) {
    Kit kit(1);
    const SimClock clock(kit.scheduler, -2s);
    EXPECT_EQ(clock.now(), kStart - 2s);
    EXPECT_EQ(clock.scheduled(clock.now() + 7s), kStart + 7s);
}

TEST(Trace, has_one_digest_for_the_same_lines) {
    const auto digest = [](std::string_view last) {
        Kit kit(1);
        std::ostringstream lines;
        Trace trace(kit.scheduler, &lines);
        trace.note("s1", "starts");
        trace.note("s1", last);
        EXPECT_EQ(lines.str(), "0 s1 starts\n0 s1 " + std::string(last) + "\n");
        return trace.digest();
    };
    EXPECT_EQ(digest("stops"), digest("stops"));
    EXPECT_NE(digest("stops"), digest("stopt"));
}

int arrivals(const Weather& weather, bool cut) {
    Kit kit(3);
    Network network(kit.scheduler, kit.random);
    network.set(weather);
    if (cut) network.cut("b", "a");
    int arrived = 0;
    for (int i = 0; i < 1000; ++i) network.send("a", "b", [&] { ++arrived; });
    kit.scheduler.run_until(kStart + 1h, never);
    return arrived;
}

TEST(Network, loses_doubles_and_cuts) {
    EXPECT_EQ(arrivals({}, false), 1000);
    EXPECT_EQ(arrivals({}, true), 0);
    EXPECT_NEAR(arrivals({.lost_percent = 30}, false), 700, 60);
    EXPECT_NEAR(arrivals({.doubled_percent = 30}, false), 1300, 60);
}

TEST(Network, one_datagram_overtakes_another_and_a_healed_cut_is_none) {
    Kit kit(1);
    Network network(kit.scheduler, kit.random);
    network.set({.delay_min = 1ms, .delay_max = 1s});
    network.cut("a", "b");
    network.heal("b", "a");
    std::vector<int> order;
    for (int i = 0; i < 20; ++i) network.send("a", "b", [&order, i] { order.push_back(i); });
    kit.scheduler.run_until(kStart + 1h, never);
    EXPECT_EQ(order.size(), 20u);
    EXPECT_FALSE(std::ranges::is_sorted(order));
}

/// A disk with one volume of one family.
struct Machine {
    explicit Machine(std::uint64_t seed) : random(seed) {}
    void open(bool sync) {
        store = *disk.open({.path = "volume", .families = {"all"}, .sync = sync});
    }
    Status put(const std::string& key, std::size_t copies = 1) {
        return store->commit([&](runtime::KvBatch& batch) -> Status {
            for (std::size_t i = 0; i < copies; ++i) batch.put(0, key + char('a' + i), "x");
            return {};
        });
    }
    void crash(Crash how) {
        store.reset();
        disk.crash(how);
        open(true);
    }
    std::vector<std::string> keys() {
        std::vector<std::string> found;
        EXPECT_TRUE(store->scan(0, "", "", [&](std::string_view key, std::string_view) {
            found.emplace_back(key);
            return true;
        }));
        return found;
    }
    SeededRandom random;
    int downs = 0;
    Disk disk{random, [this] { ++downs; }};
    std::unique_ptr<runtime::KvStore> store;
};

TEST(Disk, keeps_what_was_synced_whatever_comes) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Machine machine(seed);
        machine.open(true);
        for (const char* key : {"1", "2", "3"}) ASSERT_TRUE(machine.put(key));
        machine.crash(Crash::kPower);
        EXPECT_EQ(machine.keys(), (std::vector<std::string>{"1a", "2a", "3a"}));
    }
}

TEST(Disk, keeps_a_row_from_the_beginning_of_what_was_not_synced) {
    std::set<std::size_t> kept;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Machine machine(seed);
        machine.open(false);
        for (const char* key : {"1", "2"}) ASSERT_TRUE(machine.put(key));
        ASSERT_TRUE(machine.store->sync());
        for (const char* key : {"3", "4", "5"}) ASSERT_TRUE(machine.put(key));
        machine.crash(Crash::kPower);
        const std::vector<std::string> all{"1a", "2a", "3a", "4a", "5a"};
        const auto keys = machine.keys();
        ASSERT_GE(keys.size(), 2u);
        EXPECT_TRUE(std::ranges::equal(keys, std::span(all).first(keys.size())));
        kept.insert(keys.size());
    }
    EXPECT_EQ(kept, (std::set<std::size_t>{2, 3, 4, 5}));
}

TEST(Disk, a_killed_process_loses_nothing_that_it_wrote) {
    Machine machine(1);
    machine.open(false);
    ASSERT_TRUE(machine.put("1"));
    machine.crash(Crash::kProcess);
    machine.crash(Crash::kPower);
    EXPECT_EQ(machine.keys(), std::vector<std::string>{"1a"}) << "who opens it syncs what is there";
}

TEST(Disk, the_commit_that_fails_is_whole_or_not_there) {
    for (const Crash how : {Crash::kProcess, Crash::kPower}) {
        std::set<std::size_t> sizes;
        for (std::uint64_t seed = 1; seed <= 50; ++seed) {
            Machine machine(seed);
            machine.open(true);
            machine.disk.fail_at(2);
            ASSERT_TRUE(machine.put("1"));
            EXPECT_EQ(machine.put("2", 3).error().reason, "STORE_DOWN");
            EXPECT_EQ(machine.put("3").error().reason, "STORE_DOWN");
            EXPECT_TRUE(machine.disk.down());
            EXPECT_EQ(machine.downs, 1);
            machine.crash(how);
            EXPECT_FALSE(machine.disk.down());
            sizes.insert(machine.keys().size());
        }
        EXPECT_EQ(sizes, (std::set<std::size_t>{1, 4}));
    }
}

TEST(Disk, without_checksums_a_commit_is_there_in_part) {
    std::set<std::size_t> sizes;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Machine machine(seed);
        machine.disk.tears = true;
        machine.open(true);
        machine.disk.fail_at(1);
        EXPECT_FALSE(machine.put("1", 3));
        machine.crash(Crash::kPower);
        sizes.insert(machine.keys().size());
    }
    EXPECT_EQ(sizes, (std::set<std::size_t>{0, 1, 2, 3}));
}

}  // namespace
}  // namespace imece::sim
