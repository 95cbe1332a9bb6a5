#include "ledger/app/read_ledger.h"

#include <algorithm>

#include "base/result.h"
#include "crypto/merkle.h"

namespace imece::ledger {
Result<LedgerStatus> ReadLedger::status() const {
    constexpr std::size_t kCounted = 1000;
    LedgerStatus status;
    IMECE_TRY(const std::uint64_t height, store_.height());
    IMECE_TRY(status.tip, store_.block(height));
    IMECE_TRY(const auto pending, store_.pending(kCounted * kTransactionBytesMax));
    status.pending = std::min(pending.size(), kCounted);
    IMECE_TRY(status.emergencies, emergencies_in_force(clock_.now(), [this](std::string_view name) {
                  return store_.state(name);
              }));
    return status;
}

Result<std::vector<Block>> ReadLedger::blocks(std::uint64_t before, std::size_t max) const {
    IMECE_TRY(const std::uint64_t height, store_.height());
    std::uint64_t next = before == 0 ? height + 1 : std::min(before, height + 1);
    std::vector<Block> blocks;
    while (next > 0 && blocks.size() < max) {
        IMECE_TRY(Block block, store_.block(--next));
        block.transactions.clear();
        blocks.push_back(std::move(block));
    }
    return blocks;
}

Result<TransactionProof> ReadLedger::prove_transaction(const TransactionId& id) const {
    IMECE_TRY(TransactionPlace place, store_.transaction(id));
    if (place.state != TransactionState::kFinal)
        return fail(ErrorCode::kFailedPrecondition, "NOT_FINAL",
                    place.state == TransactionState::kPending
                        ? "the transaction waits for its block"
                        : "the transaction was refused: " + place.reason);
    TransactionProof proof{std::move(place.bytes), place.index, {}, {}};
    IMECE_TRY(proof.block, store_.block(place.height));
    proof.path = transaction_path(proof.block.transactions, place.index);
    proof.block.transactions.clear();
    return proof;
}

Result<ReceiptProof> ReadLedger::prove_receipt(const ReceiptKey& key) const {
    IMECE_TRY(const ReceiptPlace place, store_.receipt(key));
    IMECE_TRY(const auto anchor, store_.anchor(place.anchor));
    ReceiptProof proof;
    proof.index = place.index;
    if (place.index >= anchor.first.size())
        return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", "an anchor has lost receipts");
    proof.path = crypto::merkle_inclusion(place.index, anchor.first);
    IMECE_TRY(proof.anchor, prove_transaction(anchor.second));
    return proof;
}

Result<EntryProof> ReadLedger::prove_entry(std::string_view name) const {
    for (;;) {
        EntryProof proof;
        IMECE_TRY(const std::uint64_t height, store_.height());
        IMECE_TRY(proof.block, store_.block(height));
        IMECE_TRY(proof.value, store_.state(name));
        IMECE_TRY(proof.proof, crypto::state_prove(state_key(name),
                                                   [this](const crypto::StatePosition& position) {
                                                       return store_.state_node(position);
                                                   }));
        proof.block.transactions.clear();
        // A block that became final in between would give parts of two states.
        const auto holds =
            crypto::verify_state(proof.block.header.state_root, state_key(name), proof.proof);
        IMECE_TRY(const std::uint64_t then, store_.height());
        if (holds && then == height) return proof;
        if (then == height) return std::unexpected(holds.error());
    }
}

Result<HistoryProof> ReadLedger::prove_history(std::uint64_t older, std::uint64_t newer) const {
    HistoryProof proof;
    IMECE_TRY(proof.older, store_.block(older));
    IMECE_TRY(proof.newer, store_.block(newer));
    IMECE_TRY(proof.path,
              crypto::merkle_inclusion(older, newer, [this](unsigned level, std::uint64_t index) {
                  return store_.history_node(level, index);
              }));
    proof.older.transactions.clear();
    proof.newer.transactions.clear();
    return proof;
}

}  // namespace imece::ledger
