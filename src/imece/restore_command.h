// imece restore.
#pragma once

#include <CLI/CLI.hpp>

namespace imece {

/// `status` gets its exit status.
void add_restore(CLI::App& app, int& status);

}  // namespace imece
