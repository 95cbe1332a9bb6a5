// Reading the chain, with proofs that need no trust in who gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/app/ports.h"
#include "ledger/app/produce_block.h"

namespace imece::ledger {

/// Leads from something to a final block: everything in bytes as they were signed or hashed.
struct TransactionProof {
    std::string transaction;
    std::uint32_t index = 0;
    std::vector<crypto::Digest> path;
    Block block;  ///< Without its transactions.
};
struct ReceiptProof {
    std::uint32_t index = 0;
    std::vector<crypto::Digest> path;  ///< From the receipt's leaf to the anchor's root.
    TransactionProof anchor;
};
struct EntryProof {
    std::optional<std::string> value;  ///< None: the entry is not there, and the proof says so.
    crypto::StateProof proof;
    Block block;
};
/// That a block is in the history of a later one.
struct HistoryProof {
    Block older;
    std::vector<crypto::Digest> path;
    Block newer;
};

struct LedgerStatus {
    Block tip;
    std::uint64_t pending = 0;  ///< Transactions that wait, at most 1000 are counted.
    std::vector<Emergency> emergencies;
};

class ReadLedger {
public:
    ReadLedger(LedgerStore& store, const Clock& clock) : store_(store), clock_(clock) {}

    Result<LedgerStatus> status() const;
    /// Errors: kNotFound BLOCK_UNKNOWN.
    Result<Block> block(std::uint64_t height) const { return store_.block(height); }
    /// `before` 0: from the newest on; without transactions.
    Result<std::vector<Block>> blocks(std::uint64_t before, std::size_t max) const;
    Result<TransactionPlace> transaction(const TransactionId& id) const {
        return store_.transaction(id);
    }
    Result<AuthoritySet> authority_set(std::uint64_t epoch) const {
        return store_.authority_set(epoch);
    }

    /// Errors: kNotFound TRANSACTION_UNKNOWN; kFailedPrecondition NOT_FINAL while it waits.
    Result<TransactionProof> prove_transaction(const TransactionId& id) const;
    /// Errors: kNotFound RECEIPT_UNKNOWN; kFailedPrecondition NOT_FINAL.
    Result<ReceiptProof> prove_receipt(const ReceiptKey& key) const;
    /// Of the state after the last final block.
    Result<EntryProof> prove_entry(std::string_view name) const;
    /// Errors: kNotFound BLOCK_UNKNOWN; kInvalidArgument PROOF_OUT_OF_RANGE unless older < newer.
    Result<HistoryProof> prove_history(std::uint64_t older, std::uint64_t newer) const;

private:
    LedgerStore& store_;
    const Clock& clock_;
};

}  // namespace imece::ledger
