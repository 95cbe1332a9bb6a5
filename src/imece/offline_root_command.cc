#include "imece/offline_root_command.h"

#include <cstdio>
#include <memory>

#include "security/module.h"

namespace imece {

void add_offline_root(CLI::App& app, int& status) {
    CLI::App& command = *app.get_subcommand("ca")->add_subcommand(
        "offline-root",
        "Take the root key away from the site, sealed, into a file for another place. Certificates "
        "go on; the key is needed again once a year, for the next intermediate.");
    command.footer(
        "Example: imece ca offline-root --data /var/lib/imece --out /media/usb/root.key "
        "--passphrase-file /media/usb/passphrase\n"
        "Exit status: 0 done, 1 failed; then nothing was changed.");
    auto options = std::make_shared<security::OfflineRoot>();
    command.add_option("--data", options->data, "directory of the stores")->required();
    command.add_option("--out", options->out, "the file to be; it must not be there")->required();
    command
        .add_option("--passphrase-file", options->passphrase_file,
                    "its first line seals the key there")
        ->required();
    command.add_option("--sealed-with", options->old_passphrase_file,
                       "the passphrase that seals it now, where one does");
    command.callback([options, &status] {
        const Status done = security::take_root_offline(*options);
        if (done)
            std::printf("the root key is in %s and nowhere else: keep it, and its passphrase\n",
                        options->out.c_str());
        else
            std::fprintf(stderr, "imece: %.*s: %s\n", int(done.error().reason.size()),
                         done.error().reason.data(), done.error().message.c_str());
        status = done ? 0 : 1;
    });
}

}  // namespace imece
