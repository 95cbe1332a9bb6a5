// What goes into blocks. The bytes of a transaction are what is signed, hashed and kept: docs/ledger.md has the layout.
//
// Nothing personal is ever in one: of a person there is a salted commitment only, whose opening lies in a store that can
// forget.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "crypto/crypto.h"
#include "ledger/domain/authority_set.h"

namespace imece::ledger {

/// UUIDv7: the same transaction twice is one.
using TransactionId = Id<struct TransactionTag>;
using EmergencyId = Id<struct EmergencyTag>;

enum class Level : std::uint8_t { kNormal = 0, kEmergency = 1, kCrisis = 2 };

/// The root over the hashes of receipts, so that a sender can prove later that the message arrived.
struct ReceiptAnchor {
    std::uint64_t number = 0;  ///< 1, 2, 3 …
    std::uint32_t receipts = 0;
    crypto::Digest root{};
};
/// Raises the level of an area until `expires_at`. Needs the approval of a quorum.
struct EmergencyDeclared {
    EmergencyId emergency;
    Level level = Level::kEmergency;
    TimePoint expires_at;
    std::string area;   ///< 1 to 64 characters; "*": the whole site.
    std::string cause;  ///< 1 to 500 bytes.
};
/// Ends it before its time. Needs the approval of a quorum.
struct EmergencyEnded {
    EmergencyId emergency;
    std::string cause;
};
/// That somebody said to be safe, missing or found: a commitment only.
struct CheckInRecorded {
    Id<struct CheckInTag> check_in;
    crypto::Digest commitment{};
};
using TransactionBody =
    std::variant<ReceiptAnchor, EmergencyDeclared, EmergencyEnded, CheckInRecorded>;

struct Approval {
    AuthorityId authority;
    crypto::Signature signature{};
};

struct Transaction {
    crypto::Digest chain{};  ///< Hash of the chain's first block: valid on no other.
    TransactionId id;
    TimePoint at;
    AuthorityId author;
    TransactionBody body;
    crypto::Signature signature{};    ///< Of the author, in kTransactionDomain, over signed_part().
    std::vector<Approval> approvals;  ///< In kApprovalDomain, over the same; in the order of ids.
};

inline constexpr std::string_view kTransactionDomain = "imece.transaction.v1";
inline constexpr std::string_view kApprovalDomain = "imece.approval.v1";
inline constexpr std::size_t kTransactionBytesMax = 16 * 1024;
inline constexpr Duration kEmergencyMax = std::chrono::hours(30 * 24);

/// All but signature and approvals.
std::string signed_part(const Transaction& transaction);
std::string encode(const Transaction& transaction);
/// Errors: kInvalidArgument TRANSACTION_MALFORMED for anything that encode() does not make.
Result<Transaction> decode_transaction(std::string_view bytes);

/// Whether the kind takes effect only with the approval of more than two thirds of the weight.
bool needs_quorum(const TransactionBody& body);

/// What can be said of it without the chain's state: fields, signature, approvals.
/// Errors: kInvalidArgument TRANSACTION_MALFORMED for a field out of its limits; kPermissionDenied AUTHORITY_UNKNOWN,
/// SIGNATURE_INVALID; kFailedPrecondition QUORUM_MISSING. Cost: one signature check, and one an approval.
Status check(const Transaction& transaction, const crypto::Digest& chain, const AuthoritySet& set);

}  // namespace imece::ledger
