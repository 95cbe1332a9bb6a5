// imece-bench: figures of this tree on this machine.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "bench/areas.h"

namespace {

struct Area {
    const char* name;
    imece::Status (*run)(imece::bench::Report&, const imece::bench::Peers&);
};
constexpr Area kAreas[] = {{"startup", imece::bench::startup},
                           {"submit", imece::bench::submit},
                           {"deliver", imece::bench::deliver},
                           {"rest", imece::bench::rest},
                           {"hot", imece::bench::hot}};

constexpr int kMissed = 1;
constexpr int kUsage = 2;
constexpr int kBroken = 3;

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("imece-bench: measures, a line a figure");
    app.footer(
        "Exit status: 0 every goal was met, 1 one was missed, 2 wrong options, 3 it could not be "
        "measured.");
    std::vector<std::string> names;
    for (const Area& area : kAreas) names.emplace_back(area.name);
    std::vector<std::string> wanted;
    std::string file;
    app.add_option("area", wanted, "what to measure; default: everything")
        ->check(CLI::IsMember(names));
    imece::bench::Peers peers;
    app.add_option("--envoy", peers.envoy, "Envoy's program, to measure beside our gateway");
    app.add_option("--json", file, "write the figures here too");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kUsage;
    }

    imece::bench::Report report;
    bool broken = false;
    for (const Area& area : kAreas) {
        if (!wanted.empty() && std::ranges::find(wanted, area.name) == wanted.end()) continue;
        if (const auto done = area.run(report, peers); !done) {
            std::fprintf(stderr, "imece-bench: %s: %s\n", area.name, done.error().message.c_str());
            broken = true;
        }
    }
    if (!file.empty() && !(std::ofstream(file) << report.to_json())) {
        std::fprintf(stderr, "imece-bench: cannot write %s\n", file.c_str());
        broken = true;
    }
    return broken ? kBroken : report.all_met() ? 0 : kMissed;
}
