// A replay over the map of a real mesh.
#pragma once

#include "replay/world/message_file.h"
#include "replay/world/plan.h"
#include "replay/world/topology.h"

namespace imece::replay {

struct TopologyPlanOptions {
    std::string name = "topology";
    std::uint64_t seed = 1;
    double uplinks = 0.05;  ///< Share of the nodes that can reach the backend.
    double churn = 0;       ///< Share of nodes and of links that is down, on average.
    double minutes = 20;    ///< Of sending, scenario time.
    double load = 1;        ///< Times every text is sent, or of the generated texts.
};

/// The mesh's nodes in the file's order. The nodes with an uplink are chosen piece by piece of the
/// mesh, the largest first, among those that had the internet where the map says so; each is up four
/// minutes in five, but for the first two: these are the devices of a desk, always on and connected.
/// Each text is sent once, at a random time, by a random node: LIFE_CRITICAL and every second SAFETY_CRITICAL
/// message to the desk, the others to another node.
Plan plan_topology(const Topology& topology, const MessageFile& messages,
                   const TopologyPlanOptions& options);

}  // namespace imece::replay
