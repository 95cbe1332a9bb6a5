// imece enrolment-token create.
#include <memory>

#include "base/result.h"
#include "imece/cli/backend.h"
#include "imece/cli/commands.h"
#include "imece/identity/v1/identity.grpc.pb.h"
#include "runtime/config/loader.h"
#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

namespace pb = imece::identity::v1;
using Identity = pb::IdentityService::Stub;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    std::uint32_t quota = 1;
    std::string expires_in;
    std::vector<int> classes;
    std::vector<int> network_roles;
    std::string owner;
    bool json = false;
};

Status create(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    pb::CreateEnrolmentTokenRequest request;
    request.set_quota(options.quota);
    if (!options.expires_in.empty()) {
        IMECE_TRY(const auto lifetime, runtime::parse_duration(options.expires_in));
        request.mutable_expires_in()->set_seconds(
            std::chrono::duration_cast<std::chrono::seconds>(lifetime).count());
    }
    for (const int one : options.classes) request.add_classes(imece::type::v1::Priority(one));
    for (const int one : options.network_roles)
        request.add_network_roles(imece::type::v1::NetworkRole(one));
    request.set_owner_user_id(options.owner);
    IMECE_TRY(const pb::EnrolmentToken token,
              backend.call(&Identity::CreateEnrolmentToken, request));
    if (options.json)
        shell.out << json_of(token) << '\n';
    else
        shell.out << token.token() << '\n'
                  << "for " << token.quota() << " devices, until "
                  << to_rfc3339(runtime::from_proto(token.expires_at())) << " (shown this once)\n";
    return {};
}

}  // namespace

void add_enrolment_token(CLI::App& app, Shell& shell) {
    CLI::App& group =
        *app.add_subcommand("enrolment-token", "Tokens with which devices join the site");
    group.require_subcommand(1);
    auto options = std::make_shared<Options>();
    CLI::App& command = *group.add_subcommand("create", "Make a token");
    command.add_option("--quota", options->quota, "devices that may use it")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command.add_option("--expires-in", options->expires_in, "1m to 30d (24h otherwise)")
        ->check(duration_text());
    command
        .add_option("--class", options->classes,
                    "class in which the devices may send; may be repeated (LIFE_CRITICAL and "
                    "COMMUNICATION otherwise)")
        ->take_all()
        ->transform(CLI::CheckedTransformer(names_of(*imece::type::v1::Priority_descriptor()),
                                            CLI::ignore_case));
    command
        .add_option("--network-role", options->network_roles,
                    "ENDPOINT or CARRIER; may be repeated (ENDPOINT otherwise)")
        ->take_all()
        ->transform(CLI::CheckedTransformer(names_of(*imece::type::v1::NetworkRole_descriptor()),
                                            CLI::ignore_case));
    command.add_option("--owner", options->owner, "id of the user whose devices they are");
    options->server.add_to(command);
    options->sign_in.add_to(command);
    describe(command, options->json, "imece enrolment-token create --quota 100 --expires-in 7d");
    command.callback(
        [&shell, options] { run(shell, options->json, [&] { return create(shell, *options); }); });
}

}  // namespace imece::cli
