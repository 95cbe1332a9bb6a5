// imece flag list, on, off, set: the settings that are feature flags.
#include "base/result.h"
#include "imece/cli/add_command.h"
#include "imece/cli/commands.h"
#include "imece/cli/settings.h"

namespace imece::cli {
namespace {

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    std::string key;
    unsigned percent = 0;
    std::vector<std::string> roles;
    bool json = false;
};

Status list(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    IMECE_TRY(const auto all, backend.call(&ConfigStub::ListSettings, pb::ListSettingsRequest{}));
    std::vector<std::vector<std::string>> rows{{"FLAG", "FOR", "MEANS"}};
    for (const pb::Setting& one : all.settings()) {
        if (one.kind() != pb::FLAG) continue;
        if (options.json) shell.out << json_of(one) << '\n';
        rows.push_back({plain(one.key()), plain(one.value()), plain(one.means())});
    }
    if (!options.json) print_table(shell.out, rows);
    return {};
}

Status set(Shell& shell, const Options& options, const std::string& value) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    IMECE_TRY(const auto present, get_setting(backend, options.key));
    return set_setting(shell, backend, {options.key, value, present.revision()}, options.json);
}

Status set_share(Shell& shell, const Options& options) {
    std::string value = std::to_string(options.percent) + "%";
    for (const std::string& role : options.roles)
        value += (&role == &options.roles.front() ? " " : ",") + role;
    return set(shell, options, value);
}

}  // namespace

void add_flag(CLI::App& app, Shell& shell) {
    CLI::App& group = *app.add_subcommand("flag", "Feature flags: for whom a feature is on");
    group.require_subcommand(1);
    const auto add = [&](auto&&... rest) { add_command<Options>(group, shell, rest...); };
    const auto key = [](CLI::App& command, Options& options) {
        command.add_option("FLAG", options.key, "as 'imece flag list' names it")->required();
    };
    add("list", "List the flags", "imece flag list", list, [](CLI::App&, Options&) {});
    for (const char* word : {"on", "off"})
        add(
            word, std::string("Turn a feature " + std::string(word) + " for everybody").c_str(),
            std::string("imece flag " + std::string(word) + " gateway.web_sockets").c_str(),
            [word](Shell& with, const Options& options) { return set(with, options, word); }, key);
    add("set", "Turn a feature on for some",
        "imece flag set gateway.web_sockets --percent 25 --role operator", set_share,
        [&](CLI::App& command, Options& options) {
            key(command, options);
            command
                .add_option("--percent", options.percent,
                            "of all subjects; always the same ones, and more with a larger number")
                ->check(CLI::Range(0, 100));
            command.add_option("--role", options.roles, "everybody of this role; may be repeated")
                ->check(CLI::IsMember({"citizen", "responder", "dispatcher", "operator"}))
                ->take_all();
        });
}

}  // namespace imece::cli
