#include "replay/world/mesh_graph.h"

#include <algorithm>
#include <queue>

namespace imece::replay {
namespace {

constexpr MeshGraph::Neighbour kNoStep{kNone, kNone};

}  // namespace

MeshGraph::MeshGraph(const Plan& plan)
    : plan_(plan),
      power_(plan.nodes.size()),
      link_(plan.links.size()),
      connected_(plan.nodes.size()),
      epoch_(plan.links.size()),
      adjacent_(plan.nodes.size()),
      piece_of_(plan.nodes.size()),
      mark_(plan.nodes.size()),
      to_node_(plan.nodes.size()) {
    for (LinkIndex l = 0; l < plan.links.size(); ++l) {
        adjacent_[plan.links[l].a].push_back({plan.links[l].b, l});
        adjacent_[plan.links[l].b].push_back({plan.links[l].a, l});
    }
    for (NodeIndex n = 0; n < plan.nodes.size(); ++n) {
        piece_of_[n] = n;
        pieces_.push_back({{n}, 0});
    }
}

MeshGraph::Change MeshGraph::set_power(NodeIndex n, bool up) {
    Change change;
    if (power_[n] == up) return change;
    ++version_;
    if (up) {
        power_[n] = true;
        for (const Neighbour& w : adjacent_[n])
            if (works(w.link)) {
                join(piece_of_[n], piece_of_[w.node]);
                change.appeared.push_back(w.link);
            }
        return change;
    }
    for (const Neighbour& w : adjacent_[n])
        if (works(w.link)) {
            ++epoch_[w.link];
            change.vanished.push_back(w.link);
        }
    power_[n] = false;
    split(piece_of_[n]);
    return change;
}

MeshGraph::Change MeshGraph::set_link(LinkIndex l, bool up) {
    Change change;
    if (link_[l] == up) return change;
    const bool worked = works(l);
    link_[l] = up;
    if (works(l) == worked) return change;
    ++version_;
    if (up) {
        join(piece_of_[plan_.links[l].a], piece_of_[plan_.links[l].b]);
        change.appeared.push_back(l);
    } else {
        ++epoch_[l];
        split(piece_of_[plan_.links[l].a]);
        change.vanished.push_back(l);
    }
    return change;
}

void MeshGraph::set_connected(NodeIndex n, bool connected) {
    if (connected_[n] == connected) return;
    connected_[n] = connected;
    ++version_;
    auto& uplinks = pieces_[piece_of_[n]].uplinks;
    uplinks = connected ? uplinks + 1 : uplinks - 1;
}

void MeshGraph::join(PieceIndex a, PieceIndex b) {
    if (a == b) return;
    if (pieces_[a].members.size() < pieces_[b].members.size()) std::swap(a, b);
    for (const NodeIndex n : pieces_[b].members) piece_of_[n] = a;
    auto& members = pieces_[a].members;
    members.insert(members.end(), pieces_[b].members.begin(), pieces_[b].members.end());
    pieces_[a].uplinks += pieces_[b].uplinks;
    pieces_[b] = {};
    free_.push_back(b);
}

void MeshGraph::split(PieceIndex p) {
    ++round_;
    const std::vector<NodeIndex> all = std::move(pieces_[p].members);
    pieces_[p] = {};
    PieceIndex into = p;
    for (const NodeIndex start : all) {
        if (mark_[start] == round_) continue;
        if (into == kNone) {
            if (free_.empty()) {
                into = PieceIndex(pieces_.size());
                pieces_.emplace_back();
            } else {
                into = free_.back();
                free_.pop_back();
            }
        }
        std::vector<NodeIndex> found = {start};
        mark_[start] = round_;
        for (std::size_t i = 0; i < found.size(); ++i) {
            piece_of_[found[i]] = into;
            pieces_[into].uplinks += connected_[found[i]] ? 1 : 0;
            for (const Neighbour& w : adjacent_[found[i]])
                if (works(w.link) && mark_[w.node] != round_) {
                    mark_[w.node] = round_;
                    found.push_back(w.node);
                }
        }
        pieces_[into].members = std::move(found);
        into = kNone;
    }
}

void MeshGraph::search(Ways& ways, std::span<const NodeIndex> goals) {
    if (ways.step.empty()) {
        ways.step.assign(plan_.nodes.size(), kNoStep);
        ways.cost.assign(plan_.nodes.size(), 1e18);
        ways.goal.assign(plan_.nodes.size(), kNone);
    }
    for (const NodeIndex n : ways.nodes) {
        ways.step[n] = kNoStep;
        ways.cost[n] = 1e18;
        ways.goal[n] = kNone;
    }
    ways.nodes.clear();
    ways.version = version_;
    using Entry = std::pair<double, NodeIndex>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    for (const NodeIndex goal : goals) {
        ways.cost[goal] = 0;
        ways.goal[goal] = goal;
        ways.nodes.push_back(goal);
        queue.emplace(0, goal);
    }
    while (!queue.empty()) {
        const auto [cost, n] = queue.top();
        queue.pop();
        if (cost > ways.cost[n]) continue;
        for (const Neighbour& w : adjacent_[n]) {
            if (!works(w.link)) continue;
            const double next = cost + 1 / plan_.links[w.link].quality;
            if (next >= ways.cost[w.node]) continue;
            if (ways.goal[w.node] == kNone) ways.nodes.push_back(w.node);
            ways.cost[w.node] = next;
            ways.goal[w.node] = ways.goal[n];
            ways.step[w.node] = {n, w.link};
            queue.emplace(next, w.node);
        }
    }
}

MeshGraph::Neighbour MeshGraph::step_to(NodeIndex from, NodeIndex to) {
    if (from == to || piece_of_[from] != piece_of_[to]) return kNoStep;
    Ways& ways = to_node_[to];
    if (ways.version != version_) search(ways, {&to, 1});
    return ways.step[from];
}

const MeshGraph::Ways& MeshGraph::ways_to_uplink() {
    if (to_uplink_.version != version_) {
        std::vector<NodeIndex> goals;
        for (NodeIndex n = 0; n < plan_.nodes.size(); ++n)
            if (connected_[n] && power_[n]) goals.push_back(n);
        search(to_uplink_, goals);
    }
    return to_uplink_;
}

MeshGraph::Neighbour MeshGraph::step_to_uplink(NodeIndex from) {
    return ways_to_uplink().step[from];
}
NodeIndex MeshGraph::nearest_uplink(NodeIndex from) {
    return ways_to_uplink().goal[from];
}
double MeshGraph::cost_to_uplink(NodeIndex from) {
    return ways_to_uplink().cost[from];
}

LinkIndex MeshGraph::link_between(NodeIndex a, NodeIndex b) const {
    for (const Neighbour& w : adjacent_[a])
        if (w.node == b && works(w.link)) return w.link;
    return kNone;
}

}  // namespace imece::replay
