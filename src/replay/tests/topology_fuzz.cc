// Any bytes as the map of a mesh: refused, or a plan can be made of it.
#include "base/assert.h"
#include "replay/world/topology_plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imece::replay;
    const auto topology = parse_topology({reinterpret_cast<const char*>(data), size}, "a.json");
    if (!topology) return 0;
    IMECE_ASSERT(topology->nodes.size() >= 2 && topology->nodes.size() <= kTopologyNodesMax);
    for (const TopologyLink& link : topology->links) {
        IMECE_ASSERT(link.a < topology->nodes.size() && link.b < topology->nodes.size());
        IMECE_ASSERT(link.a != link.b && link.quality > 0 && link.quality <= 1);
    }
    if (topology->nodes.size() > 20) return 0;
    MessageFile texts;
    texts.texts.resize(5);
    const Plan plan =
        plan_topology(*topology, texts, {.name = "a.json", .seed = 1, .churn = 0.3, .minutes = 1});
    IMECE_ASSERT(plan.messages.size() == 5);
    return 0;
}
