// What every LedgerStore promises, clause by clause. A clause says what is wrong, so that it can be held against good
// adapters and against deliberately broken ones.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ledger/app/ports.h"
#include "ledger/tests/samples.h"
#include "testkit/clause.h"

namespace imece::ledger {

/// Opens the same stored state each time it is called; what it gave before is closed by then.
using Opener = std::function<std::shared_ptr<LedgerStore>()>;
using Clause = std::string (*)(const Opener&);
struct NamedClause {
    const char* name;
    Clause clause;
};

inline std::shared_ptr<LedgerStore> begun(const Opener& open) {
    auto store = open();
    const Authorities one = local_authorities(1);
    return store->begin(*first_block(one, kStart, true), one.set) ? store : nullptr;
}

inline Submitted submitted(std::uint8_t id, std::size_t size = 0) {
    CheckInRecorded body;
    body.check_in.bytes[0] = id;
    std::string bytes = encode(signed_by(local_authorities(1), {}, body, 0, id));
    bytes.resize(std::max(bytes.size(), size), 'x');
    return {.id = id_number<TransactionId>(id),
            .bytes = std::move(bytes),
            .at = kStart,
            .actor = {},
            .receipts = {}};
}

inline Finalized block_of(LedgerStore& store, const std::vector<std::uint8_t>& ids) {
    Finalized finalized;
    BlockHeader& header = finalized.block.header;
    header.height = store.height().value_or(0) + 1;
    header.time = kStart + std::chrono::seconds(header.height);
    for (const std::uint8_t id : ids) finalized.block.transactions.push_back(submitted(id).bytes);
    header.transactions = std::uint32_t(ids.size());
    for (const auto& pending : store.pending(1 << 20).value_or(std::vector<PendingTransaction>()))
        finalized.sequences.push_back(pending.sequence);
    return finalized;
}

inline std::string begins_once(const Opener& open) {
    IMECE_HOLDS(open()->height().error().reason == "CHAIN_EMPTY");
    IMECE_HOLDS(begun(open));
    const Authorities other = local_authorities(4);
    IMECE_HOLDS(open()->begin(*first_block(other, kStart, true), other.set));
    const auto store = open();
    const Authorities one = local_authorities(1);
    IMECE_HOLDS(store->height() == 0u);
    IMECE_HOLDS(store->authority_set(0)->hash() == one.set.hash());
    IMECE_HOLDS(store->authority_set(1).error().reason == "EPOCH_UNKNOWN");
    IMECE_HOLDS(store->block(0)->header == first_block(one, kStart, true)->header);
    IMECE_HOLDS(store->block(1).error().reason == "BLOCK_UNKNOWN");
    IMECE_HOLDS(store->history_node(0, 0) == hash_of(store->block(0)->header));
    return {};
}

inline std::string a_transaction_is_taken_once_and_waits_in_its_order(const Opener& open) {
    IMECE_HOLDS(begun(open));
    for (const std::uint8_t id : {9, 3, 7}) IMECE_HOLDS(open()->submit(submitted(id)) == true);
    IMECE_HOLDS(open()->submit(submitted(3)) == false);
    const auto store = open();
    const auto pending = store->pending(1 << 20);
    IMECE_HOLDS(pending && pending->size() == 3);
    IMECE_HOLDS((*pending)[0].bytes == submitted(9).bytes);
    IMECE_HOLDS((*pending)[1].bytes == submitted(3).bytes);
    IMECE_HOLDS((*pending)[2].bytes == submitted(7).bytes);
    IMECE_HOLDS((*pending)[0].sequence < (*pending)[1].sequence);
    const auto place = store->transaction(id_number<TransactionId>(7));
    IMECE_HOLDS(place && place->state == TransactionState::kPending);
    IMECE_HOLDS(place->bytes == submitted(7).bytes);
    IMECE_HOLDS(store->transaction(id_number<TransactionId>(1)).error().reason ==
                "TRANSACTION_UNKNOWN");
    return {};
}

inline std::string pending_is_cut_at_its_bytes_but_never_empty(const Opener& open) {
    const auto store = begun(open);
    IMECE_HOLDS(store);
    for (const std::uint8_t id : {1, 2, 3}) IMECE_HOLDS(store->submit(submitted(id, 1000)));
    IMECE_HOLDS(store->pending(10)->size() == 1);
    IMECE_HOLDS(store->pending(2000)->size() == 2);
    IMECE_HOLDS(store->pending(2999)->size() == 2);
    IMECE_HOLDS(store->pending(3000)->size() == 3);
    return {};
}

inline std::string a_candidate_stays_until_its_block(const Opener& open) {
    IMECE_HOLDS(begun(open));
    IMECE_HOLDS(!open()->candidate().value());
    IMECE_HOLDS(open()->submit(submitted(1)));
    Candidate candidate;
    candidate.header.height = 1;
    candidate.transactions = {submitted(1).bytes};
    candidate.sequences = {1, 2};
    candidate.refused = {{id_number<TransactionId>(5), "EMERGENCY_OVER"}};
    IMECE_HOLDS(open()->put_candidate(candidate));
    const auto there = open()->candidate();
    IMECE_HOLDS(there && *there);
    IMECE_HOLDS((*there)->header == candidate.header);
    IMECE_HOLDS((*there)->transactions == candidate.transactions);
    IMECE_HOLDS((*there)->sequences == candidate.sequences);
    IMECE_HOLDS((*there)->refused == candidate.refused);
    auto store = open();
    IMECE_HOLDS(store->finalize(block_of(*store, {1})));
    store.reset();
    IMECE_HOLDS(!open()->candidate().value());
    return {};
}

inline std::string a_final_block_is_there_as_a_whole(const Opener& open) {
    IMECE_HOLDS(begun(open));
    for (const std::uint8_t id : {1, 2, 3}) IMECE_HOLDS(open()->submit(submitted(id)));
    {
        const auto store = open();
        Finalized finalized = block_of(*store, {1, 2});
        finalized.block.certificate.votes = {{id_number<AuthorityId>(1), {}}};
        finalized.refused = {{id_number<TransactionId>(3), "EMERGENCY_OVER"}};
        finalized.history_nodes = {{0, 1, crypto::sha256(view_of("leaf"))},
                                   {1, 0, crypto::sha256(view_of("inner"))}};
        const crypto::StateEntry entry{state_key("a"), crypto::sha256(view_of("1"))};
        finalized.state_nodes = {{{3, {}}, {crypto::sha256(view_of("node")), entry}},
                                 {{2, {}}, {crypto::sha256(view_of("up")), std::nullopt}}};
        finalized.changes = {{"a", "1"}, {"b", std::string("\0x", 2)}};
        IMECE_HOLDS(store->finalize(finalized));
    }
    const auto store = open();
    IMECE_HOLDS(store->height() == 1u);
    const auto block = store->block(1);
    IMECE_HOLDS(block && block->transactions.size() == 2);
    IMECE_HOLDS(block->certificate.votes.size() == 1);
    IMECE_HOLDS(store->pending(1 << 20)->empty());
    const auto second = store->transaction(id_number<TransactionId>(2));
    IMECE_HOLDS(second && second->state == TransactionState::kFinal);
    IMECE_HOLDS(second->height == 1 && second->index == 1);
    IMECE_HOLDS(second->bytes == submitted(2).bytes);
    const auto third = store->transaction(id_number<TransactionId>(3));
    IMECE_HOLDS(third && third->state == TransactionState::kRefused);
    IMECE_HOLDS(third->reason == "EMERGENCY_OVER");
    IMECE_HOLDS(store->history_node(1, 0) == crypto::sha256(view_of("inner")));
    IMECE_HOLDS(!store->history_node(2, 0));
    const auto leaf = store->state_node({3, {}});
    IMECE_HOLDS(leaf && *leaf && (*leaf)->leaf && (*leaf)->leaf->key == state_key("a"));
    const auto inner = store->state_node({2, {}});
    IMECE_HOLDS(inner && *inner && !(*inner)->leaf);
    IMECE_HOLDS(!store->state_node({1, {}}).value());
    IMECE_HOLDS(store->state("b").value() == std::string("\0x", 2));
    IMECE_HOLDS(!store->state("c").value());
    return {};
}

inline std::string heights_and_sequences_go_on_after_a_restart(const Opener& open) {
    IMECE_HOLDS(begun(open));
    IMECE_HOLDS(open()->submit(submitted(1)));
    for (std::uint8_t id = 2; id <= 5; ++id) {
        // Each submits behind one that waits, and makes a block of both.
        IMECE_HOLDS(open()->submit(submitted(id)));
        auto store = open();
        const auto pending = store->pending(1 << 20);
        IMECE_HOLDS(pending && !pending->empty());
        IMECE_HOLDS(pending->back().bytes == submitted(id).bytes);
        IMECE_HOLDS(store->finalize(block_of(*store, {id})));
        IMECE_HOLDS(store->pending(1 << 20)->empty());
        store.reset();
        IMECE_HOLDS(open()->height() == std::uint64_t(id - 1));
    }
    return {};
}

inline std::string receipts_lie_with_their_anchor(const Opener& open) {
    IMECE_HOLDS(begun(open));
    IMECE_HOLDS(open()->receipt_mark()->number == 0);
    ReceiptBatch batch{1, {}, 40};
    for (std::uint8_t i = 0; i < 3; ++i)
        batch.receipts.push_back({{id_number<MessageId>(i), id_number<DeviceId>(7)},
                                  crypto::sha256(view_of(std::string(1, char('a' + i))))});
    Submitted anchor = submitted(1);
    anchor.receipts = batch;
    IMECE_HOLDS(open()->submit(anchor));
    anchor.receipts->position = 50;
    IMECE_HOLDS(open()->submit(anchor) == false);
    const auto store = open();
    IMECE_HOLDS(store->receipt_mark()->number == 1 && store->receipt_mark()->position == 40);
    const auto place = store->receipt({id_number<MessageId>(2), id_number<DeviceId>(7)});
    IMECE_HOLDS(place && place->anchor == 1 && place->index == 2);
    IMECE_HOLDS(store->receipt({id_number<MessageId>(2), id_number<DeviceId>(8)}).error().reason ==
                "RECEIPT_UNKNOWN");

    IMECE_HOLDS(store->identity_position() == 0);
    Submitted check_in = submitted(2);
    check_in.identity_position = 60;
    IMECE_HOLDS(store->submit(check_in) == true);
    check_in.identity_position = 70;
    IMECE_HOLDS(store->submit(check_in) == false);
    IMECE_HOLDS(store->submit(submitted(3)) == true);
    IMECE_HOLDS(store->receipt_mark()->position == 40);
    IMECE_HOLDS(store->identity_position() == 60);
    const auto leaves = store->anchor(1);
    IMECE_HOLDS(leaves && leaves->first.size() == 3 && leaves->second == anchor.id);
    IMECE_HOLDS(leaves->first[2] == crypto::sha256(view_of("c")));
    IMECE_HOLDS(store->anchor(2).error().reason == "RECEIPT_UNKNOWN");
    return {};
}

#define IMECE_CLAUSE(name) {#name, name}
inline std::vector<NamedClause> ledger_store_contract() {
    return {IMECE_CLAUSE(begins_once),
            IMECE_CLAUSE(a_transaction_is_taken_once_and_waits_in_its_order),
            IMECE_CLAUSE(pending_is_cut_at_its_bytes_but_never_empty),
            IMECE_CLAUSE(a_candidate_stays_until_its_block),
            IMECE_CLAUSE(a_final_block_is_there_as_a_whole),
            IMECE_CLAUSE(heights_and_sequences_go_on_after_a_restart),
            IMECE_CLAUSE(receipts_lie_with_their_anchor)};
}
#undef IMECE_CLAUSE

}  // namespace imece::ledger
