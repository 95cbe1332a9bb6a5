#include "discovery/domain/peer_score.h"

#include <algorithm>
#include <cmath>

namespace imece::discovery {
namespace {

constexpr double kLatencyWeight = 25;
constexpr double kBandwidthWeight = 20;
constexpr double kReliabilityWeight = 25;
constexpr double kTrustWeight = 15;
constexpr double kGeographyWeight = 15;

}  // namespace

PeerScore score(const NodeId& node, const PeerFacts& facts) {
    PeerScore out;
    out.node = node;
    if (facts.latency_ms) out.latency = 100 / (100 + *facts.latency_ms);
    if (facts.bandwidth_kbps)
        out.bandwidth = std::min(1.0, std::log10(1 + *facts.bandwidth_kbps) / 5);
    if (facts.quality) out.reliability = *facts.quality;
    out.trust = facts.alive_share;
    if (facts.distance_km) out.geography = 1 / (1 + *facts.distance_km);
    out.total = kLatencyWeight * out.latency + kBandwidthWeight * out.bandwidth +
                kReliabilityWeight * out.reliability + kTrustWeight * out.trust +
                kGeographyWeight * out.geography;
    return out;
}

}  // namespace imece::discovery
