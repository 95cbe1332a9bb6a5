// `imece serve`: the backend as one process, or some of its services.
#pragma once

#include <string>
#include <vector>

#include "analytics/module.h"
#include "config/module.h"
#include "discovery/module.h"
#include "gateway/module.h"
#include "identity/module.h"
#include "imece/process.h"
#include "ledger/module.h"
#include "messaging/module.h"
#include "security/module.h"

namespace imece {

/// Everything that a process can be told.
struct ServeConfig : ProcessConfig {
    identity::Config identity;
    discovery::Config discovery;
    messaging::Config messaging;
    security::Config security;
    ledger::Config ledger;
    analytics::Config analytics;
    config::Config config;
    gateway::Config gateway;
};

/// All that is wrong with the configuration; `config` and `printed` are filled in any case.
std::vector<std::string> load_config(const runtime::ConfigSources& sources, ServeConfig& config,
                                     std::string& printed);

/// See serve_process().
int serve(const ServeOptions& options);

}  // namespace imece
