#include "ledger/app/produce_block.h"

#include <algorithm>

#include "base/result.h"
#include "ledger/app/execution.h"

namespace imece::ledger {
namespace {

bool waits_for_nobody(const PendingTransaction& pending) {
    const auto transaction = decode_transaction(pending.bytes);
    return transaction && needs_quorum(transaction->body);
}

Certificate votes_of(const Authorities& authorities, const BlockHeader& header) {
    const std::string bytes = vote_bytes(header);
    Certificate certificate;
    for (const crypto::SigningKey& key : authorities.keys)
        certificate.votes.push_back(
            {authority_id_of(key.public_key()), key.sign(kVoteDomain, view_of(bytes))});
    std::ranges::sort(certificate.votes, {}, &Vote::authority);
    return certificate;
}

}  // namespace

Result<std::optional<TimePoint>> ProduceBlock::run() {
    IMECE_TRY(const std::uint64_t height, deps_.store.height());
    IMECE_TRY(const Block tip, deps_.store.block(height));
    IMECE_TRY(std::optional<Candidate> candidate, deps_.store.candidate());
    if (!candidate) {
        const std::size_t bytes_max = limits_.bytes[std::size_t(tip.header.level)];
        IMECE_TRY(const auto pending, deps_.store.pending(bytes_max));
        IMECE_TRY(const auto next, due(tip.header, pending));
        if (!next || *next > deps_.clock.now()) return next;
        IMECE_TRY(candidate, build(tip.header, pending));
        IMECE_CHECK(deps_.store.put_candidate(*candidate));
    }
    IMECE_CHECK(certify(*candidate, tip.header));
    deps_.finalized(candidate->header);
    return deps_.clock.now();
}

Result<std::optional<TimePoint>> ProduceBlock::due(
    const BlockHeader& tip, const std::vector<PendingTransaction>& pending) const {
    const TimePoint now = deps_.clock.now();
    const ReadState read = [this](std::string_view name) { return deps_.store.state(name); };
    IMECE_TRY(const auto in_force, emergencies_in_force(now, read));
    if (highest(in_force) != tip.level) return now;
    std::optional<TimePoint> next;
    for (const Emergency& one : in_force)
        next = std::min(next.value_or(one.expires_at), one.expires_at);
    if (pending.empty()) return next;
    std::size_t bytes = 0;
    for (const PendingTransaction& one : pending) bytes += one.bytes.size();
    const std::size_t level = std::size_t(tip.level);
    if (bytes + kTransactionBytesMax > limits_.bytes[level]) return now;
    if (std::ranges::any_of(pending, waits_for_nobody)) return now;
    const TimePoint at = tip.time + limits_.interval[level];
    return std::min(next.value_or(at), at);
}

Result<Candidate> ProduceBlock::build(const BlockHeader& tip,
                                      const std::vector<PendingTransaction>& pending) const {
    const AuthoritySet& set = deps_.authorities.set;
    Candidate candidate;
    BlockHeader& header = candidate.header;
    header.chain = tip.height == 0 ? hash_of(tip) : tip.chain;
    header.height = tip.height + 1;
    header.parent = hash_of(tip);
    header.time = std::max(deps_.clock.now(), tip.time + std::chrono::milliseconds(1));
    header.epoch = set.epoch();
    header.authority_set = set.hash();
    header.proposer = set.proposer(header.height, header.round).id();
    header.exercise = tip.exercise;
    IMECE_TRY(header.history_root,
              crypto::merkle_root(header.height, [this](unsigned level, std::uint64_t index) {
                  return deps_.store.history_node(level, index);
              }));
    Execution execution(deps_.store, header.time);
    for (const PendingTransaction& one : pending) {
        candidate.sequences.push_back(one.sequence);
        const auto transaction = decode_transaction(one.bytes);
        if (!transaction) return std::unexpected(transaction.error());
        Status ran = check(*transaction, header.chain, set);
        if (ran) ran = execution.run(*transaction);
        if (ran) {
            candidate.transactions.push_back(one.bytes);
            continue;
        }
        // Only what the store cannot do stops the block: a transaction that does not fit is refused.
        if (ran.error().code == ErrorCode::kUnavailable || ran.error().code == ErrorCode::kDataLoss)
            return std::unexpected(ran.error());
        candidate.refused.emplace_back(transaction->id, ran.error().reason);
    }
    header.transactions = std::uint32_t(candidate.transactions.size());
    header.transactions_root = transactions_root(candidate.transactions);
    IMECE_TRY(const auto in_force, execution.in_force());
    header.level = highest(in_force);
    IMECE_TRY(header.state_root, execution.state_root());
    return candidate;
}

Status ProduceBlock::certify(const Candidate& candidate, const BlockHeader& tip) const {
    const BlockHeader& header = candidate.header;
    const AuthoritySet& set = deps_.authorities.set;
    IMECE_CHECK(check_follows(header, tip, set));
    // An authority signs what it executed itself, also when the candidate is from before a restart.
    Execution execution(deps_.store, header.time);
    bool decided = false;
    for (const std::string& bytes : candidate.transactions) {
        IMECE_TRY(const Transaction transaction, decode_transaction(bytes));
        IMECE_CHECK(execution.run(transaction));
        decided = decided || needs_quorum(transaction.body);
    }
    IMECE_TRY(const crypto::Digest state_root, execution.state_root());
    IMECE_TRY(const auto in_force, execution.in_force());
    if (state_root != header.state_root || highest(in_force) != header.level ||
        transactions_root(candidate.transactions) != header.transactions_root)
        return fail(ErrorCode::kDataLoss, "DATA_MALFORMED",
                    "the block that waits is not what its transactions make");
    Finalized finalized{
        .block = {header, votes_of(deps_.authorities, header), candidate.transactions},
        .sequences = candidate.sequences,
        .refused = candidate.refused,
        .history_nodes = {},
        .state_nodes = execution.nodes(),
        .changes = execution.changes(),
        .in_force = in_force,
        .emergencies_changed = decided || header.level != tip.level};
    IMECE_CHECK(check(finalized.block.certificate, header, set));
    IMECE_TRY(finalized.history_nodes,
              crypto::merkle_append(header.height, hash_of(header),
                                    [this](unsigned at_level, std::uint64_t index) {
                                        return deps_.store.history_node(at_level, index);
                                    }));
    return deps_.store.finalize(finalized);
}

Result<Block> first_block(const Authorities& authorities, TimePoint now, bool exercise) {
    BlockHeader header;
    header.time = now;
    header.epoch = authorities.set.epoch();
    header.authority_set = authorities.set.hash();
    header.proposer = authorities.set.proposer(0, 0).id();
    header.exercise = exercise;
    header.history_root = crypto::sha256({});
    header.transactions_root = transactions_root({});
    Block block{header, votes_of(authorities, header), {}};
    IMECE_CHECK(check(block.certificate, header, authorities.set));
    return block;
}

}  // namespace imece::ledger
