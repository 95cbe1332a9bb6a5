// The roll-ups on SQLite.
#pragma once

#include <filesystem>
#include <memory>

#include "analytics/app/ports.h"

namespace imece::analytics {

/// Of how events become numbers: whoever changes that counts one up, and the numbers are counted anew.
inline constexpr std::int64_t kCountingRules = 1;

/// The directory of `path` exists. Roll-ups that were counted by other rules are forgotten: what the logs still hold is
/// counted by these. Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED.
Result<std::unique_ptr<RollupStore>> make_sqlite_rollups(const std::filesystem::path& path,
                                                         std::int64_t rules = kCountingRules);

/// Empties the store at `path`, which no process has open, in one commit. Errors: as above.
Status forget_sqlite_rollups(const std::filesystem::path& path);

}  // namespace imece::analytics
