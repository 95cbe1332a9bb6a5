// imece version.
#include <boost/json.hpp>
#include <memory>

#include "imece/cli/commands.h"

namespace imece::cli {

void add_version(CLI::App& app, Shell& shell) {
    auto as_json = std::make_shared<bool>(false);
    CLI::App& command = *app.add_subcommand("version", "Say which version this is");
    describe(command, *as_json, "imece version --json");
    command.callback([&shell, as_json] {
        run(shell, *as_json, [&]() -> Status {
            if (*as_json)
                shell.out << boost::json::serialize(boost::json::value{{"version", IMECE_VERSION},
                                                                       {"compiler", __VERSION__}})
                          << '\n';
            else
                shell.out << "imece " << IMECE_VERSION << '\n';
            return {};
        });
    });
}

}  // namespace imece::cli
