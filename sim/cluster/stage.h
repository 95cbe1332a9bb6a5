// What every actor of a simulation stands on.
#pragma once

#include "sim/cluster/judge.h"
#include "sim/cluster/plant.h"
#include "sim/kit/network.h"
#include "sim/kit/scheduler.h"
#include "sim/kit/trace.h"

namespace imece::sim {

struct Stage {
    Scheduler& scheduler;
    Random& random;
    Trace& trace;
    Network& network;
    Judge& judge;
    Plant plant = Plant::kNone;
    std::uint64_t radio_lost_percent = 10;  ///< Of the copies that one phone hands to another.
    bool calm =
        false;  ///< No more faults, and nothing new is begun: what is under way is to end well.
};

}  // namespace imece::sim
