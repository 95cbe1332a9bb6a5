// imece config list, get, set, reset, history, watch: the run-time settings of a site.
#include "base/result.h"
#include "imece/cli/add_command.h"
#include "imece/cli/commands.h"
#include "imece/cli/settings.h"
#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    std::string key, value;
    std::int64_t expected = -1;  ///< -1: whatever it is now.
    std::int64_t after = -1;     ///< -1: only what comes.
    std::uint64_t count = 0;     ///< 0: all, or until interrupted.
    bool only_set = false;
    bool json = false;
};

Result<Backend> signed_in(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    return backend;
}

std::string bounds_of(const pb::Setting& setting) {
    if (!setting.least().empty()) return setting.least() + " to " + setting.most();
    std::string words;
    for (const std::string& word : setting.words()) words += (words.empty() ? "" : "|") + word;
    return words.empty() ? "on|off|N%|roles" : words;
}

Status list(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, signed_in(shell, options));
    IMECE_TRY(const auto all, backend.call(&ConfigStub::ListSettings, pb::ListSettingsRequest{}));
    std::vector<std::vector<std::string>> rows{{"KEY", "VALUE", "SET", "BOUNDS", "DEFAULT"}};
    for (const pb::Setting& one : all.settings()) {
        if (options.only_set && !one.is_set()) continue;
        if (options.json) shell.out << json_of(one) << '\n';
        rows.push_back({plain(one.key()), plain(one.value()), one.is_set() ? "yes" : "",
                        plain(bounds_of(one)), plain(one.default_value())});
    }
    if (!options.json) print_table(shell.out, rows);
    return {};
}

Status get(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, signed_in(shell, options));
    IMECE_TRY(const auto setting, get_setting(backend, options.key));
    if (options.json) {
        shell.out << json_of(setting) << '\n';
        return {};
    }
    shell.out << plain(setting.key()) << " = " << plain(setting.value()) << '\n'
              << plain(setting.means()) << '\n'
              << "bounds " << plain(bounds_of(setting)) << ", default "
              << plain(setting.default_value()) << '\n';
    if (setting.is_set())
        shell.out << "set by " << plain(setting.actor()) << " at "
                  << to_rfc3339(runtime::from_proto(setting.changed_at())) << ", revision "
                  << setting.revision() << '\n';
    else
        shell.out << "not set: a process uses what it was started with\n";
    return {};
}

Status set(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, signed_in(shell, options));
    std::uint64_t expected = std::uint64_t(options.expected);
    if (options.expected < 0) {
        IMECE_TRY(const auto present, get_setting(backend, options.key));
        expected = present.revision();
    }
    return set_setting(shell, backend, {options.key, options.value, expected}, options.json);
}

Status reset(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, signed_in(shell, options));
    IMECE_TRY(const auto present, get_setting(backend, options.key));
    pb::ResetSettingRequest request;
    request.set_key(options.key);
    request.set_expected_revision(present.revision());
    IMECE_TRY(const auto now, backend.call(&ConfigStub::ResetSetting, request));
    if (options.json)
        shell.out << json_of(now) << '\n';
    else
        shell.out << plain(now.key()) << " is not set any more; the default is "
                  << plain(now.default_value()) << '\n';
    return {};
}

/// "12  2023-02-06T01:17:34.000Z  messaging.queue_max  60 → 40  user:…"
std::string line_of(const pb::SettingChange& change) {
    const auto value = [](const std::string& text) { return text.empty() ? "(default)" : text; };
    return std::to_string(change.revision()) + "  " +
           to_rfc3339(runtime::from_proto(change.changed_at())) + "  " + plain(change.key()) +
           "  " + plain(value(change.before())) + " → " + plain(value(change.after())) + "  " +
           plain(change.actor());
}

Status history(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, signed_in(shell, options));
    pb::ListSettingChangesRequest request;
    request.set_key(options.key);
    request.set_page_size(std::uint32_t(options.count));
    IMECE_TRY(const auto answer, backend.call(&ConfigStub::ListSettingChanges, request));
    for (const pb::SettingChange& change : answer.changes())
        shell.out << (options.json ? json_of(change) : line_of(change)) << '\n';
    return {};
}

Status follow(Shell& shell, Backend& backend, const Options& options,
              pb::WatchSettingsRequest& request, std::uint64_t& seen) {
    ConfigStub stub(backend.channel());
    grpc::ClientContext context;
    backend.authorise(context);
    const auto reader = stub.WatchSettings(&context, request);
    pb::SettingChange change;
    while (reader->Read(&change)) {
        shell.out << (options.json ? json_of(change) : line_of(change)) << std::endl;
        request.set_after_revision(change.revision());
        if (++seen < options.count || options.count == 0) continue;
        context.TryCancel();
        (void)reader->Finish();
        return {};
    }
    return std::unexpected(sdk::error_of(reader->Finish()));
}

Status watch(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, signed_in(shell, options));
    pb::WatchSettingsRequest request;
    request.set_key(options.key);
    request.set_after_revision(std::uint64_t(options.after));
    if (options.after < 0) {
        IMECE_TRY(const auto all,
                  backend.call(&ConfigStub::ListSettings, pb::ListSettingsRequest{}));
        request.set_after_revision(all.revision());
    }
    std::uint64_t seen = 0;
    Status ended = follow(shell, backend, options, request, seen);
    if (!ended && backend.may_renew(ended.error())) {
        IMECE_CHECK(backend.renew());
        ended = follow(shell, backend, options, request, seen);
    }
    if (!ended && ended.error().reason != "REVISION_GONE")
        ended.error().message += "; go on with --after " + std::to_string(request.after_revision());
    return ended;
}

}  // namespace

Result<pb::Setting> get_setting(Backend& backend, const std::string& key) {
    pb::GetSettingRequest request;
    request.set_key(key);
    return backend.call(&ConfigStub::GetSetting, request);
}

Status set_setting(Shell& shell, Backend& backend, const NewSetting& wanted, bool json) {
    pb::SetSettingRequest request;
    request.set_key(wanted.key);
    request.set_value(wanted.value);
    request.set_expected_revision(wanted.expected_revision);
    IMECE_TRY(const auto made, backend.call(&ConfigStub::SetSetting, request));
    if (json)
        shell.out << json_of(made) << '\n';
    else
        shell.out << plain(made.key()) << " = " << plain(made.value()) << ", revision "
                  << made.revision() << '\n';
    return {};
}

void add_config(CLI::App& app, Shell& shell) {
    CLI::App& group = *app.add_subcommand(
        "config", "Settings: those of a running site, and those that a process starts with");
    group.require_subcommand(1);
    const auto add = [&](const char* name, auto&&... rest) {
        add_command<Options>(group, shell, name, rest...);
        group.get_subcommand(name)->group("Run-time settings, of a running site");
    };
    const auto key = [](CLI::App& command, Options& options) {
        command.add_option("KEY", options.key, "as 'imece config list' names it")->required();
    };
    add("list", "List the keys: what holds, what may be set", "imece config list --set", list,
        [](CLI::App& command, Options& options) {
            command.add_flag("--set", options.only_set, "only what is set");
        });
    add("get", "Show one key, and what it is for", "imece config get messaging.queue_max", get,
        key);
    add("set", "Set a key; it holds at once, and goes before what processes are started with",
        "imece config set messaging.queue_share_maintenance 40", set,
        [&](CLI::App& command, Options& options) {
            key(command, options);
            command.add_option("VALUE", options.value, "within the key's bounds")->required();
            command
                .add_option("--expect", options.expected,
                            "the revision that it must have; 0: it must not be set")
                ->check(CLI::NonNegativeNumber);
        });
    add("reset", "Take a key back: what processes were started with holds again",
        "imece config reset messaging.queue_share_maintenance", reset, key);
    add("history", "Show who changed a key when, the newest first",
        "imece config history messaging.queue_max", history,
        [&](CLI::App& command, Options& options) {
            key(command, options);
            command.add_option("--count", options.count, "at most so many")
                ->check(CLI::Range(1, 500));
        });
    add("watch", "Print changes as they come, until interrupted", "imece config watch --json",
        watch, [](CLI::App& command, Options& options) {
            command.add_option("KEY", options.key, "only this one");
            command
                .add_option("--after", options.after,
                            "begin after this revision (only what comes otherwise)")
                ->check(CLI::NonNegativeNumber);
            command.add_option("--count", options.count, "end after so many");
        });
}

}  // namespace imece::cli
