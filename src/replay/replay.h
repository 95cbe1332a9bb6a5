// `imece replay`: a disaster, or a real mesh, driven through a running backend.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace imece::replay {

struct Options {
    std::string url = "http://127.0.0.1:8080";
    std::string ca_file;  ///< PEM; for https with an authority of one's own.
    std::string user = "operator";
    std::string password_file;
    std::string scenario = "kahramanmaras-2023";  ///< A built-in name, or a TOML file.
    std::string topology;                         ///< A mesh file; it takes the scenario's place.
    std::string messages;                         ///< A CSV file of texts, with --topology.
    std::uint64_t seed = 0;                       ///< 0: another one each time; it is printed.
    std::uint32_t phones = 0;                     ///< 0: as the scenario says.
    double minutes = 0;       ///< Of sending, scenario time; 0: as the scenario says, or 20.
    double load = 1;          ///< Times the scenario's messages an hour.
    double uplinks = 0.05;    ///< Share of a mesh's nodes that can reach the backend.
    double churn = 0;         ///< Share of its nodes and links that is down on average.
    std::uint32_t speed = 0;  ///< Refuse a site of another time scale; 0: take what it has.
    std::string json;         ///< The report as JSON, into this file.
    std::string trace;        ///< Every event as JSON Lines, into this file (docs/trace.md).
    std::string ledger;       ///< What the backend acknowledged, appended to this file.
};

/// Exit status: 0 when every judged promise held, nothing came twice and nothing acknowledged was
/// lost; 1 when not; 2 for wrong options or files; 3 when the backend cannot be reached or refuses.
int run(const Options& options);

}  // namespace imece::replay
