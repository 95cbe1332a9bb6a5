#include "messaging/domain/mesh.h"

#include <algorithm>
#include <limits>
#include <queue>

namespace imece::messaging {

void Mesh::apply(const MeshChange& change) {
    if (change.full) {
        index_.clear();
        vertices_.clear();
    }
    version_ = change.version;
    for (const MeshNode& node : change.nodes) vertices_[vertex(node.id)].passable = node.passable;
    for (const MeshLink& link : change.links) {
        const std::uint32_t a = vertex(link.a);
        const std::uint32_t b = vertex(link.b);
        set_edge(a, b, link.quality);
        set_edge(b, a, link.quality);
    }
}

std::uint32_t Mesh::vertex(const DeviceId& id) {
    const auto [at, added] = index_.try_emplace(id, std::uint32_t(vertices_.size()));
    if (added) {
        vertices_.emplace_back();
        vertices_.back().id = id;
    }
    return at->second;
}

void Mesh::set_edge(std::uint32_t from, std::uint32_t to, double quality) {
    std::vector<Edge>& edges = vertices_[from].edges;
    const auto found = std::ranges::find(edges, to, &Edge::to);
    if (quality <= 0) {
        if (found != edges.end()) edges.erase(found);
        return;
    }
    const float cost = float(1.0 / std::min(quality, 1.0));
    if (found != edges.end())
        found->cost = cost;
    else
        edges.push_back({to, cost});
}

void Mesh::route_from(const std::vector<DeviceId>& sources) {
    constexpr float kFar = std::numeric_limits<float>::infinity();
    for (Vertex& each : vertices_) {
        each.distance = kFar;
        each.parent = -1;
        each.source = -1;
    }
    using Step = std::pair<float, std::uint32_t>;
    std::priority_queue<Step, std::vector<Step>, std::greater<>> open;
    for (const DeviceId& id : sources) {
        const std::uint32_t at = vertex(id);
        vertices_[at].distance = 0;
        vertices_[at].source = std::int32_t(at);
        open.push({0, at});
    }
    while (!open.empty()) {
        const auto [distance, at] = open.top();
        open.pop();
        if (distance > vertices_[at].distance) continue;
        for (const Edge& edge : vertices_[at].edges) {
            Vertex& next = vertices_[edge.to];
            const float through = distance + edge.cost;
            if (!next.passable || through >= next.distance) continue;
            next.distance = through;
            next.parent = std::int32_t(at);
            next.source = vertices_[at].source;
            open.push({through, edge.to});
        }
    }
}

std::vector<DeviceId> Mesh::path_to(const DeviceId& target) const {
    std::vector<DeviceId> path;
    const auto found = index_.find(target);
    if (found == index_.end() || vertices_[found->second].source < 0) return path;
    for (auto at = std::int32_t(found->second); at >= 0; at = vertices_[std::size_t(at)].parent)
        path.push_back(vertices_[std::size_t(at)].id);
    std::ranges::reverse(path);
    return path;
}

bool Mesh::holds(const std::vector<DeviceId>& path) const {
    for (std::size_t i = 1; i < path.size(); ++i) {
        const auto from = index_.find(path[i - 1]);
        const auto to = index_.find(path[i]);
        if (from == index_.end() || to == index_.end() || !vertices_[to->second].passable ||
            std::ranges::find(vertices_[from->second].edges, to->second, &Edge::to) ==
                vertices_[from->second].edges.end())
            return false;
    }
    return true;
}

const DeviceId* Mesh::source_for(const DeviceId& target) const {
    const auto found = index_.find(target);
    if (found == index_.end() || vertices_[found->second].source < 0) return nullptr;
    return &vertices_[std::size_t(vertices_[found->second].source)].id;
}

}  // namespace imece::messaging
