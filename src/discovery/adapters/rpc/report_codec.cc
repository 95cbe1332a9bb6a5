#include "discovery/adapters/rpc/report_codec.h"

#include <cstring>

#include "imece/discovery/v1/discovery.pb.h"
#include "runtime/rpc/time.h"

namespace imece::discovery {
namespace {

bool set_id(NodeId& id, const std::string& bytes) {
    if (bytes.size() != id.bytes.size()) return false;
    std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
    return true;
}

std::unexpected<Error> malformed(const char* what) {
    return fail(ErrorCode::kInvalidArgument, "REPORT_MALFORMED", what);
}

}  // namespace

Result<Report> decode_report(ByteView bytes) {
    v1::NodeReport wire;
    if (bytes.size() > 1 << 20 ||
        !wire.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
        return malformed("the bytes are no imece.discovery.v1.NodeReport");
    Report report;
    if (!set_id(report.node, wire.node_id())) return malformed("node_id must be 16 bytes");
    report.sequence = wire.sequence();
    if (wire.has_at()) report.at = runtime::from_proto(wire.at());
    report.battery_percent = wire.battery_percent();
    report.has_uplink = wire.has_uplink();
    if (wire.has_asleep_until()) report.asleep_until = runtime::from_proto(wire.asleep_until());
    if (wire.has_position())
        report.position = Position{wire.position().latitude(), wire.position().longitude()};
    report.neighbours.reserve(static_cast<std::size_t>(wire.neighbours_size()));
    for (const auto& heard : wire.neighbours()) {
        Neighbour neighbour{
            .quality = heard.quality(),
            .latency_ms = heard.latency_ms(),
            .bandwidth_kbps = heard.bandwidth_kbps(),
        };
        if (!set_id(neighbour.node, heard.node_id()))
            return malformed("a neighbour's node_id must be 16 bytes");
        report.neighbours.push_back(neighbour);
    }
    return report;
}

}  // namespace imece::discovery
