// /metrics, /healthz and /readyz of a process that has no gateway, on a small HTTP server of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "runtime/config/table.h"

namespace imece::runtime {

class Metrics;

/// The `[watch]` table.
struct WatchConfig {
    std::string listen;      ///< address:port; empty: nobody is answered here.
    bool is_public = false;  ///< Off loopback too, in plain HTTP.
    void describe(ConfigTable& table);
};

/// Answers until it goes. GET only; anything but the three paths is 404.
class WatchServer {
public:
    /// `ready` says why not. Errors: kUnavailable LISTEN_FAILED.
    static Result<std::unique_ptr<WatchServer>> start(const WatchConfig& config, Metrics& metrics,
                                                      std::function<Status()> ready);
    virtual ~WatchServer() = default;
};

}  // namespace imece::runtime
