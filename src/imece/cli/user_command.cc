// imece user add.
#include <boost/json.hpp>
#include <fstream>
#include <memory>

#include "base/result.h"
#include "imece/cli/backend.h"
#include "imece/cli/commands.h"
#include "imece/identity/v1/identity.grpc.pb.h"

namespace imece::cli {
namespace {

namespace pb = imece::identity::v1;
using Identity = pb::IdentityService::Stub;
using imece::type::v1::Role;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    std::string name;
    std::vector<int> roles;
    std::string password_file;
    bool generate = false;
    std::string data;
    bool json = false;
};

/// 100 random bits in letters and digits that are not taken for one another.
std::string make_password(Random& random) {
    constexpr std::string_view kLetters = "abcdefghjkmnpqrstuvwxyz023456789";
    std::string password;
    for (int i = 0; i < 20; ++i) {
        if (i > 0 && i % 5 == 0) password += '-';
        password += kLetters[random.below(kLetters.size())];
    }
    return password;
}

/// The token of the one-time link, while the site has no operator.
std::string setup_token(const Shell& shell, const Options& options) {
    std::ifstream file(data_path(shell, options.data) / "setup-link");
    std::string link;
    std::getline(file, link);
    const std::size_t hash = link.find('#');
    return hash == std::string::npos ? "" : link.substr(hash + 1);
}

Result<pb::User> make_user(Shell& shell, Backend& backend, const Options& options,
                           const std::string& password, bool& first) {
    const std::string token = setup_token(shell, options);
    first = !token.empty();
    if (first) {
        if (options.roles != std::vector<int>{Role::OPERATOR})
            return fail(ErrorCode::kInvalidArgument, "ARGUMENT_INVALID",
                        "the site has no operator yet: its first user has --role operator");
        pb::SetUpRequest request;
        request.set_setup_token(token);
        request.set_name(options.name);
        request.set_password(password);
        return backend.call(&Identity::SetUp, request);
    }
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    pb::CreateUserRequest request;
    request.set_name(options.name);
    request.set_password(password);
    for (const int role : options.roles) request.add_roles(Role(role));
    return backend.call(&Identity::CreateUser, request);
}

Status add(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_TRY(const std::string password, options.generate
                                              ? Result<std::string>(make_password(shell.random))
                                              : read_secret(shell, options.password_file));
    bool first = false;
    IMECE_TRY(const pb::User user, make_user(shell, backend, options, password, first));
    if (options.json) {
        auto answer = boost::json::parse(json_of(user)).as_object();
        if (options.generate) answer["password"] = password;
        shell.out << boost::json::serialize(answer) << '\n';
        return {};
    }
    shell.out << "made " << (first ? "the first operator, " : "user ") << plain(user.name()) << " ("
              << user.user_id() << ")\n";
    if (options.generate) shell.out << "password: " << password << "   (shown this once)\n";
    if (first) shell.out << "now: imece login --user " << plain(user.name()) << '\n';
    return {};
}

}  // namespace

void add_user(CLI::App& app, Shell& shell) {
    CLI::App& group = *app.add_subcommand("user", "Users of the site");
    group.require_subcommand(1);
    auto options = std::make_shared<Options>();
    CLI::App& command = *group.add_subcommand(
        "add",
        "Make a user. The first one of a site is made with the one-time link that lies in "
        "its data directory; later ones by an operator who is signed in");
    command.add_option("NAME", options->name, "a-z, then a-z 0-9 . _ -")->required();
    command
        .add_option("--role", options->roles,
                    "citizen, responder, dispatcher or operator; may be repeated")
        ->required()
        ->take_all()
        ->transform(CLI::CheckedTransformer(names_of(*imece::type::v1::Role_descriptor()),
                                            CLI::ignore_case));
    auto* password = command.add_option_group("password");
    password->add_option("--password-file", options->password_file,
                         "file with the new user's password; - for standard input");
    password->add_flag("--generate", options->generate, "make a password and show it once");
    password->require_option(1);
    command.add_option("--data", options->data,
                       "data directory of the site, where its set-up link is ($IMECE_DATA)");
    options->server.add_to(command);
    options->sign_in.add_to(command, "as-");
    describe(command, options->json, "imece user add ayse --role operator --generate");
    command.callback(
        [&shell, options] { run(shell, options->json, [&] { return add(shell, *options); }); });
    add_user_actions(group, shell);
}

}  // namespace imece::cli
