#include "sim/cluster/follower.h"

#include "imece/discovery/v1/events.pb.h"
#include "runtime/bus/outbox.h"

namespace imece::sim {
namespace {

std::string bytes_of(const discovery::NodeId& id) {
    return std::string(text_of(id.view()));
}

}  // namespace

void Follower::read(runtime::OutboxReader& log, std::uint64_t lives, std::uint64_t power_losses) {
    if (stage_.plant == Plant::kSkipsAnnouncements && lives_ != 0 && lives != lives_)
        position_ = log.last_position();
    lives_ = lives;
    const auto events = log.read_after(position_, 1 + stage_.random.below(20));
    if (!events) {
        if (events.error().reason == "POSITION_TRIMMED") position_ = 0;
        return;
    }
    for (const runtime::Event& event : *events) {
        apply(event.data, power_losses);
        position_ = event.position;
        stage_.trace.note(site_, "is followed to " + std::to_string(position_) + ", topology " +
                                     std::to_string(version_));
    }
}

void Follower::apply(const std::string& data, std::uint64_t power_losses) {
    imece::discovery::v1::TopologyChanged change;
    if (!change.ParseFromString(data))
        return stage_.judge.fail(site_, "announces what is no change");
    const bool full = change.base_version() == 0;
    if (full) {
        // After a loss of power the end of the log may be gone, and versions with it.
        if (change.version() < version_ && power_losses == power_losses_)
            stage_.judge.fail(site_, "went back to topology " + std::to_string(change.version()));
        nodes_.clear();
        links_.clear();
    } else if (change.base_version() != version_ || change.version() != version_ + 1) {
        stage_.judge.fail(site_, "announces topology " + std::to_string(change.version()) +
                                     " over " + std::to_string(change.base_version()) +
                                     " to who has " + std::to_string(version_));
    }
    version_ = change.version();
    power_losses_ = power_losses;
    for (const auto& node : change.nodes()) {
        if (node.state() == imece::discovery::v1::NODE_STATE_UNSPECIFIED)
            nodes_.erase(node.node_id());
        else
            nodes_[node.node_id()] = {node.state(), node.has_uplink()};
    }
    for (const auto& link : change.links()) {
        if (link.quality() <= 0)
            links_.erase({link.from(), link.to()});
        else
            links_[{link.from(), link.to()}] = link.quality();
    }
}

bool Follower::agrees(const discovery::Snapshot& snapshot) const {
    decltype(nodes_) nodes;
    decltype(links_) links;
    for (const auto& node : snapshot.nodes)
        nodes[bytes_of(node.node)] = {int(node.state), node.has_uplink};
    for (const auto& link : snapshot.links)
        links[{bytes_of(link.a), bytes_of(link.b)}] = link.value.quality;
    return version_ == snapshot.version && nodes == nodes_ && links == links_;
}

}  // namespace imece::sim
