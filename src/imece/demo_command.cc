#include "imece/demo_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <thread>

#include "base/bytes.h"
#include "base/random.h"
#include "imece/cli/commands.h"
#include "imece/serve.h"
#include "replay/replay.h"
#include "runtime/observe/log.h"
#include "sdk/cpp/api.h"

namespace imece {
namespace {

using namespace std::chrono_literals;
struct Options {
    std::string http = "127.0.0.1:8080";
    std::string grpc = "127.0.0.1:7310";
    std::uint64_t time_scale = 6;
    bool once = false;
};

/// Runs one of the operators' commands.
int operate(std::vector<std::string> words) {
    CLI::App app("imece");
    int status = cli::kUsage;
    cli::add_commands(app, status);
    std::ranges::reverse(words);  // As CLI11 takes them.
    app.parse(std::move(words));
    return status;
}

bool becomes_ready(const std::string& url) {
    const auto endpoint = sdk::Endpoint::parse(url, "");
    for (int tries = 600; endpoint && tries > 0; --tries, std::this_thread::sleep_for(100ms))
        if (sdk::Api(*endpoint).call({.target = "/readyz"})) return true;
    std::fprintf(stderr, "imece demo: %s is not ready\n", url.c_str());
    return false;
}

/// Makes the site's first operator and replays a small disaster. The status of `imece replay`.
int drive(const Options& options, const std::filesystem::path& data) {
    replay::Options small{.url = "http://" + options.http, .phones = 60, .minutes = 3};
    if (!becomes_ready(small.url)) return 1;
    Bytes bits(12);
    SystemRandom().fill(bits);
    const std::string password = to_hex(bits);
    small.password_file = data / "operator.password";
    std::ofstream(small.password_file) << password;
    if (operate({"user", "add", small.user, "--role", "operator", "--password-file",
                 small.password_file, "--data", data, "--server", options.grpc}) != cli::kOk)
        return 1;
    const int status = replay::run(small);
    if (!options.once)
        std::printf(
            "\nThe site goes on serving at %s; sign in as '%s' with the password %s.\n"
            "Ctrl-C ends it and removes its data.\n",
            small.url.c_str(), small.user.c_str(), password.c_str());
    std::fflush(stdout);
    return status;
}

/// Serves from a directory of its own, which is gone at the end.
int demo(const Options& options) {
    std::string name = std::filesystem::temp_directory_path() / "imece-demo-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) return std::perror(name.c_str()), 1;
    ServeOptions site{.data = name};
    site.sources.flags = {{"site.exercise", "true"},
                          {"site.name", "demo"},
                          {"site.time_scale", std::to_string(options.time_scale)},
                          {"gateway.listen", options.http},
                          {"rpc.listen", options.grpc}};
    runtime::set_log_level(runtime::LogLevel::kError, 24h);  // The replay speaks.
    int driven = 0;
    site.serving = [&] {
        std::thread([&] {
            driven = drive(options, name);
            if (options.once) kill(getpid(), SIGTERM);
        }).detach();
    };
    const int served = serve(site);
    std::error_code failed;
    std::filesystem::remove_all(name, failed);
    std::fflush(nullptr);
    // Nothing stops a replay in the middle but the end of the process.
    std::_Exit(served != 0 ? served : options.once ? driven : 0);
}

}  // namespace

void add_demo(CLI::App& app, int& status) {
    CLI::App& command = *app.add_subcommand(
        "demo", "See it work: an exercise site on this machine, with a small disaster replayed");
    command.footer(
        "Example: imece demo\n"
        "Exit status: 0 after a clean stop; with --once as 'imece replay'; 1 it could not start.");
    auto options = std::make_shared<Options>();
    command.add_option("--http", options->http, "address:port of the gateway")
        ->capture_default_str();
    command.add_option("--grpc", options->grpc, "address:port for uplink nodes")
        ->capture_default_str();
    command.add_option("--time-scale", options->time_scale, "site seconds a second")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command.add_flag("--once", options->once, "end after the report");
    command.callback([options, &status] { status = demo(*options); });
}

}  // namespace imece
