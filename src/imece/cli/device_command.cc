// imece device enrol.
#include <memory>

#include "base/result.h"
#include "imece/cli/backend.h"
#include "imece/cli/commands.h"
#include "imece/identity/v1/identity.grpc.pb.h"

namespace imece::cli {
namespace {

namespace pb = imece::identity::v1;
using Identity = pb::IdentityService::Stub;

struct Options {
    ServerOptions server;
    std::string token;
    std::string token_file;
    std::string key_file;
    std::string label;
    bool json = false;
};

/// The key of `file`, or a new one that is stored there before anybody hears of it.
Result<sdk::Device> load_or_make(Shell& shell, const std::string& file) {
    auto device = sdk::Device::load(file);
    if (device || device.error().reason != "DEVICE_FILE_MISSING") return device;
    sdk::Device fresh = sdk::Device::create(shell.random);
    IMECE_CHECK(fresh.save(file));
    return fresh;
}

Status enrol(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_TRY(const std::string token, options.token.empty()
                                           ? read_secret(shell, options.token_file)
                                           : Result<std::string>(options.token));
    IMECE_TRY(sdk::Device device, load_or_make(shell, options.key_file));
    pb::EnrolDeviceRequest request;
    request.set_enrolment_token(token);
    request.set_public_key(std::string(text_of(device.public_key())));
    request.set_proof(std::string(text_of(device.enrol_proof(token))));
    request.set_label(options.label);
    IMECE_TRY(const pb::EnrolDeviceResponse answer, backend.call(&Identity::EnrolDevice, request));
    IMECE_CHECK(device.set_credential(answer.credential()));
    IMECE_CHECK(device.save(options.key_file));
    if (options.json)
        shell.out << json_of(answer.device()) << '\n';
    else
        shell.out << "enrolled device " << answer.device().device_id()
                  << "; its key and credential are in " << options.key_file << '\n';
    return {};
}

}  // namespace

void add_device(CLI::App& app, Shell& shell) {
    CLI::App& group = *app.add_subcommand("device", "Devices of the site");
    group.require_subcommand(1);
    auto options = std::make_shared<Options>();
    CLI::App& command = *group.add_subcommand(
        "enrol",
        "Make a device of this machine: a key in a file for you alone, enrolled with a "
        "token. Safe to repeat with the same file");
    auto* from = command.add_option_group("token");
    from->add_option("--token", options->token, "the enrolment token");
    from->add_option("--token-file", options->token_file, "file with it; - for standard input");
    from->require_option(1);
    command.add_option("--key", options->key_file, "the device's file; made when it is not there")
        ->required();
    command.add_option("--label", options->label, "what people call it");
    options->server.add_to(command);
    describe(command, options->json,
             "imece device enrol --token-file token.txt --key phone.key --label \"Ayse's phone\"");
    command.callback(
        [&shell, options] { run(shell, options->json, [&] { return enrol(shell, *options); }); });
}

}  // namespace imece::cli
