// imece log-level.
#include "base/result.h"
#include "imece/cli/add_command.h"
#include "imece/cli/commands.h"
#include "imece/process/v1/process.grpc.pb.h"
#include "runtime/config/loader.h"

namespace imece::cli {
namespace {

namespace pb = imece::process::v1;
using Process = pb::ProcessService::Stub;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    int level = pb::LOG_LEVEL_UNSPECIFIED;
    std::string duration = "15m";
    bool json = false;
};

Result<pb::LogLevelInForce> ask(Backend& backend, const Options& options) {
    if (options.level == pb::LOG_LEVEL_UNSPECIFIED)
        return backend.call(&Process::GetLogLevel, pb::GetLogLevelRequest{});
    IMECE_TRY(const auto duration, runtime::parse_duration(options.duration));
    pb::SetLogLevelRequest request;
    request.set_level(pb::LogLevel(options.level));
    request.set_duration_s(
        std::uint32_t(std::chrono::ceil<std::chrono::seconds>(duration).count()));
    return backend.call(&Process::SetLogLevel, request);
}

Status log_level(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    IMECE_TRY(const auto now, ask(backend, options));
    if (options.json) {
        shell.out << json_of(now) << '\n';
        return {};
    }
    shell.out << pb::LogLevel_Name(now.level());
    if (now.seconds_left() > 0)
        shell.out << " for " << runtime::duration_text(std::chrono::seconds(now.seconds_left()))
                  << ", then " << pb::LogLevel_Name(now.usual_level());
    shell.out << '\n';
    return {};
}

}  // namespace

void add_log_level(CLI::App& app, Shell& shell) {
    add_command<Options>(
        app, shell, "log-level", "Show what a process writes to its log, or change it for a time",
        "imece log-level debug --for 10m", log_level, [](CLI::App& command, Options& options) {
            command.add_option("LEVEL", options.level, "debug, info, warn or error")
                ->transform(CLI::CheckedTransformer(names_of(*pb::LogLevel_descriptor()),
                                                    CLI::ignore_case));
            command.add_option("--for", options.duration, "how long, at most 24h")
                ->check(duration_text());
        });
}

}  // namespace imece::cli
