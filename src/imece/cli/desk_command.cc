// imece desk add, imece desk list.
#include <memory>

#include "base/result.h"
#include "imece/cli/backend.h"
#include "imece/cli/commands.h"
#include "imece/cli/desks.h"

namespace imece::cli {
namespace {

namespace pb = imece::identity::v1;
using Identity = pb::IdentityService::Stub;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    std::string name;
    std::string key_file;
    std::vector<std::string> devices;
    bool json = false;
};

Status add(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    auto key = sdk::Device::load(options.key_file);
    if (!key && key.error().reason != "DEVICE_FILE_MISSING")
        return std::unexpected(std::move(key).error());
    if (!key) {
        key = sdk::Device::create(shell.random);
        IMECE_CHECK(key->save(options.key_file));  // First: nobody may seal to a key that is lost.
    }
    pb::CreateDeskRequest request;
    request.set_name(options.name);
    request.set_public_key(std::string(text_of(key->public_key())));
    IMECE_TRY(pb::Desk desk, backend.call(&Identity::CreateDesk, request));
    for (const std::string& device : options.devices) {
        pb::AddDeskDeviceRequest serves;
        serves.set_desk_id(desk.desk_id());
        serves.set_device_id(device);
        IMECE_TRY(desk, backend.call(&Identity::AddDeskDevice, serves));
    }
    if (options.json)
        shell.out << json_of(desk) << '\n';
    else
        shell.out << "made desk " << plain(desk.name()) << " (" << desk.desk_id()
                  << "); its private key is in " << options.key_file
                  << ": give it to its dispatchers only\n";
    return {};
}

Status list(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    IMECE_TRY(const auto desks, all_desks(backend));
    std::vector<std::vector<std::string>> rows{{"NAME", "ID", "DEVICES"}};
    for (const pb::Desk& desk : desks) {
        if (options.json) shell.out << json_of(desk) << '\n';
        rows.push_back({desk.name(), desk.desk_id(), std::to_string(desk.device_ids_size())});
    }
    if (!options.json) print_table(shell.out, rows);
    return {};
}

}  // namespace

Result<std::vector<pb::Desk>> all_desks(Backend& backend) {
    std::vector<pb::Desk> desks;
    IMECE_CHECK(backend.each_page(&Identity::ListDesks, [&](pb::ListDesksResponse& page) {
        for (pb::Desk& desk : *page.mutable_desks()) desks.push_back(std::move(desk));
    }));
    return desks;
}

void add_desk(CLI::App& app, Shell& shell) {
    CLI::App& group =
        *app.add_subcommand("desk", "Desks: offices that receive messages sealed to their key");
    group.require_subcommand(1);
    auto options = std::make_shared<Options>();
    CLI::App& made = *group.add_subcommand("add", "Make a desk and its key");
    made.add_option("NAME", options->name, "what people call the office")->required();
    made.add_option("--key", options->key_file,
                    "file for the desk's private key; made when it is not there")
        ->required();
    made.add_option("--device", options->devices,
                    "device (32 hex digits) that receives for the desk; may be repeated")
        ->take_all();
    options->server.add_to(made);
    options->sign_in.add_to(made);
    describe(made, options->json, "imece desk add \"112 Hatay\" --key 112.key");
    made.callback(
        [&shell, options] { run(shell, options->json, [&] { return add(shell, *options); }); });

    CLI::App& listed = *group.add_subcommand("list", "List the desks");
    options->server.add_to(listed);
    options->sign_in.add_to(listed);
    describe(listed, options->json, "imece desk list --json");
    listed.callback(
        [&shell, options] { run(shell, options->json, [&] { return list(shell, *options); }); });
}

}  // namespace imece::cli
