// Authorities and transactions for the ledger's tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "ledger/app/produce_block.h"
#include "ledger/domain/block.h"

namespace imece::ledger {

inline const TimePoint kStart = from_unix_ms(1'700'000'000'000);

inline crypto::SigningKey key_number(std::uint8_t number) {
    crypto::Seed seed{};
    seed[0] = number;
    return crypto::SigningKey(seed);
}

inline Authorities local_authorities(std::uint8_t count) {
    std::vector<crypto::SigningKey> keys;
    std::vector<Authority> list;
    for (std::uint8_t i = 1; i <= count; ++i) {
        keys.push_back(key_number(i));
        list.push_back({keys.back().public_key(), 10});
    }
    return {keys, *AuthoritySet::make(0, list)};
}

template <class AnyId>
AnyId id_number(std::uint8_t number) {
    AnyId id;
    id.bytes[15] = number;
    return id;
}

/// Signed by the first authority and approved by `approvals` of them.
inline Transaction signed_by(const Authorities& authorities, const crypto::Digest& chain,
                             TransactionBody body, std::size_t approvals, std::uint8_t id = 1) {
    Transaction transaction{.chain = chain,
                            .id = id_number<TransactionId>(id),
                            .at = kStart,
                            .author = authority_id_of(authorities.keys[0].public_key()),
                            .body = std::move(body),
                            .signature = {},
                            .approvals = {}};
    const std::string bytes = signed_part(transaction);
    transaction.signature = authorities.keys[0].sign(kTransactionDomain, view_of(bytes));
    for (std::size_t i = 0; i < approvals; ++i)
        transaction.approvals.push_back(
            {authority_id_of(authorities.keys[i].public_key()),
             authorities.keys[i].sign(kApprovalDomain, view_of(bytes))});
    std::ranges::sort(transaction.approvals, {}, &Approval::authority);
    return transaction;
}

inline EmergencyDeclared emergency(std::uint8_t id = 1, Level level = Level::kEmergency) {
    return {id_number<EmergencyId>(id), level, kStart + std::chrono::hours(1), "*", "earthquake"};
}

}  // namespace imece::ledger
