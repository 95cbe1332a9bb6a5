#include "imece/config_flags.h"

#include <unistd.h>

#include <cstdlib>
#include <map>
#include <string_view>

extern char** environ;

namespace imece {
namespace {

/// IMECE_… of the environment.
std::map<std::string, std::string> imece_environment() {
    std::map<std::string, std::string> found;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (text.starts_with("IMECE_") && equals != std::string_view::npos)
            found.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return found;
}

}  // namespace

void ConfigFlags::add_to(CLI::App& app) {
    app.add_option("--config", file,
                   "TOML file; environment IMECE_TABLE_KEY and flags go before it");
    app.add_option("--set", sets, "table.key=value, as often as needed");
    app.add_flag("--exercise", exercise, "a drill: everything is marked as one ([site] exercise)");
    app.add_option("--time-scale", time_scale,
                   "site seconds a second, in an exercise ([site] time_scale)");
    app.add_option("--http", http, "address:port of the gateway ([gateway] listen)");
    app.add_option("--grpc", grpc, "address:port for uplink nodes ([rpc] listen)");
}

runtime::ConfigSources ConfigFlags::sources() const {
    runtime::ConfigSources from;
    if (!file.empty()) from.file = file;
    from.environment = imece_environment();
    for (const std::string& set : sets) {
        const std::size_t equals = set.find('=');
        from.flags.emplace_back(set.substr(0, equals),
                                equals == std::string::npos ? "" : set.substr(equals + 1));
    }
    if (exercise) from.flags.emplace_back("site.exercise", "true");
    if (time_scale != 0) from.flags.emplace_back("site.time_scale", std::to_string(time_scale));
    if (!http.empty()) from.flags.emplace_back("gateway.listen", http);
    if (!grpc.empty()) from.flags.emplace_back("rpc.listen", grpc);
    return from;
}

std::string default_data() {
    const char* given = std::getenv("IMECE_DATA");
    return given != nullptr && *given != '\0' ? given : "./var/imece";
}

}  // namespace imece
