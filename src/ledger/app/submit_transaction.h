// Putting transactions on the chain.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ledger/app/ports.h"
#include "ledger/app/produce_block.h"

namespace imece::ledger {

/// Signs what the site states, by its first authority; what needs a quorum is approved by all authorities of the site.
class SubmitTransaction {
public:
    struct Deps {
        LedgerStore& store;
        const Clock& clock;
        const Authorities& authorities;
        std::function<void()> wake;  ///< A block may be due.
    };
    explicit SubmitTransaction(Deps deps) : deps_(std::move(deps)) {}

    /// Durable when it returns; final a block later. `id` makes it idempotent. `actor` as in Submitted.
    /// Errors: what check() and apply() give for the state as it is now; the store's.
    Status operator()(const TransactionId& id, TransactionBody body, const std::string& actor,
                      std::optional<ReceiptBatch> receipts = {},
                      std::optional<std::uint64_t> identity_position = {}) const;

private:
    Deps deps_;
};

}  // namespace imece::ledger
