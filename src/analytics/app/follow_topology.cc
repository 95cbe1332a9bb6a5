#include "analytics/app/follow_topology.h"

#include <algorithm>
#include <optional>

#include "base/result.h"

namespace imece::analytics {

Status FollowTopology::load() {
    IMECE_TRY(islands_, store_.islands());
    IMECE_TRY(kept_, store_.progress("discovery"));
    const std::scoped_lock lock(mutex_);
    counted_to_ = kept_.counted_to;
    return {};
}

Status FollowTopology::operator()(std::span<const TopologyChange> changes) {
    const TopologyChange& last = changes.back();
    std::optional<Islands> islands;  // Where they may have changed.
    {
        const std::scoped_lock lock(mutex_);
        for (const TopologyChange& change : changes) {
            parted_ = network_.apply(change) || parted_;
            if (is_known(change) || !parted_) continue;
            islands = (islands ? *islands : islands_).next(network_.components(), change.at);
            parted_ = false;
        }
    }
    if (islands) {
        const auto change = IslandsChange::between(islands_, *islands);
        const Progress progress{last.position, last.at};
        const Status kept = change.empty() ? Status() : store_.put_islands(change, progress);
        // The network is ahead of what is kept: both begin again, with the log.
        if (!kept) return restart(), kept;
        if (!change.empty()) kept_ = progress;
    }
    const std::scoped_lock lock(mutex_);
    if (islands) islands_ = *std::move(islands);
    position_ = last.position;
    counted_to_ = std::max(counted_to_, last.at);
    ++version_;
    return {};
}

void FollowTopology::restart() {
    position_ = 0;
    parted_ = true;
}

bool FollowTopology::is_known(const TopologyChange& change) const {
    // A later event at an earlier position is of another log: discovery's store was replaced.
    return change.position <= kept_.position && change.at <= kept_.counted_to;
}

NetworkView FollowTopology::view() const {
    const std::scoped_lock lock(mutex_);
    NetworkView view{.nodes = network_.counts(), .islands = {}, .islands_total = 0};
    std::map<std::string, IslandView> islands;
    for (const auto& [name, since] : islands_.since) islands[name] = {name, 0, false, since};
    for (const auto& [node, name] : islands_.home) {
        IslandView& island = islands[name];
        ++island.nodes;
        island.has_uplink = island.has_uplink || network_.has_uplink(node);
    }
    for (auto& [name, island] : islands) view.islands.push_back(std::move(island));
    std::ranges::stable_sort(view.islands, std::ranges::greater(), &IslandView::nodes);
    view.islands_total = std::uint32_t(view.islands.size());
    view.islands.resize(std::min(view.islands.size(), kIslandsShown));
    return view;
}

TimePoint FollowTopology::counted_to() const {
    const std::scoped_lock lock(mutex_);
    return counted_to_;
}

}  // namespace imece::analytics
