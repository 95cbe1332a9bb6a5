// imece: the backend and its operators' command line.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/api/problem.h"
#include "gateway/docs/openapi.h"
#include "imece/cli/commands.h"
#include "imece/config_flags.h"
#include "imece/demo_command.h"
#include "imece/join_secret_command.h"
#include "imece/offline_root_command.h"
#include "imece/rebuild_command.h"
#include "imece/replay_command.h"
#include "imece/restore_command.h"
#include "imece/serve.h"
#include "runtime/settings/key.h"

namespace {

void add_serve(CLI::App& app, int& status) {
    CLI::App& command =
        *app.add_subcommand("serve", "Run the backend, or some of its services, as one process");
    command.footer(
        "Example: imece serve --exercise --time-scale 10 --data ./var/drill\n"
        "Exit status: 0 after a clean stop, 1 it could not start, 2 the configuration is wrong.");
    auto flags = std::make_shared<imece::ConfigFlags>();
    auto options = std::make_shared<imece::ServeOptions>();
    options->data = imece::default_data();
    flags->add_to(command);
    command
        .add_option(
            "--target", options->target,
            "all, or a list: identity,discovery,messaging,security,ledger,analytics,config,gateway")
        ->capture_default_str();
    command.add_option("--data", options->data, "directory of the stores ($IMECE_DATA)")
        ->capture_default_str();
    command.callback([flags, options, &status] {
        options->sources = flags->sources();
        status = imece::serve(*options);
    });
}

/// Beside the `config` commands of a running site, which are there.
void add_start_config(CLI::App& app, int& status) {
    CLI::App& command = *app.get_subcommand("config");
    for (const bool print : {false, true}) {
        CLI::App& one = *command.add_subcommand(
            print ? "print" : "check",
            print ? "Print all that a process would start with as TOML, with what each key means; "
                    "secrets left out"
                  : "Say everything that is wrong with it, with its place; exit status 2 when "
                    "something is");
        one.group("Start-up configuration, of file, environment and flags");
        one.footer("Example: imece config check --config /etc/imece.toml");
        auto flags = std::make_shared<imece::ConfigFlags>();
        flags->add_to(one);
        one.callback([flags, print, &status] {
            imece::ServeConfig config;
            std::string printed;
            const auto problems = imece::load_config(flags->sources(), config, printed);
            if (print) std::fputs(printed.c_str(), stdout);
            for (const std::string& problem : problems)
                std::fprintf(stderr, "imece: %s\n", problem.c_str());
            if (!print && problems.empty()) std::puts("the configuration is good");
            status = problems.empty() ? 0 : 2;
        });
    }
}

void add_docs(CLI::App& app, int& status) {
    CLI::App& command = *app.add_subcommand("docs", "Write what is generated from the contracts");
    command.require_subcommand(1);
    command.add_subcommand("errors", "docs/errors.md: every reason")->callback([&status] {
        std::fputs(imece::gateway::errors_markdown().c_str(), stdout);
        status = 0;
    });
    command.add_subcommand("settings", "docs/settings.md: what may be changed at run time")
        ->callback([&status] {
            std::fputs(imece::runtime::settings_markdown().c_str(), stdout);
            status = 0;
        });
    command.add_subcommand("openapi", "The OpenAPI 3.1 document")->callback([&status] {
        std::fputs(imece::gateway::openapi_json(imece::kVersion).c_str(), stdout);
        status = 0;
    });
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("imece: the backend that an emergency mesh network runs on");
    app.require_subcommand(1);
    app.set_version_flag("--version", imece::kVersion);
    int status = 0;
    add_serve(app, status);
    add_docs(app, status);
    imece::add_demo(app, status);
    imece::add_replay(app, status);
    imece::cli::add_commands(app, status);
    add_start_config(app, status);
    imece::add_offline_root(app, status);
    imece::add_join_secret(app, status);
    imece::add_restore(app, status);
    imece::add_rebuild(app, status);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    return status;
}
