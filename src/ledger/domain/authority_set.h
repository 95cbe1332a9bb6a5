// Who may produce and vote blocks, and with what weight.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "crypto/crypto.h"

namespace imece::ledger {

/// The first 16 bytes of SHA-256 of the authority's public key, as a device's.
using AuthorityId = Id<struct AuthorityTag>;
AuthorityId authority_id_of(const crypto::PublicKey& key);

struct Authority {
    crypto::PublicKey key{};
    std::uint32_t weight = 0;
    AuthorityId id() const { return authority_id_of(key); }
};

/// The authorities of an epoch, in the order of their ids.
///
/// A quorum is strictly more than two thirds of the total weight, always: no emergency lowers it.
class AuthoritySet {
public:
    static constexpr std::size_t kAuthoritiesMax = 100;
    /// A set of fewer than four cannot bear a faulty one: it is let run, and says so.
    static constexpr std::size_t kFaultTolerantFrom = 4;

    /// Errors: kInvalidArgument AUTHORITY_SET_INVALID for none or too many of them, for a key that comes
    /// twice, a weight of zero or above a million; and, from four on, for one that holds a third or more.
    static Result<AuthoritySet> make(std::uint64_t epoch, std::vector<Authority> authorities);

    std::uint64_t epoch() const { return epoch_; }
    const std::vector<Authority>& authorities() const { return authorities_; }
    const Authority* find(const AuthorityId& id) const;
    std::uint64_t total_weight() const { return total_; }
    bool is_quorum(std::uint64_t weight) const { return 3 * weight > 2 * total_; }
    bool is_fault_tolerant() const { return authorities_.size() >= kFaultTolerantFrom; }
    /// Each authority without which the rest are no quorum: the chain stops when it is lost.
    std::vector<AuthorityId> stops_without() const;
    /// They take turns.
    const Authority& proposer(std::uint64_t height, std::uint32_t round) const;

    std::string encode() const;
    /// Errors: as make(), and for malformed bytes.
    static Result<AuthoritySet> decode(std::string_view bytes);
    /// What a block's header names the set by: SHA-256 of encode().
    const crypto::Digest& hash() const { return hash_; }

private:
    AuthoritySet() = default;
    std::uint64_t epoch_ = 0;
    std::vector<Authority> authorities_;
    std::uint64_t total_ = 0;
    crypto::Digest hash_{};
};

}  // namespace imece::ledger
