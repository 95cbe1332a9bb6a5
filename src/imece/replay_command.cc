#include "imece/replay_command.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "replay/replay.h"

namespace imece {

void add_replay(CLI::App& app, int& status) {
    CLI::App& command = *app.add_subcommand(
        "replay", "Drive a backend as the phones of a disaster would, and judge its promises");
    command.footer(
        "Example: imece replay --url http://127.0.0.1:8080 --user operator --password-file "
        "op.password \\\n"
        "           --topology mesh.json --messages texts.csv --churn 0.3\n"
        "Exit status: 0 every judged promise held, 1 not, 2 wrong options or files, 3 no backend.");
    auto options = std::make_shared<replay::Options>();
    command.add_option("--url", options->url, "the gateway")->capture_default_str();
    command.add_option("--ca", options->ca_file, "PEM file of authorities to trust");
    command.add_option("--user", options->user, "an operator")->capture_default_str();
    command.add_option("--password-file", options->password_file, "file with the password")
        ->required();
    command.add_option("--scenario", options->scenario, "built-in name or TOML file")
        ->capture_default_str();
    auto* topology =
        command.add_option("--topology", options->topology,
                           "mesh file: meshviewer, NetJSON or plain links; instead of a scenario");
    command
        .add_option("--messages", options->messages,
                    "CSV of texts and labels; without it the scenario's texts")
        ->needs(topology);
    command.add_option("--seed", options->seed,
                       "the same seed, the same stimulus; default: another each time");
    command.add_option("--phones", options->phones, "instead of the scenario's number");
    command.add_option("--minutes", options->minutes, "of sending, scenario time")
        ->check(CLI::NonNegativeNumber);
    command.add_option("--load", options->load, "times the scenario's messages")
        ->check(CLI::PositiveNumber);
    command
        .add_option("--uplinks", options->uplinks,
                    "share of the mesh's nodes that can reach the backend")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    command
        .add_option("--churn", options->churn, "share of nodes and links that is down on average")
        ->check(CLI::Range(0.0, 0.9))
        ->capture_default_str();
    command.add_option("--speed", options->speed, "refuse a site of another time scale");
    command.add_option("--json", options->json, "write the report here");
    command.add_option("--trace", options->trace, "write every event here (JSON Lines)");
    command.add_option("--ledger", options->ledger, "append what the backend acknowledged here");
    command.callback([options, &status] { status = replay::run(*options); });
}

}  // namespace imece
