#include "discovery/adapters/bus/topology_event.h"

#include "base/bytes.h"
#include "imece/discovery/v1/events.pb.h"

namespace imece::discovery {

std::string encode_delta(const Delta& delta) {
    v1::TopologyChanged wire;
    wire.set_version(delta.version);
    wire.set_base_version(delta.base_version);
    for (const NodeChange& change : delta.nodes) {
        auto& node = *wire.add_nodes();
        node.set_node_id(std::string(text_of(change.node.view())));
        if (change.state) node.set_state(static_cast<v1::NodeState>(*change.state));
        node.set_has_uplink(change.has_uplink);
    }
    for (const LinkChange& change : delta.links) {
        auto& link = *wire.add_links();
        link.set_from(std::string(text_of(change.a.view())));
        link.set_to(std::string(text_of(change.b.view())));
        link.set_quality(change.value.quality);
        link.set_latency_ms(change.value.latency_ms);
        link.set_bandwidth_kbps(change.value.bandwidth_kbps);
    }
    return wire.SerializeAsString();
}

}  // namespace imece::discovery
