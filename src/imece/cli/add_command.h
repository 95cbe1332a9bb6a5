// How a command that calls a backend is added to its group.
#pragma once

#include <memory>

#include "imece/cli/backend.h"

namespace imece::cli {

/// `Options` has `server`, `sign_in` and `json`; `more` adds the command's own options, `work(shell, options)` is its body.
template <class Options, class Work, class More>
void add_command(CLI::App& group, Shell& shell, const char* name, const char* help,
                 const char* example, const Work& work, const More& more) {
    auto options = std::make_shared<Options>();
    CLI::App& command = *group.add_subcommand(name, help);
    more(command, *options);
    options->server.add_to(command);
    options->sign_in.add_to(command);
    describe(command, options->json, example);
    command.callback([&shell, options, work] {
        run(shell, options->json, [&] { return work(shell, *options); });
    });
}

}  // namespace imece::cli
