// What analytics needs of the world.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "analytics/domain/counts.h"
#include "analytics/domain/islands.h"
#include "base/error.h"

namespace imece::analytics {

/// How far a service's events are counted.
struct Progress {
    std::uint64_t position = 0;  ///< Of the last one in its log.
    TimePoint counted_to;        ///< Its time; zero before the first.
    friend bool operator==(const Progress&, const Progress&) = default;
};

enum class Step { kMinute, kHour };

struct Bucket {
    BucketKey key;
    Tally tally;
    friend bool operator==(const Bucket&, const Bucket&) = default;
};

/// Where the roll-ups rest. Adapters: SQLite.
///
/// Every method may be called from any thread, and fails with kUnavailable STORE_DOWN when the store cannot be
/// reached, kDataLoss DATA_MALFORMED when it is damaged. A write is one commit, and outlives the process when it returns OK;
/// a power cut may take the last of them, counts and position together. All adapters pass tests/rollup_store_contract.h.
class RollupStore {
public:
    virtual ~RollupStore() = default;

    /// Adds the counts to those of their minutes and hours, and keeps how far messaging's events are counted. Nothing
    /// when the position is not beyond the one that is kept: counting twice is impossible. A message whose copies
    /// have all ended no longer waits; endings of messages that do not wait change the counts only.
    virtual Status add(const Counts& counts, const Progress& progress) = 0;
    /// Keeps the islands, and how far discovery's events are followed.
    virtual Status put_islands(const IslandsChange& change, const Progress& progress) = 0;
    /// Of "messaging" or "discovery".
    virtual Result<Progress> progress(const std::string& source) = 0;
    /// The source's log begins anew: its position is 0, and nothing else changes.
    virtual Status restart(const std::string& source) = 0;

    /// Those that begin in [from, to), of one class or of all, by start and class.
    virtual Result<std::vector<Bucket>> buckets(Step step, TimePoint from, TimePoint to,
                                                std::optional<Priority> priority) = 0;
    /// By rank: when the longest waiting message was accepted; zero where none waits. Cost: O(log waiting).
    virtual Result<std::array<TimePoint, kPriorities>> oldest_waiting() = 0;
    virtual Result<Islands> islands() = 0;

    /// Forgets minutes and hours that began before `before`, and messages that wait though they expired before
    /// `expired_before`: their end was in a part of the log that is lost.
    virtual Status prune(TimePoint before, TimePoint expired_before) = 0;
};

}  // namespace imece::analytics
