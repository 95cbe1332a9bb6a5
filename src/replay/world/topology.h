// Reads the map of a real mesh.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace imece::replay {

struct TopologyNode {
    std::string id;
    std::string name;
    std::optional<double> latitude;
    std::optional<double> longitude;
    bool internet = false;  ///< It had an uplink over the internet (a link of type vpn).
};
struct TopologyLink {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    double quality = 1;  ///< Over 0 to 1: of the worse direction.
};
struct Topology {
    std::vector<TopologyNode> nodes;
    std::vector<TopologyLink> links;  ///< Short-range links that are not down, one a pair.
    std::vector<std::string> notes;   ///< What was left out, and what was assumed.
};

/// The quality that is assumed of a link whose quality is not given.
inline constexpr double kUnknownQuality = 0.8;
inline constexpr std::size_t kTopologyNodesMax = 20'000;
inline constexpr std::size_t kTopologyLinksMax = 200'000;

/// Parses meshviewer JSON (nodes with node_id, is_online, location), a NetJSON NetworkGraph, or plain
/// {links: [{source, target, source_tq, target_tq, type}], nodes?} (there x is latitude, y longitude).
///
/// Nodes that are not online are left out with their links; links of type vpn run over the internet:
/// they are no radio links but mark their ends as able to have an uplink; TQ 0 is a link that is down;
/// a missing quality is unknown. NetJSON's cost is taken as ETX: quality 1/cost, at most 1.
/// `file` is named in errors. Errors: kInvalidArgument FILE_INVALID, "FILE:LINE: REASON".
Result<Topology> parse_topology(std::string_view text, std::string_view file);

}  // namespace imece::replay
