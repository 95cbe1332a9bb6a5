// Where the start-up configuration comes from: the flags that all programs share.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/config/loader.h"

namespace imece {

struct ConfigFlags {
    std::string file;
    std::vector<std::string> sets;
    bool exercise = false;
    std::uint64_t time_scale = 0;
    std::string http;
    std::string grpc;

    void add_to(CLI::App& app);
    /// File, environment and flags.
    runtime::ConfigSources sources() const;
};

/// $IMECE_DATA, or ./var/imece.
std::string default_data();

}  // namespace imece
