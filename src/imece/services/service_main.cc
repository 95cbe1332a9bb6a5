#include "imece/services/service_main.h"

#include <CLI/CLI.hpp>

#include "imece/config_flags.h"
#include "runtime/modules.h"

namespace imece {
namespace {

constexpr const char* kServices[] = {"identity", "discovery", "messaging", "security",
                                     "ledger",   "analytics", "config",    "gateway"};

}  // namespace

int run_service(int argc, char** argv, const std::string& name,
                const std::function<void(runtime::ConfigLoader&)>& load,
                const std::function<Result<std::unique_ptr<runtime::Module>>(const Lent&)>& make) {
    CLI::App app("imece-" + name + ": imece's " + name + " service, as a process of its own");
    app.set_version_flag("--version", kVersion);
    ConfigFlags flags;
    ServeOptions options{.target = name, .data = default_data(), .sources = {}};
    flags.add_to(app);
    app.add_option("--data", options.data, "directory of the stores ($IMECE_DATA)")
        ->capture_default_str();
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    options.sources = flags.sources();
    runtime::ConfigLoader loader(options.sources);
    ProcessConfig config;
    load_process(loader, config);
    load(loader);
    for (const std::string other : kServices)
        if (other != name) loader.leave(other);
    return serve_process(options, loader.problems(), config,
                         [&](runtime::Modules& modules, const Lent& lent) {
                             modules.add(name, {}, [&make, lent] { return make(lent); });
                         });
}

}  // namespace imece
