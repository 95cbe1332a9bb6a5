// The stores that ship, on a simulated disk: their contracts hold there too, and across losses of power.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "discovery/adapters/store_rocks/topology_store.h"
#include "discovery/tests/topology_store_contract.h"
#include "ledger/adapters/store_rocks/rocks_ledger_store.h"
#include "ledger/tests/ledger_store_contract.h"
#include "messaging/adapters/bus/events.h"
#include "messaging/adapters/store_rocks/rocks_store.h"
#include "messaging/tests/message_store_contract.h"
#include "sim/kit/disk.h"

namespace imece::sim {
namespace {

using runtime::KvStore;

/// A machine that loses power whenever a store that syncs is closed.
struct Machine {
    SeededRandom random{7};
    Disk disk{random, [] {}};
    bool syncs = true;
    runtime::OpenKv open = [this](KvStore::Options options) {
        options.sync = options.sync && syncs;
        return disk.open(options);
    };
};

class Messages {
public:
    explicit Messages(bool syncs) : syncs_(syncs) {}
    messaging::StoreUnderTest& fresh() {
        store_.reset();
        machine_ = std::make_unique<Machine>();
        machine_->syncs = syncs_;
        open();
        under_test_.reopen = [this] {
            store_.reset();
            machine_->disk.crash(Crash::kPower);
            open();
        };
        return under_test_;
    }

private:
    void open() {
        store_ = *messaging::make_rocks_store({.path = "messaging",
                                               .accepted_event = messaging::accepted_event,
                                               .ended_event = messaging::ended_event,
                                               .committed = {},
                                               .open = machine_->open},
                                              machine_->random);
        under_test_.store = store_.get();
        under_test_.outbox = store_.get();
    }
    const bool syncs_;
    std::unique_ptr<Machine> machine_;
    std::unique_ptr<messaging::RocksMessageStore> store_;
    messaging::StoreUnderTest under_test_;
};

std::vector<std::string> broken_promises(bool syncs) {
    Messages messages(syncs);
    return messaging::MessageStoreContract(
               [&]() -> messaging::StoreUnderTest& { return messages.fresh(); })
        .broken();
}

TEST(MessageStore, keeps_its_contract_across_losses_of_power) {
    EXPECT_THAT(broken_promises(true), testing::IsEmpty());
}

TEST(MessageStore, breaks_it_on_a_disk_that_lies_about_syncs) {
    EXPECT_THAT(broken_promises(false), testing::Not(testing::IsEmpty()));
}

class LedgerContract : public testing::TestWithParam<ledger::NamedClause> {};
TEST_P(LedgerContract, holds_across_losses_of_power) {
    Machine machine;
    std::weak_ptr<ledger::LedgerStore> last;
    EXPECT_EQ(GetParam().clause([&]() -> std::shared_ptr<ledger::LedgerStore> {
        if (last.expired()) machine.disk.crash(Crash::kPower);
        std::shared_ptr<ledger::LedgerStore> store = *ledger::make_rocks_ledger_store(
            {.path = "ledger",
             .submitted_event = [](const auto&) { return std::nullopt; },
             .final_event = [](const auto&) { return std::nullopt; },
             .announced = [] {},
             .open = machine.open});
        last = store;
        return store;
    }),
              "");
}
INSTANTIATE_TEST_SUITE_P(disk, LedgerContract, testing::ValuesIn(ledger::ledger_store_contract()),
                         [](const auto& test) { return test.param.name; });

discovery::OpenStore open_topology(Machine& machine, const std::string& boot) {
    std::shared_ptr<discovery::RocksTopologyStore> store = *discovery::make_rocks_topology_store(
        {.path = "discovery", .boot_id = boot, .open = machine.open});
    return {store, store};
}

class TopologyContract : public testing::TestWithParam<discovery::NamedClause> {};
TEST_P(TopologyContract, holds) {
    Machine machine;
    EXPECT_EQ(GetParam().clause([&] { return open_topology(machine, "boot"); }), "");
}
INSTANTIATE_TEST_SUITE_P(disk, TopologyContract,
                         testing::ValuesIn(discovery::topology_store_contract()),
                         [](const auto& test) { return test.param.name; });

/// Positions that discovery's log handed out before the machine lost power never come again for something else, however
/// often and soon that happens.
TEST(TopologyStore, no_position_is_handed_out_twice) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        Machine machine;
        machine.random = SeededRandom(seed);
        std::set<std::uint64_t> seen;
        for (int boot = 1; boot <= 6; ++boot) {
            discovery::OpenStore store = open_topology(machine, "boot " + std::to_string(boot));
            const std::uint64_t before = store.log->last_position();
            for (std::uint64_t version = 1; version <= 3; ++version)
                ASSERT_TRUE(store->commit(discovery::announce(version, version == 1)));
            const auto events = store.log->read_after(0, 100);
            ASSERT_TRUE(events);
            for (const runtime::Event& event : *events)
                if (event.position > before)
                    EXPECT_TRUE(seen.insert(event.position).second)
                        << "seed " << seed << ", boot " << boot << ": " << event.position;
            store = {};
            machine.disk.crash(Crash::kPower);
        }
    }
}

}  // namespace
}  // namespace imece::sim
