// `imece ca join-secret`: what a process of the site needs to get its certificate.
#pragma once

#include <CLI/CLI.hpp>

namespace imece {

/// Under `ca`, which is there.
void add_join_secret(CLI::App& app, int& status);

}  // namespace imece
