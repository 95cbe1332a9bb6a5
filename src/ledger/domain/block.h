// Blocks, and the certificates that make them final. docs/ledger.md has the layout.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/crypto.h"
#include "ledger/domain/authority_set.h"
#include "ledger/domain/transaction.h"

namespace imece::ledger {

/// Commits to everything: who holds one final header can check any older block, any transaction and any entry of
/// the state offline.
struct BlockHeader {
    crypto::Digest chain{};  ///< Hash of the first block; zero in the first.
    std::uint64_t height = 0;
    std::uint32_t round =
        0;  ///< Of the height; grows when a proposer did not get its block through.
    crypto::Digest parent{};
    crypto::Digest history_root{};  ///< RFC 6962, over the hashes of all blocks before.
    TimePoint time;                 ///< Later than the parent's.
    AuthorityId proposer;
    std::uint64_t epoch = 0;
    crypto::Digest authority_set{};
    Level level = Level::kNormal;  ///< The highest in force at `time`, after this block.
    bool exercise = false;
    std::uint32_t transactions = 0;
    crypto::Digest transactions_root{};  ///< RFC 6962, over the transactions' bytes.
    crypto::Digest state_root{};         ///< crypto/state_tree.h, after this block.
    friend bool operator==(const BlockHeader&, const BlockHeader&) = default;
};

std::string encode(const BlockHeader& header);
/// Errors: kInvalidArgument BLOCK_MALFORMED.
Result<BlockHeader> decode_header(std::string_view bytes);
/// The leaf hash of RFC 6962 over encode(): a block's hash is its leaf in the history.
crypto::Digest hash_of(const BlockHeader& header);

/// RFC 6962's root over the bytes; SHA-256 of nothing for none.
crypto::Digest transactions_root(const std::vector<std::string>& transactions);
/// The audit path of one of them. `index` is below their number.
std::vector<crypto::Digest> transaction_path(const std::vector<std::string>& transactions,
                                             std::uint32_t index);

inline constexpr std::string_view kVoteDomain = "imece.vote.v1";
/// What an authority signs to vote for a block. It votes once a height, so that no two blocks of one height
/// can both be certified while less than a third of the weight is faulty.
std::string vote_bytes(const BlockHeader& header);

struct Vote {
    AuthorityId authority;
    crypto::Signature signature{};
};
/// The votes that make a block final, in the order of the authorities' ids.
struct Certificate {
    std::vector<Vote> votes;
};
std::string encode(const Certificate& certificate);
/// Errors: kInvalidArgument CERTIFICATE_MALFORMED.
Result<Certificate> decode_certificate(std::string_view bytes);

/// Whether the block is final. Errors: kInvalidArgument CERTIFICATE_MALFORMED for votes out of order or of nobody
/// known; kPermissionDenied SIGNATURE_INVALID; kFailedPrecondition QUORUM_MISSING. Cost: a signature check a vote.
Status check(const Certificate& certificate, const BlockHeader& header, const AuthoritySet& set);

/// Whether `header` may follow `parent`: chain, height, parent, time, epoch. Errors: kInvalidArgument BLOCK_MALFORMED.
Status check_follows(const BlockHeader& header, const BlockHeader& parent, const AuthoritySet& set);

}  // namespace imece::ledger
