// What a viewer may see of nodes and topology.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "discovery/app/live.h"

namespace imece::discovery {

/// Who looks. Places are exact for responders, dispatchers and operators, and for the node itself;
/// all others see them to about 1 km.
struct Viewer {
    bool sees_places = false;
    std::optional<DeviceId> device;
};

/// All answer with the states of this moment.
class ViewTopology {
public:
    static constexpr std::size_t kPageSize = 100;
    static constexpr std::size_t kPeersMax = 50;

    ViewTopology(Live& live, const Clock& clock) : live_(live), clock_(clock) {}

    /// Errors: kNotFound NODE_UNKNOWN.
    Result<NodeView> node(const NodeId& id, const Viewer& viewer) const;

    struct Page {
        std::vector<NodeView> nodes;
        std::string next;  ///< Empty: that was all.
    };
    /// At most `size` nodes (0: kPageSize) by id, after the page that gave `token`.
    /// Errors: kInvalidArgument PAGE_TOKEN_INVALID.
    Result<Page> nodes(std::size_t size, std::string_view token, const Viewer& viewer) const;

    Snapshot snapshot(const Viewer& viewer) const;

    /// Distances are those of the places that the viewer may see. Errors: kNotFound NODE_UNKNOWN.
    Result<std::vector<PeerScore>> peers(const NodeId& id, const Viewer& viewer) const;

private:
    Live& live_;
    const Clock& clock_;
};

}  // namespace imece::discovery
