// A ledger store in memory, for tests. What it holds outlives it, as a disk does a process.
#pragma once

#include <algorithm>
#include <map>
#include <memory>

#include "base/result.h"
#include "ledger/app/ports.h"

namespace imece::ledger {

struct MemoryChain {
    std::map<std::uint64_t, Block> blocks;
    std::map<std::uint64_t, AuthoritySet> sets;
    std::map<TransactionId, TransactionPlace> transactions;
    std::map<std::uint64_t, std::string> pending;
    std::uint64_t sequence = 0;
    std::optional<Candidate> candidate;
    std::map<std::pair<unsigned, std::uint64_t>, crypto::Digest> history;
    std::map<crypto::StatePosition, crypto::StateNode> nodes;
    std::map<std::string, std::string, std::less<>> state;
    std::map<ReceiptKey, ReceiptPlace> receipts;
    std::map<std::uint64_t, std::pair<std::vector<crypto::Digest>, TransactionId>> anchors;
    ReceiptMark mark;
    std::uint64_t identity_position = 0;
};

class MemoryLedgerStore : public LedgerStore {
public:
    explicit MemoryLedgerStore(std::shared_ptr<MemoryChain> chain) : chain_(std::move(chain)) {}

    Status begin(const Block& first, const AuthoritySet& set) override {
        if (!chain_->blocks.empty()) return {};
        chain_->blocks[0] = first;
        chain_->history[{0, 0}] = hash_of(first.header);
        chain_->sets.emplace(set.epoch(), set);
        return {};
    }
    Result<std::uint64_t> height() override {
        if (chain_->blocks.empty()) return fail(ErrorCode::kNotFound, "CHAIN_EMPTY", "empty");
        return chain_->blocks.rbegin()->first;
    }
    Result<Block> block(std::uint64_t height) override {
        const auto at = chain_->blocks.find(height);
        if (at == chain_->blocks.end())
            return fail(ErrorCode::kNotFound, "BLOCK_UNKNOWN", "no such block");
        return at->second;
    }
    Result<AuthoritySet> authority_set(std::uint64_t epoch) override {
        const auto at = chain_->sets.find(epoch);
        if (at == chain_->sets.end())
            return fail(ErrorCode::kNotFound, "EPOCH_UNKNOWN", "no such epoch");
        return at->second;
    }
    Result<bool> submit(const Submitted& submitted) override {
        if (chain_->transactions.contains(submitted.id)) return false;
        chain_->transactions[submitted.id] = {.bytes = submitted.bytes, .reason = {}};
        chain_->pending[++chain_->sequence] = submitted.bytes;
        if (submitted.identity_position) chain_->identity_position = *submitted.identity_position;
        if (!submitted.receipts) return true;
        const ReceiptBatch& batch = *submitted.receipts;
        auto& [leaves, id] = chain_->anchors[batch.number];
        id = submitted.id;
        for (std::uint32_t i = 0; i < batch.receipts.size(); ++i) {
            leaves.push_back(batch.receipts[i].leaf);
            chain_->receipts[batch.receipts[i].key] = {batch.number, i};
        }
        chain_->mark = {batch.number, batch.position};
        return true;
    }
    Result<std::vector<PendingTransaction>> pending(std::size_t bytes_max) override {
        std::vector<PendingTransaction> list;
        std::size_t bytes = 0;
        for (const auto& [sequence, text] : chain_->pending) {
            bytes += text.size();
            if (!list.empty() && bytes > bytes_max) break;
            list.push_back({sequence, text});
        }
        return list;
    }
    Result<TransactionPlace> transaction(const TransactionId& id) override {
        const auto at = chain_->transactions.find(id);
        if (at == chain_->transactions.end())
            return fail(ErrorCode::kNotFound, "TRANSACTION_UNKNOWN", "no such transaction");
        return at->second;
    }
    Status put_candidate(const Candidate& candidate) override {
        chain_->candidate = candidate;
        return {};
    }
    Result<std::optional<Candidate>> candidate() override { return chain_->candidate; }
    Status finalize(const Finalized& finalized) override {
        const Block& block = finalized.block;
        chain_->blocks[block.header.height] = block;
        for (std::uint32_t i = 0; i < block.transactions.size(); ++i) {
            IMECE_TRY(const Transaction one, decode_transaction(block.transactions[i]));
            chain_->transactions[one.id] = {
                TransactionState::kFinal, block.header.height, i, block.transactions[i], {}};
        }
        for (const auto& [id, reason] : finalized.refused)
            chain_->transactions[id] = {TransactionState::kRefused, 0, 0, {}, reason};
        for (const std::uint64_t sequence : finalized.sequences) chain_->pending.erase(sequence);
        for (const auto& node : finalized.history_nodes)
            chain_->history[{node.level, node.index}] = node.hash;
        for (const auto& [position, node] : finalized.state_nodes) chain_->nodes[position] = node;
        for (const StateChange& change : finalized.changes)
            chain_->state[change.name] = change.value;
        chain_->candidate.reset();
        return {};
    }
    Result<crypto::Digest> history_node(unsigned level, std::uint64_t index) override {
        const auto at = chain_->history.find({level, index});
        if (at == chain_->history.end())
            return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", "no such node");
        return at->second;
    }
    Result<std::optional<crypto::StateNode>> state_node(
        const crypto::StatePosition& position) override {
        const auto at = chain_->nodes.find(position);
        if (at == chain_->nodes.end()) return std::optional<crypto::StateNode>();
        return at->second;
    }
    Result<std::optional<std::string>> state(std::string_view name) override {
        const auto at = chain_->state.find(name);
        if (at == chain_->state.end()) return std::optional<std::string>();
        return at->second;
    }
    Result<std::uint64_t> identity_position() override { return chain_->identity_position; }
    Result<ReceiptMark> receipt_mark() override { return chain_->mark; }
    Result<ReceiptPlace> receipt(const ReceiptKey& key) override {
        const auto at = chain_->receipts.find(key);
        if (at == chain_->receipts.end())
            return fail(ErrorCode::kNotFound, "RECEIPT_UNKNOWN", "no such receipt");
        return at->second;
    }
    Result<std::pair<std::vector<crypto::Digest>, TransactionId>> anchor(
        std::uint64_t number) override {
        const auto at = chain_->anchors.find(number);
        if (at == chain_->anchors.end())
            return fail(ErrorCode::kNotFound, "RECEIPT_UNKNOWN", "no such anchor");
        return at->second;
    }

protected:
    const std::shared_ptr<MemoryChain> chain_;
};

}  // namespace imece::ledger
