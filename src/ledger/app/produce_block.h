// Making blocks final.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "ledger/app/ports.h"

namespace imece::ledger {

/// By level: a higher one makes blocks sooner and larger, and changes nothing else.
struct BlockLimits {
    std::array<Duration, 3> interval{std::chrono::seconds(10), std::chrono::seconds(3),
                                     std::chrono::seconds(1)};
    std::array<std::size_t, 3> bytes{1 << 20, 2 << 20, 4 << 20};
};

/// The authorities whose keys are on this site. They vote for what they executed themselves.
struct Authorities {
    std::vector<crypto::SigningKey> keys;
    AuthoritySet set;
};

/// Makes the next block when it is due. One caller at a time.
///
/// Due: something waits and the interval since the last block is over; or a block's worth waits; or a transaction
/// that needs a quorum does, since an emergency cannot wait for its block; or the level fell by itself. An idle chain makes no block.
class ProduceBlock {
public:
    struct Deps {
        LedgerStore& store;
        const Clock& clock;
        const Authorities& authorities;
        /// After each final block.
        std::function<void(const BlockHeader&)> finalized;
    };
    ProduceBlock(Deps deps, BlockLimits limits) : deps_(std::move(deps)), limits_(limits) {}

    /// Makes at most one block. When to come again without being woken; nothing: not by itself.
    /// Errors: the store's; kFailedPrecondition QUORUM_MISSING when the local authorities are no quorum.
    Result<std::optional<TimePoint>> run();

private:
    Result<std::optional<TimePoint>> due(const BlockHeader& tip,
                                         const std::vector<PendingTransaction>& pending) const;
    Result<Candidate> build(const BlockHeader& tip,
                            const std::vector<PendingTransaction>& pending) const;
    Status certify(const Candidate& candidate, const BlockHeader& tip) const;

    const Deps deps_;
    const BlockLimits limits_;
};

/// The first block of a site's chain: no transaction, an empty state.
Result<Block> first_block(const Authorities& authorities, TimePoint now, bool exercise);

}  // namespace imece::ledger
