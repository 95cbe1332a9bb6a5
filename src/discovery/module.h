// Discovery: which nodes there are, how they are linked, and who should connect to whom.
#pragma once

#include <memory>

#include "discovery/domain/report.h"
#include "discovery/domain/topology.h"
#include "runtime/config/table.h"
#include "runtime/module.h"

namespace imece::runtime {
class Door;
}

namespace imece::discovery {

/// The `[discovery]` table.
struct Config {
    Timing timing;
    TopologyLimits limits;
    ReportLimits report;
    std::chrono::milliseconds publish_interval{200};  ///< Site time.
    std::chrono::milliseconds publish_pause{10};      ///< Wall time.
    std::uint64_t deltas_per_full = 500;
    void describe(runtime::ConfigTable& table);
};

/// `door` outlives the module. Errors: the store's (kUnavailable STORE_DOWN, kDataLoss
/// DATA_MALFORMED).
Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, const Config& config,
                                              runtime::Door& door);

}  // namespace imece::discovery
