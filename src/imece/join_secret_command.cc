#include "imece/join_secret_command.h"

#include <cstdio>
#include <memory>

#include "base/result.h"
#include "runtime/files/private_file.h"
#include "security/module.h"

namespace imece {
namespace {

struct Options {
    std::string service, data, out;
};

Status write_join_secret(const Options& options) {
    IMECE_TRY(const std::string secret, security::join_secret(options.data, options.service));
    return runtime::write_private_file(options.out, secret + "\n");
}

}  // namespace

void add_join_secret(CLI::App& app, int& status) {
    CLI::App& command = *app.get_subcommand("ca")->add_subcommand(
        "join-secret",
        "Write the secret by which a process joins the site as SERVICE, from the data directory of "
        "its security service; before its first start, too. The same each time. Who holds the file "
        "can be that service, and no other.");
    command.footer(
        "Example: imece ca join-secret messaging --data /var/lib/imece-security --out "
        "/etc/imece/messaging.join\n"
        "Exit status: 0 done, 1 failed.");
    auto options = std::make_shared<Options>();
    command.add_option("service", options->service, "identity, messaging, gateway, …")->required();
    command.add_option("--data", options->data, "the security service's directory of stores")
        ->required();
    command.add_option("--out", options->out, "the file, mode 0600; replaced where it is there")
        ->required();
    command.callback([options, &status] {
        const Status done = write_join_secret(*options);
        if (!done)
            std::fprintf(stderr, "imece: %.*s: %s\n", int(done.error().reason.size()),
                         done.error().reason.data(), done.error().message.c_str());
        status = done ? 0 : 1;
    });
}

}  // namespace imece
