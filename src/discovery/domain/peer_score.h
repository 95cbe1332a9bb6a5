// How good a peer would be.
#pragma once

#include <optional>

#include "discovery/domain/report.h"

namespace imece::discovery {

/// What is known of a candidate. Unknown is empty, and scores nothing: a peer that was measured
/// goes before one that was not.
struct PeerFacts {
    std::optional<double> latency_ms;  ///< One way.
    std::optional<double> bandwidth_kbps;
    std::optional<double> quality;  ///< Share of frames that arrive, 0 to 1.
    double alive_share = 0;         ///< Share of the time since it was first heard, 0 to 1.
    std::optional<double> distance_km;
};

/// The parts, each 0 to 1, and their weighted sum.
struct PeerScore {
    NodeId node;
    double total = 0;  ///< 0 to 100.
    double latency = 0;
    double bandwidth = 0;
    double reliability = 0;
    double trust = 0;
    double geography = 0;
};

/// latency     = 100 / (100 + ms)                   1 at once, 1/2 at 100 ms, 1/11 at a second
/// bandwidth   = log10(1 + kbit/s) / 5, at most 1   0.4 at 100 kbit/s, 1 from 100 Mbit/s on
/// reliability = quality
/// trust       = alive_share; who is not enrolled or was revoked is no candidate at all
/// geography   = 1 / (1 + km)                       1 on the spot, 1/2 at one kilometre
/// total       = 25 latency + 20 bandwidth + 25 reliability + 15 trust + 15 geography
PeerScore score(const NodeId& node, const PeerFacts& facts);

}  // namespace imece::discovery
