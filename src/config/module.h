// Config: the service's only door.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"

namespace imece::runtime {
class ConfigTable;
class Door;
class Module;
struct Process;
}  // namespace imece::runtime

namespace imece::config {

/// The `[config]` table.
struct Config {
    std::uint64_t history_max = 100;
    std::string passphrase_file;  ///< Its first line seals the sealing key; empty: that lies open.
    void describe(runtime::ConfigTable& table);
};

/// Files: data_dir/config (mode 0700). Registers ConfigService, SecretService and the "config" event log.
/// Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED; kInvalidArgument CONFIG_INVALID for a passphrase file that
/// cannot be read. With a wrong passphrase it serves all but the secrets.
Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, const Config& config,
                                              runtime::Door& door);

}  // namespace imece::config
