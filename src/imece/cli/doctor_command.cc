// imece doctor.
#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <memory>

#include "base/result.h"
#include "imece/cli/backend.h"
#include "imece/cli/commands.h"
#include "imece/cli/doctor_checks.h"
#include "imece/cli/session_file.h"
#include "imece/site/v1/site.grpc.pb.h"

namespace imece::cli {
namespace {

struct Options {
    ServerOptions server;
    std::string http = "127.0.0.1:8080";
    std::string data;
    bool json = false;
};

constexpr const char* kWords[] = {"ok", "warning", "failed"};

void print(Shell& shell, const Finding& finding, bool json) {
    const char* health = kWords[std::size_t(finding.health)];
    if (json) {
        shell.out << boost::json::serialize(boost::json::value{{"check", finding.check},
                                                               {"health", health},
                                                               {"what", finding.what},
                                                               {"action", finding.action}})
                  << '\n';
        return;
    }
    shell.out << health << std::string(9 - std::string_view(health).size(), ' ') << finding.check
              << ": " << plain(finding.what) << '\n';
    if (!finding.action.empty()) shell.out << "         -> " << plain(finding.action) << '\n';
}

Result<std::vector<Finding>> examine(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    std::vector<Finding> all;
    const auto add = [&](std::vector<Finding> found) {
        std::ranges::move(found, std::back_inserter(all));
    };
    add(check_data(data_path(shell, options.data)));
    add(check_session(session_path(shell)));
    add(check_clock());
    add(check_port("gateway", options.http));
    const auto site = backend.call(&imece::site::v1::SiteService::Stub::GetSite,
                                   imece::site::v1::GetSiteRequest{});
    add(check_site(site, shell.clock.now()));
    return all;
}

}  // namespace

void add_doctor(CLI::App& app, Shell& shell) {
    auto options = std::make_shared<Options>();
    CLI::App& command = *app.add_subcommand(
        "doctor",
        "Look at a site on this machine: its data, permissions, ports, clock, room and "
        "version; each finding with what to do. Exit status 1 when something failed");
    command.add_option("--data", options->data, "data directory of the site ($IMECE_DATA)");
    command.add_option("--http", options->http, "host:port of the gateway")->capture_default_str();
    options->server.add_to(command);
    describe(command, options->json, "imece doctor --data ./var/imece");
    command.callback([&shell, options] {
        bool failed = false;
        run(shell, options->json, [&]() -> Status {
            IMECE_TRY(const auto findings, examine(shell, *options));
            for (const Finding& finding : findings) {
                print(shell, finding, options->json);
                failed |= finding.health == Health::kFailed;
            }
            return {};
        });
        if (failed) shell.ended(kFailed);
    });
}

}  // namespace imece::cli
