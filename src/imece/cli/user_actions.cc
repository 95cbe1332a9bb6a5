// imece user list, disable, enable, end-sessions, export, erase.
#include <memory>

#include "base/ids.h"
#include "base/result.h"
#include "imece/cli/backend.h"
#include "imece/cli/commands.h"
#include "imece/identity/v1/identity.grpc.pb.h"
#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

namespace pb = imece::identity::v1;
using Identity = pb::IdentityService::Stub;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    std::string user;  ///< Name or id.
    bool json = false;
};

Result<std::vector<pb::User>> all_users(Backend& backend) {
    std::vector<pb::User> users;
    IMECE_CHECK(backend.each_page(&Identity::ListUsers, [&](pb::ListUsersResponse& page) {
        for (pb::User& user : *page.mutable_users()) users.push_back(std::move(user));
    }));
    return users;
}

Result<std::string> id_of(Backend& backend, const std::string& user) {
    if (parse_id<UserId>(user)) return user;
    IMECE_TRY(const std::vector<pb::User> users, all_users(backend));
    for (const pb::User& one : users)
        if (one.name() == user) return one.user_id();
    return fail(ErrorCode::kNotFound, "USER_UNKNOWN", "no user is called " + user);
}

std::string words_of(const pb::User& user) {
    std::string roles;
    for (const int role : user.roles())
        roles +=
            (roles.empty() ? "" : " ") + imece::type::v1::Role_Name(imece::type::v1::Role(role));
    return roles;
}

Status list(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    IMECE_TRY(const auto users, all_users(backend));
    std::vector<std::vector<std::string>> rows{{"NAME", "ID", "ROLES", "DISABLED SINCE"}};
    for (const pb::User& user : users) {
        if (options.json) shell.out << json_of(user) << '\n';
        rows.push_back(
            {user.name(), user.user_id(), words_of(user),
             user.has_disabled_at() ? to_rfc3339(runtime::from_proto(user.disabled_at())) : "-"});
    }
    if (!options.json) print_table(shell.out, rows);
    return {};
}

/// Calls `method` about the user, and says `done` of them, or the answer as JSON where `whole`.
template <class Request, class Response>
auto act(grpc::Status (Identity::*method)(grpc::ClientContext*, const Request&, Response*),
         const char* done, bool whole = false) {
    return [=](Shell& shell, const Options& options) -> Status {
        IMECE_TRY(Backend backend, Backend::open(options.server));
        IMECE_CHECK(backend.sign_in(shell, options.sign_in));
        IMECE_TRY(const std::string id, id_of(backend, options.user));
        Request request;
        request.set_user_id(id);
        IMECE_TRY(const Response answer, backend.call(method, request));
        if (options.json || whole)
            shell.out << json_of(answer) << '\n';
        else
            shell.out << done << ' ' << plain(options.user) << '\n';
        return {};
    };
}

}  // namespace

void add_user_actions(CLI::App& group, Shell& shell) {
    auto options = std::make_shared<Options>();
    const auto add = [&](const char* name, const char* help, const std::string& example, auto work,
                         bool of_one = true) {
        CLI::App& command = *group.add_subcommand(name, help);
        if (of_one) command.add_option("USER", options->user, "name or id")->required();
        options->server.add_to(command);
        options->sign_in.add_to(command, "as-");
        describe(command, options->json, example);
        command.callback([&shell, options, work] {
            run(shell, options->json, [&] { return work(shell, *options); });
        });
    };
    add("list", "List the users", "imece user list", list, false);
    add("disable", "Refuse a user from now on, and end all their sessions",
        "imece user disable mehmet", act(&Identity::DisableUser, "disabled"));
    add("enable", "Let a disabled user sign in again", "imece user enable mehmet",
        act(&Identity::EnableUser, "enabled"));
    add("end-sessions", "Sign a user out everywhere", "imece user end-sessions mehmet",
        act(&Identity::EndSessions, "ended all sessions of"));
    add("export", "Print all that identity keeps of a user, as JSON",
        "imece user export mehmet > mehmet.json", act(&Identity::ExportUser, "", true));
    add("erase", "Erase a user for good, and revoke their devices", "imece user erase mehmet",
        act(&Identity::EraseUser, "erased"));
}

}  // namespace imece::cli
