// Following how the network falls apart and comes together.
#pragma once

#include <atomic>
#include <mutex>
#include <span>

#include "analytics/app/ports.h"

namespace imece::analytics {

struct IslandView {
    std::string name;
    std::uint32_t nodes = 0;
    bool has_uplink = false;
    TimePoint since;
};
struct NetworkView {
    Network::Counts nodes;
    std::vector<IslandView> islands;  ///< The largest first, at most kIslandsShown.
    std::uint32_t islands_total = 0;
};
inline constexpr std::size_t kIslandsShown = 100;

/// The network lives in memory and is read again from discovery's log at each start; islands and their names are kept,
/// and written only when they change. One thread follows; the others may look.
class FollowTopology {
public:
    explicit FollowTopology(RollupStore& store) : store_(store) {}

    /// Takes up the islands as they were. Errors: the store's.
    Status load();
    /// One or more changes in the order of the log.
    Status operator()(std::span<const TopologyChange> changes);
    /// Where to read on in discovery's log: 0 after a start.
    std::uint64_t position() const { return position_; }
    /// Discovery's log was trimmed behind us, or is another.
    void restart();

    /// Cost: O(nodes log islands).
    NetworkView view() const;
    TimePoint counted_to() const;
    /// Grows with every change that view() shows.
    std::uint64_t version() const { return version_; }

private:
    bool is_known(const TopologyChange& change) const;

    RollupStore& store_;
    Progress kept_;       ///< With the islands.
    bool parted_ = true;  ///< The network may have fallen apart otherwise than the islands say.
    std::atomic<std::uint64_t> position_{0};
    mutable std::mutex mutex_;
    Network network_;
    Islands islands_;
    TimePoint counted_to_;
    std::atomic<std::uint64_t> version_{0};
};

}  // namespace imece::analytics
