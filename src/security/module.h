// Security: the service's only door.
#pragma once

#include <memory>

#include "base/error.h"

namespace imece::runtime {
class ConfigTable;
class Door;
class Module;
struct Process;
}  // namespace imece::runtime

namespace imece::security {

/// Files: data_dir/security (mode 0700). Follows identity's events.
/// Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED.
Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, runtime::Door& door);

}  // namespace imece::security
