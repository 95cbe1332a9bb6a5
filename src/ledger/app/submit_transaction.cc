#include "ledger/app/submit_transaction.h"

#include <algorithm>

#include "base/result.h"

namespace imece::ledger {

Status SubmitTransaction::operator()(const TransactionId& id, TransactionBody body,
                                     const std::string& actor, std::optional<ReceiptBatch> receipts,
                                     std::optional<std::uint64_t> identity_position) const {
    const std::vector<crypto::SigningKey>& keys = deps_.authorities.keys;
    IMECE_TRY(const Block first, deps_.store.block(0));
    Transaction transaction{.chain = hash_of(first.header),
                            .id = id,
                            .at = deps_.clock.now(),
                            .author = authority_id_of(keys.front().public_key()),
                            .body = std::move(body),
                            .signature = {},
                            .approvals = {}};
    const std::string bytes = signed_part(transaction);
    transaction.signature = keys.front().sign(kTransactionDomain, view_of(bytes));
    if (needs_quorum(transaction.body))
        for (const crypto::SigningKey& key : keys)
            transaction.approvals.push_back(
                {authority_id_of(key.public_key()), key.sign(kApprovalDomain, view_of(bytes))});
    std::ranges::sort(transaction.approvals, {}, &Approval::authority);
    IMECE_CHECK(check(transaction, transaction.chain, deps_.authorities.set));
    if (!receipts) {
        // The caller learns now what would be refused later. An anchor follows those that still wait.
        const auto fits = apply(transaction, transaction.at,
                                [this](std::string_view name) { return deps_.store.state(name); });
        if (!fits) return std::unexpected(fits.error());
    }
    IMECE_TRY(const bool fresh, deps_.store.submit({.id = id,
                                                    .bytes = encode(transaction),
                                                    .at = transaction.at,
                                                    .actor = actor,
                                                    .receipts = std::move(receipts),
                                                    .identity_position = identity_position}));
    if (fresh) deps_.wake();
    return {};
}

}  // namespace imece::ledger
