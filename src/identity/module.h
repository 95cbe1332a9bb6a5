// Identity: the service's only door.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace imece::runtime {
class ConfigTable;
class Door;
class Module;
struct Process;
}  // namespace imece::runtime

namespace imece::identity {

/// The `[identity]` table.
struct Config {
    std::string public_url = "http://127.0.0.1:8080";  ///< Where people reach the site.
    Duration access_ttl = std::chrono::minutes(15);
    Duration refresh_ttl = std::chrono::days(7);
    Duration credential_ttl = std::chrono::days(7);
    Duration check_in_lifetime = std::chrono::days(90);
    void describe(runtime::ConfigTable& table);

    /// Shows the one-time set-up link to who started the process; not a key of the file. As it comes: prints it to standard
    /// output. The link is a secret: it goes to no log.
    std::function<void(std::string_view link)> show_setup_link;
};

/// Files: data_dir/identity (mode 0700), and data_dir/setup-link until the first operator is made.
/// Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED.
Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, const Config& config,
                                              runtime::Door& door);

}  // namespace imece::identity
