// imece backup.
#include "base/result.h"
#include "imece/cli/add_command.h"
#include "imece/cli/commands.h"
#include "imece/process/v1/process.grpc.pb.h"

namespace imece::cli {
namespace {

namespace pb = imece::process::v1;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    bool json = false;
};

Status back_up(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    IMECE_TRY(const auto made,
              backend.call(&pb::ProcessService::Stub::BackUp, pb::BackUpRequest{}));
    if (options.json) {
        shell.out << json_of(made) << '\n';
        return {};
    }
    shell.out
        << made.path() << "\n"
        << made.files() << " files, " << made.bytes() << " bytes; their list has SHA-256 "
        << made.sums_sha256() << "\n"
        << "It holds the site's keys. Copy it to another disk, keep that number elsewhere, and: "
           "imece restore COPY --data NEW --sums-sha256 "
        << made.sums_sha256() << '\n';
    return {};
}

}  // namespace

void add_backup(CLI::App& app, Shell& shell) {
    add_command<Options>(
        app, shell, "backup",
        "Copy all that the process at that address keeps, while it serves, into its "
        "data directory's 'backups'",
        "imece backup", back_up, [](CLI::App& /*command*/, Options& /*options*/) {});
}

}  // namespace imece::cli
