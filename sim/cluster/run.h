// One run: a cluster for one seed, from its first moment to its verdict.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "crypto/crypto.h"
#include "sim/cluster/plant.h"

namespace imece::sim {

struct RunOptions {
    std::uint64_t seed = 1;
    Plant plant = Plant::kNone;
    Duration chaos{
        std::chrono::minutes(2)};   ///< In which faults happen. A calm follows, and ends the run.
    std::ostream* trace = nullptr;  ///< Gets a line an event.
};

struct Outcome {
    std::vector<std::string>
        broken;  ///< What did not hold; a run ends with the first event that breaks something.
    crypto::Digest digest{};  ///< Of the trace: one for a seed.
    Duration simulated{0};
    std::uint64_t events = 0;
    std::uint64_t crashes = 0;
    std::uint64_t acknowledged = 0;  ///< Messages, once a site.
    std::uint64_t received = 0;      ///< By applications.
    std::uint64_t blocks = 0;
};

/// The same options, the same outcome. Cost: about 0.1 s with the chaos as it is.
Outcome run(const RunOptions& options);

}  // namespace imece::sim
