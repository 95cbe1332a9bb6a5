// Checking what a site's ledger says, without trusting the site: docs/ledger.md.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "imece/ledger/v1/ledger.pb.h"
#include "imece/type/v1/types.pb.h"
#include "ledger/domain/block.h"
#include "ledger/domain/state.h"

namespace imece::sdk {

/// What a phone keeps of the chain that it trusts.
struct TrustedChain {
    crypto::Digest chain{};  ///< Hash of the first block.
    ledger::AuthoritySet authorities;
};

/// All: any bytes from outside may come in. Errors: kInvalidArgument BLOCK_MALFORMED, CERTIFICATE_MALFORMED,
/// TRANSACTION_MALFORMED, LOG_PROOF_INVALID, STATE_PROOF_INVALID; kPermissionDenied SIGNATURE_INVALID;
/// kFailedPrecondition QUORUM_MISSING. Cost: a signature check for each vote.

/// The header of a block that is final on this chain.
Result<ledger::BlockHeader> verify_block(const TrustedChain& trusted,
                                         const imece::ledger::v1::Block& block);

/// The transaction, which is in a final block.
Result<ledger::Transaction> verify_transaction(const TrustedChain& trusted,
                                               const imece::ledger::v1::TransactionProof& proof);

/// That this receipt is on the chain.
Status verify_receipt(const TrustedChain& trusted, const imece::type::v1::SignedReceipt& receipt,
                      const imece::ledger::v1::ReceiptProof& proof);

/// What the state holds under `name` after the proof's block; nothing: it holds nothing there.
Result<std::optional<std::string>> verify_entry(const TrustedChain& trusted, std::string_view name,
                                                const imece::ledger::v1::EntryProof& proof);

/// That the older block of the proof is in the history of the newer one, which is final.
Result<ledger::BlockHeader> verify_history(const TrustedChain& trusted,
                                           const imece::ledger::v1::BlockProof& proof);

}  // namespace imece::sdk
