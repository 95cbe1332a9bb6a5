// The ledger's store with the judge looking on.
#pragma once

#include "ledger/app/ports.h"
#include "sim/cluster/stage.h"

namespace imece::sim {

/// Passes every call on. Tells the judge of each block that authorities signed, also where a crash takes it from the store:
/// a vote that left the house cannot be taken back.
class WitnessedLedger final : public ledger::LedgerStore {
public:
    WitnessedLedger(ledger::LedgerStore& inner, Stage& stage, std::string site)
        : inner_(inner), stage_(stage), site_(std::move(site)) {}

    Status put_candidate(const ledger::Candidate& candidate) override {
        if (stage_.plant != Plant::kForgetsCandidate) return inner_.put_candidate(candidate);
        in_memory_ = candidate;
        return {};
    }
    Result<std::optional<ledger::Candidate>> candidate() override {
        if (in_memory_) return in_memory_;
        return inner_.candidate();
    }
    Status finalize(const ledger::Finalized& finalized) override {
        stage_.judge.signed_block(site_, finalized.block.header);
        in_memory_.reset();
        return inner_.finalize(finalized);
    }

    Status begin(const ledger::Block& first, const ledger::AuthoritySet& set) override {
        return inner_.begin(first, set);
    }
    Result<std::uint64_t> height() override { return inner_.height(); }
    Result<ledger::Block> block(std::uint64_t height) override { return inner_.block(height); }
    Result<ledger::AuthoritySet> authority_set(std::uint64_t epoch) override {
        return inner_.authority_set(epoch);
    }
    Result<bool> submit(const ledger::Submitted& submitted) override {
        return inner_.submit(submitted);
    }
    Result<std::vector<ledger::PendingTransaction>> pending(std::size_t bytes_max) override {
        return inner_.pending(bytes_max);
    }
    Result<ledger::TransactionPlace> transaction(const ledger::TransactionId& id) override {
        return inner_.transaction(id);
    }
    Result<crypto::Digest> history_node(unsigned level, std::uint64_t index) override {
        return inner_.history_node(level, index);
    }
    Result<std::optional<crypto::StateNode>> state_node(
        const crypto::StatePosition& position) override {
        return inner_.state_node(position);
    }
    Result<std::optional<std::string>> state(std::string_view name) override {
        return inner_.state(name);
    }
    Result<ledger::ReceiptMark> receipt_mark() override { return inner_.receipt_mark(); }
    Result<std::uint64_t> identity_position() override { return inner_.identity_position(); }
    Result<ledger::ReceiptPlace> receipt(const ledger::ReceiptKey& key) override {
        return inner_.receipt(key);
    }
    Result<std::pair<std::vector<crypto::Digest>, ledger::TransactionId>> anchor(
        std::uint64_t number) override {
        return inner_.anchor(number);
    }

private:
    ledger::LedgerStore& inner_;
    Stage& stage_;
    const std::string site_;
    std::optional<ledger::Candidate> in_memory_;  ///< Of the planted fault only.
};

}  // namespace imece::sim
