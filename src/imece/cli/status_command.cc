// imece status.
#include <boost/json.hpp>
#include <memory>

#include "base/result.h"
#include "imece/cli/backend.h"
#include "imece/cli/commands.h"
#include "imece/discovery/v1/discovery.grpc.pb.h"
#include "imece/messaging/v1/messaging.grpc.pb.h"
#include "imece/site/v1/site.grpc.pb.h"
#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

namespace site = imece::site::v1;
namespace messaging = imece::messaging::v1;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    bool json = false;
};

/// Those of the signed-in user; the reason why not otherwise.
Result<messaging::Queues> queues_of(Shell& shell, Backend& backend, const SignInOptions& sign_in) {
    IMECE_CHECK(backend.sign_in(shell, sign_in));
    return backend.call(&messaging::MessageService::Stub::GetQueues, messaging::GetQueuesRequest{});
}

void print(Shell& shell, const site::Site& answer) {
    std::string services;
    for (const std::string& service : answer.services())
        services += (services.empty() ? "" : ", ") + service;
    shell.out << "site      " << plain(answer.name()) << '\n'
              << "kind      "
              << (answer.exercise() ? "exercise, time runs x" + std::to_string(answer.time_scale())
                                    : "real")
              << "\nversion   " << plain(answer.version()) << "\ntime      "
              << to_rfc3339(runtime::from_proto(answer.now())) << "\nservices  " << plain(services)
              << '\n';
}

void print(Shell& shell, const messaging::Queues& queues) {
    std::vector<std::vector<std::string>> rows{
        {"CLASS", "WAITING", "IN FLIGHT", "ACCEPTED", "DELIVERED", "EXPIRED", "OLDEST"}};
    for (const messaging::ClassQueue& queue : queues.classes())
        rows.push_back(
            {imece::type::v1::Priority_Name(queue.priority()), std::to_string(queue.waiting()),
             std::to_string(queue.in_flight()), std::to_string(queue.accepted_total()),
             std::to_string(queue.delivered_total()), std::to_string(queue.expired_total()),
             queue.has_oldest_accepted_at()
                 ? to_rfc3339(runtime::from_proto(queue.oldest_accepted_at()))
                 : "-"});
    print_table(shell.out, rows);
    shell.out << queues.links() << " links, topology version " << queues.topology_version() << '\n';
}

Status status(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_TRY(const site::Site answer,
              backend.call(&site::SiteService::Stub::GetSite, site::GetSiteRequest{}));
    const auto queues = queues_of(shell, backend, options.sign_in);
    // Anyone may know the site; the queues are a bonus for those with the right, unless asked for
    // by naming a user.
    if (!queues && !options.sign_in.user.empty()) return std::unexpected(queues.error());
    if (options.json) {
        boost::json::object all{{"site", boost::json::parse(json_of(answer))}};
        if (queues) all["queues"] = boost::json::parse(json_of(*queues));
        shell.out << boost::json::serialize(all) << '\n';
        return {};
    }
    print(shell, answer);
    if (queues)
        print(shell, *queues);
    else
        shell.out << "queues    not shown: " << plain(queues.error().message) << '\n';
    return {};
}

}  // namespace

void add_status(CLI::App& app, Shell& shell) {
    auto options = std::make_shared<Options>();
    CLI::App& command = *app.add_subcommand(
        "status", "Say which site answers, its time and services, and how full its queues are");
    options->server.add_to(command);
    options->sign_in.add_to(command);
    describe(command, options->json, "imece status --server 127.0.0.1:7310");
    command.callback(
        [&shell, options] { run(shell, options->json, [&] { return status(shell, *options); }); });
}

}  // namespace imece::cli
