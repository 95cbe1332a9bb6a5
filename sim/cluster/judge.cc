#include "sim/cluster/judge.h"

#include <algorithm>
#include <limits>

#include "crypto/merkle.h"
#include "ledger/adapters/bus/ledger_events.h"
#include "sim/cluster/services.h"

namespace imece::sim {
namespace {

using messaging::CopyState;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

std::string name_of(const messaging::CopyKey& copy) {
    return to_text(copy.message) + " for " + to_text(copy.target);
}

}  // namespace

void Judge::received(const messaging::CopyKey& copy, messaging::End end) {
    if (!received_.emplace(copy, end).second)
        fail(to_text(copy.target), "saw twice " + to_text(copy.message));
}

void Judge::signed_block(const std::string& site, const ledger::BlockHeader& header) {
    const crypto::Digest hash = hash_of(header);
    const auto [at, is_new] = blocks_.try_emplace({site, header.height}, hash);
    if (!is_new && at->second != hash)
        fail(site, "signed another block of height " + std::to_string(header.height));
}

void Judge::examine(const std::string& site, Services& services, bool settled) {
    const Count count = examine_messages(site, services);
    if (count.pending != services.dispatcher.pending())
        fail(site, "dispatches " + std::to_string(services.dispatcher.pending()) +
                       " copies, and keeps " + std::to_string(count.pending));
    if (settled && count.pending > 0)
        fail(site, std::to_string(count.pending) + " copies are pending though all was calm");
    examine_log(site, services, count);
    examine_chain(site, services);
    examine_anchors(site, services, settled);
}

void Judge::fail(const std::string& site, const std::string& what) {
    broken_.push_back(site + " " + what);
    trace_.note(site, "BROKEN: " + what);
}

std::uint64_t Judge::acknowledged() const {
    std::uint64_t sum = 0;
    for (const auto& [site, messages] : acknowledged_) sum += messages.size();
    return sum;
}

Judge::Count Judge::examine_messages(const std::string& site, Services& services) {
    Count count;
    const auto records = services.stores.messages->list(0, kAll);
    if (!records) {
        fail(site, "cannot list: " + records.error().message);
        return count;
    }
    std::set<MessageId> there;
    for (const messaging::Record& record : *records) {
        there.insert(record.envelope.id);
        for (const auto& copy : record.copies) {
            examine_copy(site, record, copy);
            ++(copy.state == CopyState::kPending ? count.pending : count.ended);
        }
    }
    count.messages = records->size();
    for (const MessageId& id : acknowledged_[site])
        if (!there.contains(id)) fail(site, "lost " + to_text(id) + ", which it acknowledged");
    return count;
}

void Judge::examine_copy(const std::string& site, const messaging::Record& record,
                         const messaging::Record::Copy& copy) {
    const messaging::CopyKey key{record.envelope.id, copy.device};
    if (copy.state == CopyState::kPending) {
        if (ended_[site].contains(key)) fail(site, "forgot the receipt of " + name_of(key));
        if (endings_.contains({site, key})) fail(site, "began anew with " + name_of(key));
        return;
    }
    const auto [at, is_new] = endings_.try_emplace({site, key}, copy.state);
    if (!is_new && at->second != copy.state) fail(site, "changed the ending of " + name_of(key));
    if (copy.state == CopyState::kExpired) {
        if (copy.ended_at < record.expires_at) fail(site, "gave up early on " + name_of(key));
        return;
    }
    const auto end = copy.state == CopyState::kDelivered ? messaging::End::kDelivered
                                                         : messaging::End::kRejected;
    const auto seen = received_.find(key);
    if (seen == received_.end() || seen->second != end)
        fail(site, "says what is not so of " + name_of(key));
}

void Judge::examine_log(const std::string& site, Services& services, const Count& count) {
    const auto events = services.stores.messages->read_after(0, kAll);
    if (!events) return fail(site, "cannot read its log: " + events.error().message);
    std::uint64_t accepted = 0;
    for (std::size_t i = 0; i < events->size(); ++i) {
        if ((*events)[i].position != i + 1) return fail(site, "has a gap in its log");
        accepted += (*events)[i].type == "message.accepted.v1";
    }
    if (accepted != count.messages || events->size() - accepted != count.ended)
        fail(site, "tells of " + std::to_string(accepted) + " messages and " +
                       std::to_string(events->size() - accepted) + " endings, and keeps " +
                       std::to_string(count.messages) + " and " + std::to_string(count.ended));
}

void Judge::examine_chain(const std::string& site, Services& services) {
    const auto height = services.chain.height();
    if (!height) return fail(site, "has no chain: " + height.error().message);
    std::uint64_t& examined = examined_[site];
    if (*height + 1 < examined) return fail(site, "lost blocks");
    for (std::uint64_t at = examined > 0 ? examined - 1 : 0; at <= *height; ++at) {
        const auto block = services.chain.block(at);
        if (!block) return fail(site, "cannot read block " + std::to_string(at));
        const auto [seen, is_new] = blocks_.try_emplace({site, at}, hash_of(block->header));
        if (seen->second != hash_of(block->header))
            fail(site, "has another block of height " + std::to_string(at));
        if (at > 0 && block->header.parent != blocks_[{site, at - 1}])
            fail(site, "has a block without its parent at height " + std::to_string(at));
        if (!check(block->certificate, block->header, services.ground.authorities.set))
            fail(site, "has no certificate of block " + std::to_string(at));
    }
    examined = *height + 1;
}

void Judge::examine_anchors(const std::string& site, Services& services, bool settled) {
    const auto mark = services.chain.receipt_mark();
    const auto events = services.stores.messages->read_after(0, kAll);
    if (!mark || !events) return fail(site, "cannot read its anchors");
    std::vector<runtime::Event> delivered;
    for (const runtime::Event& event : *events)
        if (event.type == ledger::kDelivered && (settled || event.position <= mark->position))
            delivered.push_back(event);
    std::size_t leaves = 0;
    for (std::uint64_t number = 1; number <= mark->number; ++number) {
        const auto anchor = services.chain.anchor(number);
        if (!anchor) return fail(site, "lost anchor " + std::to_string(number));
        leaves += anchor->first.size();
    }
    if (leaves != delivered.size())
        fail(site, "anchored " + std::to_string(leaves) + " receipts of " +
                       std::to_string(delivered.size()));
    if (!settled) return;
    for (const ledger::AnchoredReceipt& receipt : ledger::receipts_of(delivered))
        examine_proof(site, services, receipt);
}

void Judge::examine_proof(const std::string& site, Services& services,
                          const ledger::AnchoredReceipt& receipt) {
    const auto proof = services.read_chain.prove_receipt(receipt.key);
    if (!proof) return fail(site, "cannot prove a receipt: " + proof.error().message);
    const ledger::TransactionProof& way = proof->anchor;
    const auto transaction = ledger::decode_transaction(way.transaction);
    const auto* anchor =
        transaction ? std::get_if<ledger::ReceiptAnchor>(&transaction->body) : nullptr;
    const ledger::BlockHeader& header = way.block.header;
    if (anchor == nullptr ||
        !crypto::verify_merkle_inclusion(proof->index, anchor->receipts, receipt.leaf, proof->path,
                                         anchor->root) ||
        !crypto::verify_merkle_inclusion(way.index, header.transactions,
                                         crypto::merkle_leaf_hash(view_of(way.transaction)),
                                         way.path, header.transactions_root) ||
        blocks_[{site, header.height}] != hash_of(header))
        fail(site, "proves a receipt wrongly");
}

}  // namespace imece::sim
