// Who hears whom now, which nodes hang together, and the shortest ways between them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "replay/world/plan.h"

namespace imece::replay {

using PieceIndex = std::uint32_t;

/// The short-range mesh at one moment. A link counts while it and both its ends are up.
///
/// Cost: joining two pieces is linear in the smaller, splitting linear in the piece; ways are
/// searched when asked for and kept until the next change.
class MeshGraph {
public:
    explicit MeshGraph(const Plan& plan);

    struct Neighbour {
        NodeIndex node = 0;
        LinkIndex link = 0;
    };
    /// What a change did. A link that appears inside a piece joins nothing.
    struct Change {
        std::vector<LinkIndex> appeared;
        std::vector<LinkIndex> vanished;
    };
    Change set_power(NodeIndex n, bool up);
    Change set_link(LinkIndex l, bool up);
    /// The node has a connection to the backend.
    void set_connected(NodeIndex n, bool connected);

    bool up(NodeIndex n) const { return power_[n]; }
    bool connected(NodeIndex n) const { return connected_[n]; }
    bool works(LinkIndex l) const {
        return link_[l] && power_[plan_.links[l].a] && power_[plan_.links[l].b];
    }
    /// Grows each time the link stops working: what was sent before is lost.
    std::uint32_t epoch(LinkIndex l) const { return epoch_[l]; }

    PieceIndex piece(NodeIndex n) const { return piece_of_[n]; }
    const std::vector<NodeIndex>& members(PieceIndex p) const { return pieces_[p].members; }
    /// Connected nodes of the piece.
    std::uint32_t uplinks(PieceIndex p) const { return pieces_[p].uplinks; }

    /// Every link that the node may ever have; works() says which do.
    std::span<const Neighbour> all_neighbours(NodeIndex n) const { return adjacent_[n]; }
    /// The next step from `from` to `to` by the least expected transmissions; link kNone: no way.
    Neighbour step_to(NodeIndex from, NodeIndex to);
    /// The next step to the nearest connected node; link kNone: none in the piece, or it is `from`.
    Neighbour step_to_uplink(NodeIndex from);
    /// That node; kNone: none.
    NodeIndex nearest_uplink(NodeIndex from);
    /// Expected transmissions to it.
    double cost_to_uplink(NodeIndex from);
    LinkIndex link_between(NodeIndex a, NodeIndex b) const;  ///< One that works; kNone: none.

private:
    struct Piece {
        std::vector<NodeIndex> members;
        std::uint32_t uplinks = 0;
    };
    struct Ways {
        std::uint64_t version = 0;
        std::vector<NodeIndex> nodes;  ///< Those reached, to make the next search cheap.
        std::vector<Neighbour> step;
        std::vector<double> cost;
        std::vector<NodeIndex> goal;
    };
    void join(PieceIndex a, PieceIndex b);
    void split(PieceIndex p);
    void search(Ways& ways, std::span<const NodeIndex> goals);
    const Ways& ways_to_uplink();

    const Plan& plan_;
    std::vector<bool> power_;
    std::vector<bool> link_;
    std::vector<bool> connected_;
    std::vector<std::uint32_t> epoch_;
    std::vector<std::vector<Neighbour>> adjacent_;
    std::vector<PieceIndex> piece_of_;
    std::vector<Piece> pieces_;
    std::vector<PieceIndex> free_;
    std::vector<std::uint32_t> mark_;
    std::uint32_t round_ = 0;
    std::uint64_t version_ = 1;
    Ways to_uplink_;
    std::vector<Ways> to_node_;
};

}  // namespace imece::replay
