#include "imece/rebuild_command.h"

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "analytics/module.h"
#include "base/result.h"
#include "imece/site.h"

namespace imece {
namespace {

Status rebuild(const std::string& directory) {
    std::string kind;
    std::ifstream(std::filesystem::path(directory) / "site-kind") >> kind;
    if (kind.empty())
        return fail(ErrorCode::kFailedPrecondition, "DATA_DIR_REFUSED",
                    directory + " holds the data of no site");
    // The lock keeps a server from starting meanwhile.
    IMECE_TRY(const DataDir data, DataDir::open(directory, {.exercise = kind == "exercise"}));
    return analytics::forget(data.path());
}

}  // namespace

void add_rebuild(CLI::App& app, int& status) {
    CLI::App& command = *app.get_subcommand("analytics")
                             ->add_subcommand("rebuild",
                                              "Forget what was counted on a site that is stopped. "
                                              "The next start counts what the event logs still "
                                              "hold; what they no longer hold is gone.");
    command.footer(
        "Example: imece analytics rebuild --data /var/lib/imece\n"
        "Exit status: 0 done, 1 failed; then nothing was changed.");
    auto data = std::make_shared<std::string>();
    command.add_option("--data", *data, "directory of the stores")->required();
    command.callback([data, &status] {
        const Status done = rebuild(*data);
        if (done)
            std::puts("forgotten: the next start counts anew");
        else
            std::fprintf(stderr, "imece: %.*s: %s\n", int(done.error().reason.size()),
                         done.error().reason.data(), done.error().message.c_str());
        status = done ? 0 : 1;
    });
}

}  // namespace imece
