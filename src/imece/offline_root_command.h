// imece ca offline-root.
#pragma once

#include <CLI/CLI.hpp>

namespace imece {

/// Adds it to the `ca` commands of `app`, which are there. `status` gets its exit status.
void add_offline_root(CLI::App& app, int& status);

}  // namespace imece
