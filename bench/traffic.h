// Devices that send each other messages through a site, over real sockets.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "bench/site.h"
#include "imece/type/v1/types.pb.h"

namespace imece::bench {

enum class Transport { kGrpc, kWebSocket };

struct TrafficOptions {
    Transport transport = Transport::kGrpc;
    /// The recipients are connected too, and a message counts when its receipt was recorded; else
    /// when its submission was acknowledged.
    bool deliver = false;
    std::size_t messages = 0;
    /// Messages a second, in even steps, each timed from the moment when it was due; 0: each sender
    /// has `window` under way.
    double per_second = 0;
    std::size_t window = 512;
};

struct TrafficResult {
    double seconds = 0;  ///< From the first submission to the last that counts.
    // Seconds from a message's start, sorted.
    std::vector<double> acknowledged;
    std::vector<double> delivered;
    std::vector<double> receipted;
    double client_cpu_us = 0;  ///< A message.
    double server_cpu_us = 0;
    std::size_t message_bytes = 0;  ///< Of one SignedEnvelope.

    double rate() const { return double(acknowledged.size()) / seconds; }
};

/// One half of `devices` sends to the other. What the phones do, composing and signing, is done
/// before the clock starts; bodies are random bytes of the length of a short sealed text.
/// Errors: those of the connections; the reason of the first item that the site refused.
Result<TrafficResult> run_traffic(Site& site, const std::vector<EnrolledDevice>& devices,
                                  const TrafficOptions& options);
/// The same between `devices` new ones of a site that has just started.
Result<TrafficResult> run_on_fresh_site(std::size_t devices, const TrafficOptions& options);

}  // namespace imece::bench
