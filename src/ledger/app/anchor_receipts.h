// Receipts to the chain, many at a time: the chain holds the root of a tree over their hashes.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "ledger/app/submit_transaction.h"

namespace imece::ledger {

/// Gathers receipts in memory and anchors them when `run` is called, or when enough have come. What was not anchored yet
/// comes again after a restart: the position is kept with the anchor. Thread-safe.
class AnchorReceipts {
public:
    static constexpr std::size_t kReceiptsMax = 4096;

    AnchorReceipts(LedgerStore& store, const SubmitTransaction& submit, const Clock& clock,
                   Random& random)
        : store_(store), submit_(submit), clock_(clock), random_(random) {}

    /// Of the last event taken, in memory or in the store.
    Result<std::uint64_t> position();
    /// `receipts`: those of the events up to `position`, none where these carry none.
    Status take(const std::vector<AnchoredReceipt>& receipts, std::uint64_t position);
    /// Goes on with the oldest event that is kept: the source's log was trimmed behind us.
    void reset();
    /// Anchors what was gathered, if anything was.
    Status run();

private:
    Status anchor_locked();
    LedgerStore& store_;
    const SubmitTransaction& submit_;
    const Clock& clock_;
    Random& random_;
    std::mutex mutex_;
    std::vector<AnchoredReceipt> gathered_;
    std::optional<std::uint64_t> position_;  ///< None: as the store has it.
};

}  // namespace imece::ledger
