// Analytics: the service's only door.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "analytics/domain/promise.h"
#include "base/error.h"

namespace imece::runtime {
class ConfigTable;
class Door;
class Module;
struct Process;
}  // namespace imece::runtime

namespace imece::analytics {

/// The `[analytics]` table.
struct Config {
    std::chrono::milliseconds keep_for = std::chrono::hours(30 * 24);
    std::uint64_t samples_min = 30;
    Promises promises = kPromises;
    void describe(runtime::ConfigTable& table);
};

/// Files: data_dir/analytics (mode 0700). Follows the events of messaging and discovery.
/// Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED.
Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, const Config& config,
                                              runtime::Door& door);

/// Forgets what was counted, in one commit: the next start counts what the other services' logs still hold. No process
/// serves `data_dir` meanwhile. Errors: as above.
Status forget(const std::filesystem::path& data_dir);

}  // namespace imece::analytics
