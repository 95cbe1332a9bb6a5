#include "discovery/app/view_topology.h"

#include "base/result.h"

namespace imece::discovery {
namespace {

void blur(NodeView& view, const Viewer& viewer) {
    if (view.position && !viewer.sees_places && viewer.device != view.node)
        view.position = blurred(*view.position);
}

}  // namespace

Result<NodeView> ViewTopology::node(const NodeId& id, const Viewer& viewer) const {
    auto found = live_.with([&](Live::State& state) {
        state.topology.tick(clock_.now());
        return state.topology.find(id);
    });
    if (!found)
        return fail(ErrorCode::kNotFound, "NODE_UNKNOWN", "no node of this id was heard of");
    blur(*found, viewer);
    return *found;
}

Result<ViewTopology::Page> ViewTopology::nodes(std::size_t size, std::string_view token,
                                               const Viewer& viewer) const {
    NodeId after;
    if (!token.empty()) {
        auto id = parse_id<DeviceId>(token);
        if (!id)
            return fail(ErrorCode::kInvalidArgument, "PAGE_TOKEN_INVALID",
                        "this list did not give that page token");
        after = *id;
    }
    if (size == 0) size = kPageSize;
    Page page;
    page.nodes = live_.with([&](Live::State& state) {
        state.topology.tick(clock_.now());
        return state.topology.list(after, size + 1);
    });
    if (page.nodes.size() > size) {
        page.nodes.pop_back();
        page.next = to_text(page.nodes.back().node);
    }
    for (NodeView& view : page.nodes) blur(view, viewer);
    return page;
}

Snapshot ViewTopology::snapshot(const Viewer& viewer) const {
    Snapshot snapshot = live_.with([&](Live::State& state) {
        state.topology.tick(clock_.now());
        return state.topology.snapshot();
    });
    for (NodeView& view : snapshot.nodes) blur(view, viewer);
    return snapshot;
}

Result<std::vector<PeerScore>> ViewTopology::peers(const NodeId& id, const Viewer& viewer) const {
    const TimePoint now = clock_.now();
    return live_.with([&](Live::State& state) {
        state.topology.tick(now);
        return state.topology.suggest(id, kPeersMax, now, viewer.sees_places);
    });
}

}  // namespace imece::discovery
