// Runs the contract against the adapters, and against stores that must not get through.
#include <gtest/gtest.h>

#include "ledger/adapters/store_rocks/rocks_ledger_store.h"
#include "ledger/tests/ledger_store_contract.h"
#include "ledger/tests/memory_ledger_store.h"
#include "testkit/temp_dir.h"

namespace imece::ledger {
namespace {

template <class Store>
Opener memory() {
    return [chain = std::make_shared<MemoryChain>()] { return std::make_shared<Store>(chain); };
}

std::optional<runtime::Event> named(const char* type, const std::string& subject) {
    runtime::Event event;
    event.type = type;
    event.subject = subject;
    return event;
}

/// Closes what it gave before: RocksDB has one owner at a time.
Opener rocks(const std::filesystem::path& path, int* announced = nullptr) {
    auto last = std::make_shared<std::weak_ptr<LedgerStore>>();
    return [=]() -> std::shared_ptr<LedgerStore> {
        EXPECT_TRUE(last->expired()) << "two at a time";
        auto store = make_rocks_ledger_store(
            {.path = path,
             .submitted_event =
                 [](const Submitted& submitted) {
                     return submitted.actor.empty() ? std::nullopt
                                                    : named("submitted", submitted.actor);
                 },
             .final_event =
                 [](const Finalized& finalized) {
                     return named("final", std::to_string(finalized.block.header.height));
                 },
             .announced =
                 [announced] {
                     if (announced != nullptr) ++*announced;
                 }});
        EXPECT_TRUE(store) << (store ? "" : store.error().message);
        std::shared_ptr<LedgerStore> shared = *std::move(store);
        *last = shared;
        return shared;
    };
}

class Contract : public testing::TestWithParam<NamedClause> {};
TEST_P(Contract, memory) {
    EXPECT_EQ(GetParam().clause(memory<MemoryLedgerStore>()), "");
}
TEST_P(Contract, rocks) {
    const testkit::TempDir directory;
    EXPECT_EQ(GetParam().clause(rocks(directory.path() / "chain")), "");
}
INSTANTIATE_TEST_SUITE_P(ledger_store, Contract, testing::ValuesIn(ledger_store_contract()),
                         [](const auto& test) { return test.param.name; });

// Each is wrong in one way, of the kind that real adapters get wrong.
struct BeginsAgain : MemoryLedgerStore {
    using MemoryLedgerStore::MemoryLedgerStore;
    Status begin(const Block& first, const AuthoritySet& set) override {
        *chain_ = {};
        return MemoryLedgerStore::begin(first, set);
    }
};
struct TakesATransactionTwice : MemoryLedgerStore {
    using MemoryLedgerStore::MemoryLedgerStore;
    Result<bool> submit(const Submitted& submitted) override {
        chain_->transactions.erase(submitted.id);
        return MemoryLedgerStore::submit(submitted);
    }
};
struct GivesAllThatWaits : MemoryLedgerStore {
    using MemoryLedgerStore::MemoryLedgerStore;
    Result<std::vector<PendingTransaction>> pending(std::size_t) override {
        return MemoryLedgerStore::pending(SIZE_MAX);
    }
};
struct GivesNothingThatIsTooLarge : MemoryLedgerStore {
    using MemoryLedgerStore::MemoryLedgerStore;
    Result<std::vector<PendingTransaction>> pending(std::size_t bytes_max) override {
        auto list = MemoryLedgerStore::pending(bytes_max);
        if (list && list->size() == 1 && list->front().bytes.size() > bytes_max) list->clear();
        return list;
    }
};
struct KeepsTheCandidate : MemoryLedgerStore {
    using MemoryLedgerStore::MemoryLedgerStore;
    Status finalize(const Finalized& finalized) override {
        const auto candidate = chain_->candidate;
        Status done = MemoryLedgerStore::finalize(finalized);
        chain_->candidate = candidate;
        return done;
    }
};
struct ForgetsTheCandidateAtRestart : MemoryLedgerStore {
    explicit ForgetsTheCandidateAtRestart(const std::shared_ptr<MemoryChain>& chain)
        : MemoryLedgerStore(chain) {
        chain->candidate.reset();
    }
};
struct LosesTheState : MemoryLedgerStore {
    using MemoryLedgerStore::MemoryLedgerStore;
    Status finalize(const Finalized& finalized) override {
        Finalized without = finalized;
        without.changes.clear();
        return MemoryLedgerStore::finalize(without);
    }
};
struct LosesRefusals : MemoryLedgerStore {
    using MemoryLedgerStore::MemoryLedgerStore;
    Status finalize(const Finalized& finalized) override {
        Finalized without = finalized;
        without.refused.clear();
        return MemoryLedgerStore::finalize(without);
    }
};
struct LeavesWhatItTookWaiting : MemoryLedgerStore {
    using MemoryLedgerStore::MemoryLedgerStore;
    Status finalize(const Finalized& finalized) override {
        Finalized without = finalized;
        without.sequences.clear();
        return MemoryLedgerStore::finalize(without);
    }
};
struct MovesTheMarkForARepeatedAnchor : MemoryLedgerStore {
    using MemoryLedgerStore::MemoryLedgerStore;
    Result<bool> submit(const Submitted& submitted) override {
        auto fresh = MemoryLedgerStore::submit(submitted);
        if (submitted.receipts) chain_->mark.position = submitted.receipts->position;
        return fresh;
    }
};

template <class Store>
class BrokenStore : public testing::Test {};
using BrokenStores = testing::Types<BeginsAgain, TakesATransactionTwice, GivesAllThatWaits,
                                    GivesNothingThatIsTooLarge, KeepsTheCandidate,
                                    ForgetsTheCandidateAtRestart, LosesTheState, LosesRefusals,
                                    LeavesWhatItTookWaiting, MovesTheMarkForARepeatedAnchor>;
TYPED_TEST_SUITE(BrokenStore, BrokenStores);
TYPED_TEST(BrokenStore, does_not_pass_the_contract) {
    int broken = 0;
    for (const NamedClause& each : ledger_store_contract())
        if (!each.clause(memory<TypeParam>()).empty()) ++broken;
    EXPECT_GE(broken, 1);
}

TEST(RocksLedgerStore, tells_of_what_somebody_asked_for_and_of_final_blocks_in_their_order) {
    const testkit::TempDir directory;
    int announced = 0;
    const Opener open = rocks(directory.path() / "chain", &announced);
    {
        const auto store = begun(open);
        Submitted asked = submitted(1);
        asked.actor = "user:1";
        ASSERT_TRUE(store->submit(asked));
        ASSERT_TRUE(store->submit(asked));
        ASSERT_TRUE(store->submit(submitted(2)));
        ASSERT_TRUE(store->finalize(block_of(*store, {1, 2})));
    }
    EXPECT_EQ(announced, 2);
    const auto store = open();
    auto& outbox = dynamic_cast<runtime::OutboxReader&>(*store);
    EXPECT_EQ(outbox.last_position(), 2u);
    const auto events = outbox.read_after(0, 10);
    ASSERT_TRUE(events);
    ASSERT_EQ(events->size(), 2u);
    EXPECT_EQ((*events)[0].subject, "user:1");
    EXPECT_EQ((*events)[1].type, "final");
    EXPECT_EQ((*events)[1].position, 2u);
    EXPECT_EQ(outbox.read_after(1, 10)->size(), 1u);
    EXPECT_EQ(outbox.read_after(0, 1)->size(), 1u);
}

}  // namespace
}  // namespace imece::ledger
