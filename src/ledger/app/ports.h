// What the ledger needs from outside.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "crypto/merkle.h"
#include "crypto/state_tree.h"
#include "ledger/domain/block.h"
#include "ledger/domain/state.h"

namespace imece::ledger {

struct Block {
    BlockHeader header;
    Certificate certificate;
    std::vector<std::string> transactions;  ///< Their bytes, in their order.
};

/// A receipt by what it is for.
struct ReceiptKey {
    MessageId message;
    DeviceId recipient;
    friend auto operator<=>(const ReceiptKey&, const ReceiptKey&) = default;
};
struct AnchoredReceipt {
    ReceiptKey key;
    crypto::Digest leaf{};  ///< RFC 6962's leaf hash over the signed receipt's bytes.
};
/// The receipts of one anchor, in the order of its tree, and the last event of messaging that they came from.
struct ReceiptBatch {
    std::uint64_t number = 0;
    std::vector<AnchoredReceipt> receipts;
    std::uint64_t position = 0;
};
/// How far receipts are anchored: the last anchor, and messaging's last event in it.
struct ReceiptMark {
    std::uint64_t number = 0;
    std::uint64_t position = 0;
};
struct ReceiptPlace {
    std::uint64_t anchor = 0;
    std::uint32_t index = 0;
};

enum class TransactionState { kPending, kFinal, kRefused };
struct TransactionPlace {
    TransactionState state = TransactionState::kPending;
    std::uint64_t height = 0;  ///< When final.
    std::uint32_t index = 0;
    std::string bytes;
    std::string reason;  ///< Why it was refused.
};

struct Submitted {
    TransactionId id;
    std::string bytes;
    TimePoint at;
    /// Who asked for it, "user:" and the id: the outbox tells it in the same commit. Empty: the site itself.
    std::string actor;
    std::optional<ReceiptBatch> receipts;  ///< Of an anchor; in the same commit.
    /// Of a check-in: identity's event that it came from; in the same commit.
    std::optional<std::uint64_t> identity_position;
};

struct PendingTransaction {
    std::uint64_t sequence = 0;
    std::string bytes;
};

/// A block that waits for its votes. Durable before the first authority signs, so that after a crash the same
/// block is voted for, and no other of its height ever.
struct Candidate {
    BlockHeader header;
    std::vector<std::string> transactions;
    std::vector<std::uint64_t>
        sequences;  ///< Of the pending transactions that it takes, refused ones too.
    std::vector<std::pair<TransactionId, std::string>> refused;  ///< With the reason.
};

/// What a block adds, in one commit.
struct Finalized {
    Block block;
    std::vector<std::uint64_t> sequences;
    std::vector<std::pair<TransactionId, std::string>> refused;
    std::vector<crypto::MerkleNode> history_nodes;
    std::vector<std::pair<crypto::StatePosition, crypto::StateNode>> state_nodes;
    std::vector<StateChange> changes;
    std::vector<Emergency> in_force;  ///< After the block.
    bool emergencies_changed = false;
};

/// Where the chain rests. Adapters: RocksDB. All pass tests/ledger_store_contract.h. Any method from any thread;
/// one caller at a time for those that write. Errors of all: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED.
class LedgerStore {
public:
    virtual ~LedgerStore() = default;

    /// Makes the first block, unless the chain has begun.
    virtual Status begin(const Block& first, const AuthoritySet& set) = 0;
    /// Of the last final block. kNotFound CHAIN_EMPTY before begin().
    virtual Result<std::uint64_t> height() = 0;
    /// kNotFound BLOCK_UNKNOWN above height().
    virtual Result<Block> block(std::uint64_t height) = 0;
    virtual Result<AuthoritySet> authority_set(std::uint64_t epoch) = 0;

    /// Durable when it returns; false: this id was there already, and nothing was written.
    virtual Result<bool> submit(const Submitted& submitted) = 0;
    /// The oldest whose bytes together are at most `bytes_max`, one at least when there is any.
    virtual Result<std::vector<PendingTransaction>> pending(std::size_t bytes_max) = 0;
    /// kNotFound TRANSACTION_UNKNOWN.
    virtual Result<TransactionPlace> transaction(const TransactionId& id) = 0;

    virtual Status put_candidate(const Candidate& candidate) = 0;
    virtual Result<std::optional<Candidate>> candidate() = 0;
    /// The candidate is gone with it; the outbox says that the block is final.
    virtual Status finalize(const Finalized& finalized) = 0;

    virtual Result<crypto::Digest> history_node(unsigned level, std::uint64_t index) = 0;
    virtual Result<std::optional<crypto::StateNode>> state_node(
        const crypto::StatePosition& position) = 0;
    virtual Result<std::optional<std::string>> state(std::string_view name) = 0;

    /// As the last submit() of an anchor said; zeros before.
    virtual Result<ReceiptMark> receipt_mark() = 0;
    /// As the last submit() of a check-in said; 0 before.
    virtual Result<std::uint64_t> identity_position() = 0;
    /// kNotFound RECEIPT_UNKNOWN.
    virtual Result<ReceiptPlace> receipt(const ReceiptKey& key) = 0;
    /// The leaves of an anchor in their order, and its transaction. kNotFound RECEIPT_UNKNOWN.
    virtual Result<std::pair<std::vector<crypto::Digest>, TransactionId>> anchor(
        std::uint64_t number) = 0;
};

}  // namespace imece::ledger
