// imece login, imece logout.
#include <termios.h>
#include <unistd.h>

#include <memory>

#include "base/result.h"
#include "imece/cli/backend.h"
#include "imece/cli/commands.h"
#include "imece/cli/session_file.h"
#include "imece/identity/v1/identity.grpc.pb.h"
#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

namespace pb = imece::identity::v1;
using Identity = pb::IdentityService::Stub;

struct Options {
    ServerOptions server;
    std::string user;
    std::string password_file;
    bool json = false;
};

/// Asks at the terminal without showing what is typed; reads standard input where that is none.
Result<std::string> ask_password(Shell& shell) {
    termios before{};
    const bool terminal = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        termios hidden = before;
        hidden.c_lflag &= ~tcflag_t{ECHO};
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
        shell.err << "password: " << std::flush;
    }
    auto password = read_secret(shell, "-");
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        shell.err << '\n';
    }
    return password;
}

Status login(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    pb::LoginRequest request;
    request.set_name(options.user);
    IMECE_TRY(*request.mutable_password(), options.password_file.empty()
                                               ? ask_password(shell)
                                               : read_secret(shell, options.password_file));
    IMECE_TRY(const pb::Session session, backend.call(&Identity::Login, request));
    const auto file = session_path(shell);
    IMECE_CHECK(write_session(file, {.server = backend.server(),
                                     .user = options.user,
                                     .access_token = session.access_token(),
                                     .refresh_token = session.refresh_token()}));
    // The tokens are for the file only.
    pb::Session shown = session;
    shown.clear_access_token();
    shown.clear_refresh_token();
    if (options.json)
        shell.out << json_of(shown) << '\n';
    else
        shell.out << "signed in as " << options.user << " at " << backend.server() << " until "
                  << to_rfc3339(runtime::from_proto(session.refresh_expires_at())) << '\n';
    return {};
}

Status logout(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, SignInOptions{}));
    const auto ended = backend.call(&Identity::Logout, pb::LogoutRequest{});
    // A session that the backend does not know any more is as good as ended.
    if (!ended && ended.error().code != ErrorCode::kUnauthenticated)
        return std::unexpected(ended.error());
    std::error_code ignored;
    std::filesystem::remove(session_path(shell), ignored);
    shell.out << (options.json ? "{}\n" : "signed out\n");
    return {};
}

}  // namespace

void add_login(CLI::App& app, Shell& shell) {
    auto options = std::make_shared<Options>();
    CLI::App& in = *app.add_subcommand("login",
                                       "Sign in and stay signed in for 7 days; the session lies in "
                                       "~/.config/imece/session.json, for you alone");
    options->server.add_to(in);
    in.add_option("--user", options->user, "your name")->required();
    in.add_option("--password-file", options->password_file,
                  "file with the password; asked for otherwise");
    describe(in, options->json, "imece login --user ayse");
    in.callback(
        [&shell, options] { run(shell, options->json, [&] { return login(shell, *options); }); });

    CLI::App& out = *app.add_subcommand("logout", "End the session that login began");
    options->server.add_to(out);
    describe(out, options->json, "imece logout");
    out.callback(
        [&shell, options] { run(shell, options->json, [&] { return logout(shell, *options); }); });
}

}  // namespace imece::cli
