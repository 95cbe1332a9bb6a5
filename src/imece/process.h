// A process of the site, whatever services it runs.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "imece/site.h"
#include "runtime/config/loader.h"
#include "runtime/observe/watch_server.h"
#include "runtime/rpc/server.h"
#include "runtime/telemetry/otlp_exporter.h"

namespace imece::runtime {
class Door;
class Modules;
class Settings;
class TrustStore;
struct Process;
}  // namespace imece::runtime

namespace imece {

/// What every process can be told.
struct ProcessConfig {
    SiteConfig site;
    runtime::RpcConfig rpc;
    runtime::TelemetryConfig telemetry;
    runtime::WatchConfig watch;
};
void load_process(runtime::ConfigLoader& loader, ProcessConfig& config);

struct ServeOptions {
    std::string target = "all";
    std::filesystem::path data = "./var/imece";
    runtime::ConfigSources sources;
    std::function<void()> serving = [] {};  ///< Called once, when it serves.
};

/// What the makers of modules are lent. All of it outlives them.
struct Lent {
    runtime::Process& process;
    runtime::Door& door;
    runtime::TrustStore& trust;
    runtime::Settings& settings;
};
/// Says which modules there are, without making one.
using AddModules = std::function<void(runtime::Modules&, const Lent&)>;

/// Whether callers can be told apart yet. Errors: kUnavailable KEYS_UNAVAILABLE.
Status knows_keys(const runtime::TrustStore& trust);

/// Serves options.target until SIGINT or SIGTERM, then drains. Exit status: 0 after a clean stop, 1 when it could not start, 2 with
/// `problems` or for a wrong configuration.
int serve_process(const ServeOptions& options, const std::vector<std::string>& problems,
                  const ProcessConfig& config, const AddModules& add_modules);

}  // namespace imece
