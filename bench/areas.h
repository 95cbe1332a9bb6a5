// The areas of the benchmark, each in a file of its name.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "bench/figure.h"

namespace imece::bench {

/// Programs to measure against; empty: not there.
struct Peers {
    std::filesystem::path envoy;
};

/// Starting, idling, stopping.
Status startup(Report& report, const Peers& peers);
/// From a submission to its acknowledgement.
Status submit(Report& report, const Peers& peers);
/// From a submission to its recorded receipt.
Status deliver(Report& report, const Peers& peers);
/// A read through the gateway.
Status rest(Report& report, const Peers& peers);
/// Functions that run for each message or call.
Status hot(Report& report, const Peers& peers);

}  // namespace imece::bench
