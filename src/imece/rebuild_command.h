// imece analytics rebuild.
#pragma once

#include <CLI/CLI.hpp>

namespace imece {

/// Adds it to the `analytics` commands of `app`, which are there. `status` gets its exit status.
void add_rebuild(CLI::App& app, int& status);

}  // namespace imece
