// imece emergency declare, list, end.
#include "base/result.h"
#include "imece/cli/add_command.h"
#include "imece/cli/commands.h"
#include "imece/ledger/v1/ledger.grpc.pb.h"
#include "runtime/config/loader.h"
#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

namespace pb = imece::ledger::v1;
using Emergencies = pb::EmergencyService::Stub;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    int level = pb::EMERGENCY;
    std::string area, cause, id;
    std::string duration = "24h";
    bool json = false;
};

Status declare(Shell& shell, const Options& options) {
    IMECE_TRY(const auto duration, runtime::parse_duration(options.duration));
    pb::DeclareEmergencyRequest request;
    request.set_level(pb::Level(options.level));
    request.set_area(options.area);
    request.set_cause(options.cause);
    request.set_duration_s(
        std::uint32_t(std::chrono::duration_cast<std::chrono::seconds>(duration).count()));
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    IMECE_TRY(const auto declared, backend.call(&Emergencies::DeclareEmergency, request));
    if (options.json)
        shell.out << json_of(declared) << '\n';
    else
        shell.out << "declared " << pb::Level_Name(declared.level()) << " "
                  << declared.emergency_id() << " for " << plain(declared.area()) << " until "
                  << to_rfc3339(runtime::from_proto(declared.expires_at())) << '\n';
    return {};
}

Status list(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    IMECE_TRY(const auto answer,
              backend.call(&Emergencies::ListEmergencies, pb::ListEmergenciesRequest{}));
    if (options.json) {
        shell.out << json_of(answer) << '\n';
        return {};
    }
    shell.out << "level " << pb::Level_Name(answer.level()) << '\n';
    if (answer.emergencies().empty()) return {};
    std::vector<std::vector<std::string>> rows{{"EMERGENCY", "LEVEL", "AREA", "SINCE", "UNTIL"}};
    for (const pb::Emergency& one : answer.emergencies())
        rows.push_back({one.emergency_id(), pb::Level_Name(one.level()), plain(one.area()),
                        to_rfc3339(runtime::from_proto(one.declared_at())),
                        to_rfc3339(runtime::from_proto(one.expires_at()))});
    print_table(shell.out, rows);
    return {};
}

Status end(Shell& shell, const Options& options) {
    pb::EndEmergencyRequest request;
    request.set_emergency_id(options.id);
    request.set_cause(options.cause);
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    IMECE_TRY(const auto ended, backend.call(&Emergencies::EndEmergency, request));
    if (options.json)
        shell.out << json_of(ended) << '\n';
    else
        shell.out << "ended " << plain(options.id) << " by transaction " << ended.transaction_id()
                  << '\n';
    return {};
}

}  // namespace

void add_emergency(CLI::App& app, Shell& shell) {
    CLI::App& group = *app.add_subcommand("emergency", "Declare, list and end emergencies");
    group.require_subcommand(1);
    const auto add = [&](auto&&... rest) { add_command<Options>(group, shell, rest...); };
    const auto cause = [](CLI::App& command, Options& options) {
        command
            .add_option("--cause", options.cause, "stays on the chain for ever: nothing personal")
            ->required();
    };
    add("declare", "Raise the level of an area until a time",
        "imece emergency declare --level crisis --cause 'M7.8 earthquake' --for 24h", declare,
        [&](CLI::App& command, Options& options) {
            command.add_option("--level", options.level, "emergency or crisis")
                ->transform(
                    CLI::CheckedTransformer(std::map<std::string, int>{{"emergency", pb::EMERGENCY},
                                                                       {"crisis", pb::CRISIS}},
                                            CLI::ignore_case));
            command.add_option("--area", options.area, "a name or cell; the whole site without it");
            command.add_option("--for", options.duration, "how long, at most 30d")
                ->check(duration_text());
            cause(command, options);
        });
    add("list", "List those in force", "imece emergency list", list, [](CLI::App&, Options&) {});
    add("end", "End one before its time", "imece emergency end 0190c8e2-… --cause 'all clear'", end,
        [&](CLI::App& command, Options& options) {
            command.add_option("EMERGENCY", options.id, "its id")->required();
            cause(command, options);
        });
}

}  // namespace imece::cli
