// Security: the service's only door.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/error.h"

namespace imece::runtime {
class ConfigTable;
class Door;
class Module;
struct Process;
}  // namespace imece::runtime

namespace imece::security {

/// The `[security]` table.
struct Config {
    std::string
        ca_passphrase_file;  ///< Its first line seals the root key; empty: it lies unsealed.
    std::chrono::milliseconds service_lifetime =
        std::chrono::hours(24);  ///< Of their certificates.
    void describe(runtime::ConfigTable& table);
};

/// Files: data_dir/security (mode 0700). Follows the events of identity, the ledger and config.
/// Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED; kFailedPrecondition CA_KEY_SEALED; kInvalidArgument
/// CONFIG_INVALID for a passphrase file that cannot be read.
Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, const Config& config,
                                              runtime::Door& door);

/// The secret by which a process may join the site as `service`, from the site's data directory; makes the directory at the first call.
/// Errors: kInvalidArgument SERVICE_NAME_INVALID; kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED.
Result<std::string> join_secret(const std::string& data, const std::string& service);

/// How `imece ca offline-root` was asked to take the root key away.
struct OfflineRoot {
    std::string data;                 ///< The site's data directory.
    std::string out;                  ///< The file to be; it must not be there.
    std::string passphrase_file;      ///< Its first line seals the key there.
    std::string old_passphrase_file;  ///< Of the passphrase that seals it now; empty: none does.
};
/// The key is in `out`, durable and read back, before it goes from the site. Nothing is changed on an error.
/// Errors: kFailedPrecondition CA_KEY_SEALED; kInvalidArgument CONFIG_INVALID for a passphrase file without one, FILE_UNUSABLE for
/// an `out` that is there or cannot be written; kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED.
Status take_root_offline(const OfflineRoot& how);

}  // namespace imece::security
