// The use cases together, on a store in memory: from a transaction to a proof.
#include <gtest/gtest.h>

#include "ledger/app/anchor_receipts.h"
#include "ledger/app/read_ledger.h"
#include "ledger/app/submit_transaction.h"
#include "ledger/tests/memory_ledger_store.h"
#include "ledger/tests/samples.h"
#include "testkit/fake_clock.h"

namespace imece::ledger {
namespace {

using namespace std::chrono_literals;

template <class T>
std::string reason_of(const T& result) {
    return result ? "" : std::string(result.error().reason);
}

/// Fails where it is told to, as a process that is killed there would leave the store.
class Breaking : public MemoryLedgerStore {
public:
    using MemoryLedgerStore::MemoryLedgerStore;
    Status finalize(const Finalized& finalized) override {
        if (std::exchange(break_finalize, false))
            return fail(ErrorCode::kUnavailable, "STORE_DOWN", "on purpose");
        return MemoryLedgerStore::finalize(finalized);
    }
    bool break_finalize = false;
};

class Chain : public testing::Test {
protected:
    void SetUp() override { begin(4); }
    void begin(std::uint8_t authorities) {
        authorities_ = std::make_unique<Authorities>(local_authorities(authorities));
        memory_ = std::make_shared<MemoryChain>();
        store_ = std::make_unique<Breaking>(memory_);
        ASSERT_TRUE(
            store_->begin(*first_block(*authorities_, clock_.now(), false), authorities_->set));
        SubmitTransaction::Deps deps{*store_, clock_, *authorities_, [this] { ++woken_; }};
        submit_ = std::make_unique<SubmitTransaction>(deps);
        produce_ = std::make_unique<ProduceBlock>(
            ProduceBlock::Deps{*store_, clock_, *authorities_,
                               [this](const BlockHeader& header) { final_ = header; }},
            BlockLimits{});
        read_ = std::make_unique<ReadLedger>(*store_, clock_);
        receipts_ = std::make_unique<AnchorReceipts>(*store_, *submit_, clock_, random_);
    }
    Status check_in(std::uint8_t id) {
        CheckInRecorded body;
        body.check_in.bytes[0] = id;
        return (*submit_)(id_number<TransactionId>(id), body, {});
    }
    std::optional<TimePoint> run() {
        const auto next = produce_->run();
        EXPECT_TRUE(next) << next.error().message;
        return next.value_or(std::nullopt);
    }
    std::uint64_t height() { return store_->height().value(); }
    BlockHeader tip() { return store_->block(height())->header; }
    void receipt(std::uint8_t number, std::uint64_t position) {
        ASSERT_TRUE(receipts_->take(
            {{.key = {id_number<MessageId>(number), id_number<DeviceId>(number)},
              .leaf = crypto::merkle_leaf_hash(view_of("receipt " + std::to_string(number)))}},
            position));
    }

    testkit::FakeClock clock_{kStart};
    SeededRandom random_{1};
    std::unique_ptr<Authorities> authorities_;
    std::shared_ptr<MemoryChain> memory_;
    std::unique_ptr<Breaking> store_;
    std::unique_ptr<SubmitTransaction> submit_;
    std::unique_ptr<ProduceBlock> produce_;
    std::unique_ptr<ReadLedger> read_;
    std::unique_ptr<AnchorReceipts> receipts_;
    BlockHeader final_;
    int woken_ = 0;
};

TEST_F(Chain, an_idle_chain_makes_no_block) {
    EXPECT_EQ(run(), std::nullopt);
    clock_.advance(24h);
    EXPECT_EQ(run(), std::nullopt);
    EXPECT_EQ(height(), 0u);
}

TEST_F(Chain, a_block_comes_an_interval_after_the_last_and_takes_all_that_waits) {
    ASSERT_TRUE(check_in(1));
    EXPECT_EQ(woken_, 1);
    EXPECT_EQ(run(), kStart + 10s);
    clock_.advance(10s);
    run();
    EXPECT_EQ(height(), 1u);
    ASSERT_TRUE(check_in(2));
    ASSERT_TRUE(check_in(3));
    EXPECT_EQ(run(), kStart + 20s);
    clock_.advance(10s);
    run();
    EXPECT_EQ(tip().transactions, 2u);
    EXPECT_EQ(final_, tip());
    EXPECT_TRUE(check(store_->block(2)->certificate, tip(), authorities_->set));
    EXPECT_TRUE(check_follows(tip(), store_->block(1)->header, authorities_->set));
    EXPECT_EQ(store_->transaction(id_number<TransactionId>(3))->state, TransactionState::kFinal);
}

TEST_F(Chain, the_same_transaction_twice_is_one) {
    ASSERT_TRUE(check_in(1));
    ASSERT_TRUE(check_in(1));
    EXPECT_EQ(woken_, 1);
    clock_.advance(10s);
    run();
    EXPECT_EQ(tip().transactions, 1u);
}

TEST_F(Chain, a_full_block_does_not_wait) {
    produce_ = std::make_unique<ProduceBlock>(
        ProduceBlock::Deps{*store_, clock_, *authorities_, [](const BlockHeader&) {}},
        BlockLimits{.bytes = {17 * 1024, 17 * 1024, 17 * 1024}});
    for (std::uint8_t i = 1; i <= 20; ++i) ASSERT_TRUE(check_in(i));
    run();
    EXPECT_EQ(height(), 1u);
}

TEST_F(Chain, an_emergency_does_not_wait_and_shortens_the_interval_until_it_expires) {
    ASSERT_TRUE((*submit_)(id_number<TransactionId>(1), emergency(1, Level::kCrisis), "user:x"));
    run();
    EXPECT_EQ(tip().level, Level::kCrisis);
    ASSERT_TRUE(check_in(2));
    EXPECT_EQ(run(), tip().time + 1s);
    clock_.advance(1s + 1ms);  // A block is a millisecond later than its parent, at least.
    run();
    EXPECT_EQ(height(), 2u);
    EXPECT_EQ(run(), kStart + 1h) << "then it is over";
    clock_.advance(1h);
    run();
    EXPECT_EQ(tip().level, Level::kNormal) << "a block says so, though nothing waits";
    EXPECT_EQ(height(), 3u);
    EXPECT_EQ(run(), std::nullopt);
}

TEST_F(Chain, an_emergency_needs_a_quorum_of_the_authorities) {
    authorities_->keys.erase(authorities_->keys.begin() + 2, authorities_->keys.end());  // Of four.
    EXPECT_EQ(reason_of((*submit_)(id_number<TransactionId>(1), emergency(), "user:x")),
              "QUORUM_MISSING");
}

TEST_F(Chain, below_a_quorum_nothing_is_final_and_nothing_is_lost) {
    ASSERT_TRUE(check_in(1));
    clock_.advance(10s);
    const auto keys = authorities_->keys;
    authorities_->keys.erase(authorities_->keys.begin() + 2, authorities_->keys.end());
    EXPECT_EQ(reason_of(produce_->run()), "QUORUM_MISSING");
    EXPECT_EQ(height(), 0u);
    authorities_->keys = keys;
    run();
    EXPECT_EQ(tip().transactions, 1u);
}

TEST_F(Chain, after_a_crash_the_same_block_is_voted_for) {
    ASSERT_TRUE(check_in(1));
    clock_.advance(10s);
    store_->break_finalize = true;
    EXPECT_EQ(reason_of(produce_->run()), "STORE_DOWN");
    const auto candidate = store_->candidate();
    ASSERT_TRUE(candidate && *candidate);
    ASSERT_TRUE(check_in(2));
    clock_.advance(1h);
    run();
    EXPECT_EQ(tip(), (*candidate)->header) << "not a block with the second transaction";
    run();
    EXPECT_EQ(height(), 2u);
    EXPECT_EQ(store_->candidate().value(), std::nullopt);
}

TEST_F(Chain, a_candidate_that_was_changed_on_the_disk_is_not_signed) {
    ASSERT_TRUE(check_in(1));
    clock_.advance(10s);
    store_->break_finalize = true;
    EXPECT_FALSE(produce_->run());
    memory_->candidate->header.state_root[0] ^= 1;
    EXPECT_EQ(reason_of(produce_->run()), "DATA_MALFORMED");
}

TEST_F(Chain, what_does_not_fit_any_more_is_refused_with_the_reason) {
    ASSERT_TRUE((*submit_)(id_number<TransactionId>(1), emergency(), "user:x"));
    run();
    const EmergencyEnded end{id_number<EmergencyId>(1), "over"};
    ASSERT_TRUE((*submit_)(id_number<TransactionId>(2), end, "user:x"));
    ASSERT_TRUE((*submit_)(id_number<TransactionId>(3), end, "user:y"));
    run();
    const auto second = store_->transaction(id_number<TransactionId>(3));
    EXPECT_EQ(second->state, TransactionState::kRefused);
    EXPECT_EQ(second->reason, "EMERGENCY_OVER");
    EXPECT_EQ(tip().transactions, 1u);
    EXPECT_EQ(reason_of(read_->prove_transaction(id_number<TransactionId>(3))), "NOT_FINAL");
    EXPECT_EQ(reason_of((*submit_)(id_number<TransactionId>(4), end, "user:x")), "EMERGENCY_OVER")
        << "now it is refused at once";
}

TEST_F(Chain, proves_transactions_entries_and_history) {
    for (std::uint8_t i = 1; i <= 9; ++i) {
        ASSERT_TRUE(check_in(i));
        if (i % 3 != 0) continue;
        clock_.advance(10s);
        run();
    }
    const auto proof = read_->prove_transaction(id_number<TransactionId>(5));
    ASSERT_TRUE(proof);
    const BlockHeader& header = proof->block.header;
    EXPECT_TRUE(crypto::verify_merkle_inclusion(
        proof->index, header.transactions, crypto::merkle_leaf_hash(view_of(proof->transaction)),
        proof->path, header.transactions_root));

    CheckInRecorded body;
    body.check_in.bytes[0] = 5;
    const std::string name = "check-in/" + to_hex(body.check_in.bytes);
    const auto there = read_->prove_entry(name);
    ASSERT_TRUE(there);
    EXPECT_EQ(*crypto::verify_state(tip().state_root, state_key(name), there->proof),
              crypto::sha256(view_of(*there->value)));
    const auto absent = read_->prove_entry("check-in/none");
    ASSERT_TRUE(absent);
    EXPECT_EQ(absent->value, std::nullopt);
    EXPECT_EQ(*crypto::verify_state(tip().state_root, state_key("check-in/none"), absent->proof),
              std::nullopt);

    for (std::uint64_t older = 0; older < 3; ++older) {
        const auto history = read_->prove_history(older, 3);
        ASSERT_TRUE(history);
        EXPECT_TRUE(crypto::verify_merkle_inclusion(older, 3, hash_of(history->older.header),
                                                    history->path,
                                                    history->newer.header.history_root));
    }
    EXPECT_EQ(reason_of(read_->prove_history(3, 3)), "PROOF_OUT_OF_RANGE");
    EXPECT_EQ(reason_of(read_->prove_history(0, 4)), "BLOCK_UNKNOWN");
    const auto blocks = read_->blocks(0, 2);
    ASSERT_EQ(blocks->size(), 2u);
    EXPECT_EQ(blocks->front().header.height, 3u);
    EXPECT_EQ(read_->blocks(1, 9)->size(), 1u);
}

TEST_F(Chain, anchors_receipts_and_proves_each) {
    for (std::uint8_t i = 1; i <= 5; ++i) receipt(i, i);
    EXPECT_EQ(reason_of(read_->prove_receipt({id_number<MessageId>(1), id_number<DeviceId>(1)})),
              "RECEIPT_UNKNOWN");
    ASSERT_TRUE(receipts_->run());
    ASSERT_TRUE(receipts_->run()) << "nothing to do";
    EXPECT_EQ(reason_of(read_->prove_receipt({id_number<MessageId>(1), id_number<DeviceId>(1)})),
              "NOT_FINAL");
    receipt(6, 9);
    ASSERT_TRUE(receipts_->run()) << "while the first anchor still waits";
    clock_.advance(10s);
    run();
    for (std::uint8_t i = 1; i <= 6; ++i) {
        const auto proof = read_->prove_receipt({id_number<MessageId>(i), id_number<DeviceId>(i)});
        ASSERT_TRUE(proof) << int(i);
        const auto anchor = decode_transaction(proof->anchor.transaction);
        const auto& body = std::get<ReceiptAnchor>(anchor->body);
        EXPECT_TRUE(crypto::verify_merkle_inclusion(
            proof->index, body.receipts,
            crypto::merkle_leaf_hash(view_of("receipt " + std::to_string(i))), proof->path,
            body.root));
    }
}

TEST_F(Chain, what_was_not_anchored_comes_again_after_a_restart) {
    receipt(1, 4);
    EXPECT_EQ(receipts_->position().value(), 4u);
    receipts_ = std::make_unique<AnchorReceipts>(*store_, *submit_, clock_, random_);
    EXPECT_EQ(receipts_->position().value(), 0u);
    receipt(1, 4);
    ASSERT_TRUE(receipts_->run());
    receipts_ = std::make_unique<AnchorReceipts>(*store_, *submit_, clock_, random_);
    EXPECT_EQ(receipts_->position().value(), 4u);
}

TEST_F(Chain, a_flood_of_receipts_is_anchored_before_it_fills_the_memory) {
    for (std::size_t i = 0; i <= AnchorReceipts::kReceiptsMax; ++i) {
        AnchoredReceipt receipt;
        receipt.key.message.bytes[0] = std::uint8_t(i);
        receipt.key.message.bytes[1] = std::uint8_t(i >> 8);
        ASSERT_TRUE(receipts_->take({receipt}, i + 1));
    }
    EXPECT_EQ(store_->receipt_mark()->number, 1u);
    EXPECT_EQ(store_->receipt_mark()->position, AnchorReceipts::kReceiptsMax);
}

}  // namespace
}  // namespace imece::ledger
