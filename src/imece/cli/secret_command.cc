// imece secret set, list, delete, rotate-key.
#include <fstream>
#include <iterator>

#include "base/result.h"
#include "imece/cli/add_command.h"
#include "imece/cli/commands.h"
#include "imece/config/v1/config.grpc.pb.h"
#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

namespace pb = imece::config::v1;
using Secrets = pb::SecretService::Stub;

constexpr std::size_t kValueMax = 16 * 1024;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    std::string name, file;
    bool json = false;
};

Result<Backend> signed_in(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    return backend;
}

/// All of the file, without a line end behind it.
Result<std::string> read_value(Shell& shell, const std::string& file) {
    std::ifstream opened;
    if (file != "-") opened.open(file, std::ios::binary);
    std::istream& in = file == "-" ? shell.in : opened;
    std::string value{std::istreambuf_iterator<char>(in), {}};
    if (value.ends_with('\n')) value.pop_back();
    if (!value.empty() && value.size() <= kValueMax) return value;
    return fail(ErrorCode::kInvalidArgument, "FILE_UNUSABLE",
                file + " holds no secret of 1 byte to 16 KiB, or cannot be read");
}

/// That the secret has now; 0 for none of this name.
Result<std::uint64_t> revision_of(Backend& backend, const std::string& name) {
    IMECE_TRY(const auto all, backend.call(&Secrets::ListSecrets, pb::ListSecretsRequest{}));
    for (const pb::Secret& one : all.secrets())
        if (one.name() == name) return one.revision();
    return 0;
}

Status set(Shell& shell, const Options& options) {
    pb::SetSecretRequest request;
    request.set_name(options.name);
    IMECE_TRY(*request.mutable_value(), read_value(shell, options.file));
    IMECE_TRY(Backend backend, signed_in(shell, options));
    IMECE_TRY(const std::uint64_t revision, revision_of(backend, options.name));
    request.set_expected_revision(revision);
    IMECE_TRY(const auto made, backend.call(&Secrets::SetSecret, request));
    if (options.json)
        shell.out << json_of(made) << '\n';
    else
        shell.out << "set " << plain(made.name()) << ", revision " << made.revision()
                  << "; only the site's services read it\n";
    return {};
}

Status list(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, signed_in(shell, options));
    IMECE_TRY(const auto all, backend.call(&Secrets::ListSecrets, pb::ListSecretsRequest{}));
    std::vector<std::vector<std::string>> rows{{"NAME", "SET", "BY", "REVISION"}};
    for (const pb::Secret& one : all.secrets()) {
        if (options.json) shell.out << json_of(one) << '\n';
        rows.push_back({plain(one.name()), to_rfc3339(runtime::from_proto(one.changed_at())),
                        plain(one.actor()), std::to_string(one.revision())});
    }
    if (!options.json) print_table(shell.out, rows);
    return {};
}

Status erase(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, signed_in(shell, options));
    IMECE_TRY(const std::uint64_t revision, revision_of(backend, options.name));
    pb::DeleteSecretRequest request;
    request.set_name(options.name);
    request.set_expected_revision(revision);
    IMECE_TRY(const auto answer, backend.call(&Secrets::DeleteSecret, request));
    if (options.json)
        shell.out << json_of(answer) << '\n';
    else
        shell.out << "there is no secret " << plain(options.name) << " any more\n";
    return {};
}

Status rotate(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, signed_in(shell, options));
    IMECE_TRY(const auto done,
              backend.call(&Secrets::RotateSealingKey, pb::RotateSealingKeyRequest{}));
    if (options.json)
        shell.out << json_of(done) << '\n';
    else
        shell.out << "a new key seals the " << done.secrets() << " secrets; the old one is gone\n";
    return {};
}

}  // namespace

void add_secret(CLI::App& app, Shell& shell) {
    CLI::App& group = *app.add_subcommand(
        "secret", "Secrets: sealed on the site, read by its services, never shown");
    group.require_subcommand(1);
    const auto add = [&](auto&&... rest) { add_command<Options>(group, shell, rest...); };
    const auto name = [](CLI::App& command, Options& options) {
        command.add_option("NAME", options.name, "lower-case letters, digits, _ . -")->required();
    };
    const auto nothing = [](CLI::App&, Options&) {};
    add("set", "Set a secret to what a file holds",
        "imece secret set sms.token --value-file token.txt", set,
        [&](CLI::App& command, Options& options) {
            name(command, options);
            command.add_option("--value-file", options.file, "file with it; - for standard input")
                ->required();
        });
    add("list", "List the names, who set them and when", "imece secret list", list, nothing);
    add("delete", "Delete a secret", "imece secret delete sms.token", erase, name);
    add("rotate-key", "Seal all secrets anew with a new key", "imece secret rotate-key", rotate,
        nothing);
}

}  // namespace imece::cli
