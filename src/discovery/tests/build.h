// Short ways to write nodes and reports in tests.
#pragma once

#include <initializer_list>

#include "discovery/domain/report.h"
#include "discovery/domain/topology.h"

namespace imece::discovery {

using namespace std::chrono_literals;

inline constexpr TimePoint kStart = TimePoint(Duration(1'675'646'254'000));

/// Numbers from 1 on; they sort as the numbers do.
inline NodeId node(std::uint32_t number) {
    NodeId id;
    for (int i = 0; i < 4; ++i) id.bytes[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
    return id;
}

inline Neighbour hears(std::uint32_t number, double quality = 1, std::uint32_t latency_ms = 0,
                       std::uint32_t bandwidth_kbps = 0) {
    return {node(number), quality, latency_ms, bandwidth_kbps};
}

inline Report report_of(std::uint32_t number, std::uint64_t sequence,
                        std::vector<Neighbour> neighbours = {}, TimePoint at = kStart) {
    Report report;
    report.node = node(number);
    report.sequence = sequence;
    report.at = at;
    report.neighbours = std::move(neighbours);
    return report;
}

}  // namespace imece::discovery
