#include "analytics/app/follow_topology.h"

#include <algorithm>

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
    Network network = network_;
    Islands islands = islands_;
    for (const TopologyChange& change : changes) {
        network.apply(change);
        if (!is_known(change)) islands = islands.next(network.components(), change.at);
    }
    const TopologyChange& last = changes.back();
    const auto change = IslandsChange::between(islands_, islands);
    if (!change.empty()) {
        const Progress progress{last.position, last.at};
        IMECE_CHECK(store_.put_islands(change, progress));
        kept_ = progress;
        islands_ = std::move(islands);
    }
    network_ = std::move(network);
    position_ = last.position;
    show(last.at);
    return {};
}

bool FollowTopology::is_known(const TopologyChange& change) const {
    // A later event at an earlier position is of another log: discovery's store was replaced.
    return change.position <= kept_.position && change.at <= kept_.counted_to;
}

void FollowTopology::show(TimePoint at) {
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

    const std::scoped_lock lock(mutex_);
    view_ = std::move(view);
    counted_to_ = std::max(counted_to_, at);
    ++version_;
}

NetworkView FollowTopology::view() const {
    const std::scoped_lock lock(mutex_);
    return view_;
}

TimePoint FollowTopology::counted_to() const {
    const std::scoped_lock lock(mutex_);
    return counted_to_;
}

}  // namespace imece::analytics
