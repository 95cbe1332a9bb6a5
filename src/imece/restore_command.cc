#include "imece/restore_command.h"

#include <cstdio>
#include <memory>
#include <string>

#include "runtime/backup/backup.h"

namespace imece {

void add_restore(CLI::App& app, int& status) {
    struct Options {
        std::string backup, data, sums_sha256;
    };
    CLI::App& command = *app.add_subcommand(
        "restore",
        "Make a data directory of a backup, on any machine. Every file is checked before the first "
        "is copied.");
    command.footer(
        "Example: imece restore /media/usb/20261127T154500.123Z --data /var/lib/imece\n"
        "Exit status: 0 done, 1 refused or failed; then there is no such directory.\n"
        "Two sites of one identity must not serve at the same time: keep the old one off.");
    auto options = std::make_shared<Options>();
    command.add_option("BACKUP", options->backup, "what 'imece backup' made")->required();
    command.add_option("--data", options->data, "the directory to be; absent or empty")->required();
    command.add_option("--sums-sha256", options->sums_sha256,
                       "what 'imece backup' said of its list: nothing else is restored");
    command.callback([options, &status] {
        const auto done =
            runtime::restore_backup(options->backup, options->data, options->sums_sha256);
        if (done)
            std::printf("%s: %llu files, %llu bytes, all as they were; imece serve --data %s\n",
                        options->data.c_str(), static_cast<unsigned long long>(done->files),
                        static_cast<unsigned long long>(done->bytes), options->data.c_str());
        else
            std::fprintf(stderr, "imece: %.*s: %s\n", int(done.error().reason.size()),
                         done.error().reason.data(), done.error().message.c_str());
        status = done ? 0 : 1;
    });
}

}  // namespace imece
