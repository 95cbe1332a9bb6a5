// `imece serve`: the backend as one process.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analytics/module.h"
#include "config/module.h"
#include "discovery/module.h"
#include "gateway/module.h"
#include "identity/module.h"
#include "imece/site.h"
#include "ledger/module.h"
#include "messaging/module.h"
#include "runtime/config/loader.h"
#include "runtime/observe/watch_server.h"
#include "runtime/rpc/server.h"
#include "runtime/telemetry/otlp_exporter.h"
#include "security/module.h"

namespace imece {

/// Everything that a process can be told.
struct ServeConfig {
    SiteConfig site;
    runtime::RpcConfig rpc;
    identity::Config identity;
    discovery::Config discovery;
    messaging::Config messaging;
    security::Config security;
    runtime::TelemetryConfig telemetry;
    runtime::WatchConfig watch;
    ledger::Config ledger;
    analytics::Config analytics;
    config::Config config;
    gateway::Config gateway;
};

struct ServeOptions {
    std::string target = "all";
    std::filesystem::path data = "./var/imece";
    runtime::ConfigSources sources;
};

/// All that is wrong with the configuration; `config` and `printed` are filled in any case.
std::vector<std::string> load_config(const runtime::ConfigSources& sources, ServeConfig& config,
                                     std::string& printed);

/// Serves until SIGINT or SIGTERM, then drains. Exit status: 0 after a clean stop, 1 when it could
/// not start, 2 for a wrong configuration.
int serve(const ServeOptions& options);

}  // namespace imece
