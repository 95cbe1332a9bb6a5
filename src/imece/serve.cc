#include "imece/serve.h"

#include "runtime/modules.h"

namespace imece {
namespace {

void add_modules(runtime::Modules& modules, const ServeConfig& config, const Lent& lent) {
    auto& [process, door, trust, settings] = lent;
    // What a module needs runs here, unless other processes of the site are said to have it.
    const bool alone = config.rpc.peers.empty();
    const auto needs = [alone](std::vector<std::string> names) {
        return alone ? names : std::vector<std::string>{};
    };
    modules.add("identity", {}, [&] { return identity::make(process, config.identity, door); });
    modules.add("discovery", needs({"identity"}),
                [&] { return discovery::make(process, config.discovery, door); });
    modules.add("messaging", needs({"identity", "discovery"}),
                [&] { return messaging::make(process, config.messaging, door, trust, settings); });
    modules.add("ledger", needs({"messaging", "identity"}),
                [&] { return ledger::make(process, config.ledger, door); });
    modules.add("config", {}, [&] { return config::make(process, config.config, door); });
    modules.add("security", needs({"identity", "ledger", "config"}),
                [&] { return security::make(process, config.security, door); });
    modules.add("analytics", needs({"messaging", "discovery"}),
                [&] { return analytics::make(process, config.analytics, door); });
    modules.add("gateway", needs({"identity"}), [&]() -> Result<std::unique_ptr<runtime::Module>> {
        return gateway::make(process, config.gateway, trust, settings,
                             [&trust] { return knows_keys(trust); });
    });
    modules.add("all", {"identity", "discovery", "messaging", "security", "ledger", "analytics",
                        "config", "gateway"});
}

}  // namespace

std::vector<std::string> load_config(const runtime::ConfigSources& sources, ServeConfig& config,
                                     std::string& printed) {
    runtime::ConfigLoader loader(sources);
    load_process(loader, config);
    loader.load("identity", config.identity);
    loader.load("discovery", config.discovery);
    loader.load("messaging", config.messaging);
    loader.load("security", config.security);
    loader.load("ledger", config.ledger);
    loader.load("analytics", config.analytics);
    loader.load("config", config.config);
    loader.load("gateway", config.gateway);
    printed = loader.printed();
    return loader.problems();
}

int serve(const ServeOptions& options) {
    ServeConfig config;
    std::string printed;
    const auto problems = load_config(options.sources, config, printed);
    return serve_process(options, problems, config,
                         [&config](runtime::Modules& modules, const Lent& lent) {
                             add_modules(modules, config, lent);
                         });
}

}  // namespace imece
