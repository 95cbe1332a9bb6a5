// The ledger's values on the wire.
#pragma once

#include "imece/ledger/v1/ledger.pb.h"
#include "ledger/app/read_ledger.h"

namespace imece::ledger {

/// The wire counts from one: zero is unspecified.
inline v1::Level to_wire(Level level) {
    return v1::Level(int(level) + 1);
}

void fill(const Block& block, v1::Block& wire);
void fill(const AuthoritySet& set, v1::AuthoritySet& wire);
void fill(const Emergency& emergency, v1::Emergency& wire);
void fill(const TransactionProof& proof, v1::TransactionProof& wire);

template <std::size_t N>
std::string bytes_of(const std::array<std::uint8_t, N>& bytes) {
    return std::string(text_of(bytes));
}

}  // namespace imece::ledger
