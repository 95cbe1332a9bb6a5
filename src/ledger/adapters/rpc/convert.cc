#include "ledger/adapters/rpc/convert.h"

#include "runtime/rpc/time.h"

namespace imece::ledger {

void fill(const Block& block, v1::Block& wire) {
    const BlockHeader& header = block.header;
    v1::BlockHeader& read = *wire.mutable_header();
    read.set_height(header.height);
    read.set_hash(bytes_of(hash_of(header)));
    read.set_parent(bytes_of(header.parent));
    *read.mutable_time() = runtime::to_proto(header.time);
    read.set_proposer(to_hex(header.proposer.bytes));
    read.set_epoch(header.epoch);
    read.set_level(to_wire(header.level));
    read.set_exercise(header.exercise);
    read.set_transactions(header.transactions);
    read.set_transactions_root(bytes_of(header.transactions_root));
    read.set_state_root(bytes_of(header.state_root));
    read.set_history_root(bytes_of(header.history_root));
    wire.set_encoded_header(encode(header));
    wire.set_encoded_certificate(encode(block.certificate));
    wire.set_votes(std::uint32_t(block.certificate.votes.size()));
    for (const std::string& transaction : block.transactions) wire.add_transactions(transaction);
}

void fill(const AuthoritySet& set, v1::AuthoritySet& wire) {
    wire.set_epoch(set.epoch());
    for (const Authority& one : set.authorities()) {
        v1::Authority& authority = *wire.add_authorities();
        authority.set_authority_id(to_hex(one.id().bytes));
        authority.set_public_key(bytes_of(one.key));
        authority.set_weight(one.weight);
    }
    wire.set_total_weight(set.total_weight());
    wire.set_fault_tolerant(set.is_fault_tolerant());
    for (const AuthorityId& id : set.stops_without()) wire.add_stops_without(to_hex(id.bytes));
    wire.set_encoded(set.encode());
}

void fill(const Emergency& emergency, v1::Emergency& wire) {
    wire.set_emergency_id(to_text(emergency.id));
    wire.set_level(to_wire(emergency.level));
    wire.set_area(emergency.area);
    *wire.mutable_expires_at() = runtime::to_proto(emergency.expires_at);
    *wire.mutable_declared_at() = runtime::to_proto(emergency.declared_at);
}

void fill(const TransactionProof& proof, v1::TransactionProof& wire) {
    wire.set_transaction(proof.transaction);
    wire.set_index(proof.index);
    for (const crypto::Digest& hash : proof.path) wire.add_path(bytes_of(hash));
    fill(proof.block, *wire.mutable_block());
}

}  // namespace imece::ledger
