// The ledger: the service's only door.
#pragma once

#include <memory>

#include "base/error.h"
#include "ledger/app/produce_block.h"

namespace imece::runtime {
class ConfigTable;
class Door;
class Module;
struct Process;
}  // namespace imece::runtime

namespace imece::ledger {

/// The `[ledger]` table.
struct Config {
    std::uint64_t authorities = 1;  ///< Keys that the first start makes.
    BlockLimits blocks;
    void describe(runtime::ConfigTable& table);
};

/// Files: data_dir/ledger (mode 0700), with the authorities' keys. Follows messaging's events.
/// Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED, also for a key of an authority that is not there any more.
Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, const Config& config,
                                              runtime::Door& door);

}  // namespace imece::ledger
