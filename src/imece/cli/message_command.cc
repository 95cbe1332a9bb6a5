// imece message send, show, explain.
#include <iterator>
#include <memory>

#include "base/result.h"
#include "imece/cli/backend.h"
#include "imece/cli/commands.h"
#include "imece/cli/desks.h"
#include "imece/messaging/v1/messaging.grpc.pb.h"
#include "imece/site/v1/site.grpc.pb.h"
#include "runtime/config/loader.h"
#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

namespace pb = imece::messaging::v1;
using Messages = pb::MessageService::Stub;
using Identity = imece::identity::v1::IdentityService::Stub;
using Site = imece::site::v1::SiteService::Stub;
using runtime::from_proto;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    std::string as;
    std::string to;
    int priority = imece::type::v1::COMMUNICATION;
    std::string ttl;
    std::string text;
    std::string id;
    bool json = false;
};

std::string when(const google::protobuf::Timestamp& time) {
    return to_rfc3339(from_proto(time));
}

/// "device:HEX" or "desk:NAME" (or the desk's id).
Status set_recipient(Backend& backend, const std::string& to, sdk::Draft& draft) {
    const std::size_t colon = to.find(':');
    const std::string name = to.substr(colon + 1);
    if (to.starts_with("device:")) {
        IMECE_TRY(const DeviceId id, parse_id<DeviceId>(name));
        imece::identity::v1::GetDeviceRequest request;
        request.set_device_id(name);
        IMECE_TRY(const auto device, backend.call(&Identity::GetDevice, request));
        IMECE_TRY(const auto key, crypto::public_key_from(view_of(device.public_key())));
        // The id commits to the key: a backend cannot put another one in its place.
        if (crypto::device_id_of(key) != id)
            return fail(ErrorCode::kInvalidArgument, "KEY_INVALID",
                        "the backend gave a key that is not that device's");
        IMECE_TRY(draft.recipient_key, crypto::seal_key_of(key));
        draft.destination = sdk::to(id);
        return {};
    }
    IMECE_TRY(const auto desks, all_desks(backend));
    for (const auto& desk : desks) {
        if (desk.name() != name && desk.desk_id() != name) continue;
        IMECE_TRY(const GroupId id, parse_id<GroupId>(desk.desk_id()));
        IMECE_TRY(const auto key, crypto::public_key_from(view_of(desk.public_key())));
        IMECE_TRY(draft.recipient_key, crypto::seal_key_of(key));
        draft.destination = sdk::to(id);
        return {};
    }
    return fail(ErrorCode::kNotFound, "DESK_UNKNOWN", "no desk is called " + name);
}

Status send(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_TRY(sdk::Device device, sdk::Device::load(options.as));
    IMECE_TRY(const auto site, backend.call(&Site::GetSite, imece::site::v1::GetSiteRequest{}));
    IMECE_CHECK(backend.sign_in(device));
    IMECE_CHECK(device.save(options.as));  // The fresh credential.

    sdk::Draft draft;
    IMECE_CHECK(set_recipient(backend, options.to, draft));
    draft.priority = imece::type::v1::Priority(options.priority);
    draft.exercise = site.exercise();
    if (!options.ttl.empty()) {
        IMECE_TRY(const auto ttl, runtime::parse_duration(options.ttl));
        draft.ttl = std::chrono::duration_cast<std::chrono::seconds>(ttl);
    }
    draft.body = options.text;
    if (draft.body == "-") draft.body.assign(std::istreambuf_iterator<char>(shell.in), {});

    // The site's time, which an exercise may let run fast.
    const TimePoint now = from_proto(site.now());
    const MessageId id{make_uuid_v7(now, shell.random)};
    pb::SubmitMessageRequest request;
    IMECE_TRY(*request.mutable_message(), device.compose(draft, id, now, shell.random));
    IMECE_TRY(const auto answer, backend.call(&Messages::SubmitMessage, request));
    if (options.json)
        shell.out << json_of(answer) << '\n';
    else
        shell.out << answer.message_id() << '\n'
                  << "accepted " << when(answer.accepted_at()) << ", expires "
                  << when(answer.expires_at()) << (draft.exercise ? " (exercise)" : "") << '\n';
    return {};
}

/// As the device of --as, or as a user.
Status sign_in(Shell& shell, Backend& backend, const Options& options) {
    if (options.as.empty()) return backend.sign_in(shell, options.sign_in);
    IMECE_TRY(sdk::Device device, sdk::Device::load(options.as));
    IMECE_CHECK(backend.sign_in(device));
    return device.save(options.as);
}

void print(Shell& shell, const pb::Message& message) {
    shell.out << "message   " << message.message_id() << (message.exercise() ? " (exercise)" : "")
              << "\nstate     " << pb::MessageState_Name(message.state()) << "\nclass     "
              << imece::type::v1::Priority_Name(message.priority())
              << "\nfrom      device:" << plain(message.sender_device_id()) << "\nto        "
              << plain(message.destination()) << "\nsent      " << when(message.sent_at())
              << "\naccepted  " << when(message.accepted_at()) << "\nexpires   "
              << when(message.expires_at()) << "\nbody      " << message.body_bytes()
              << " bytes, sealed\n";
}

Status show(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(sign_in(shell, backend, options));
    pb::GetMessageRequest request;
    request.set_message_id(options.id);
    IMECE_TRY(const pb::Message message, backend.call(&Messages::GetMessage, request));
    if (options.json) {
        shell.out << json_of(message) << '\n';
        return {};
    }
    print(shell, message);
    std::vector<std::vector<std::string>> rows{{"RECIPIENT", "STATE", "ATTEMPTS", "DELIVERED"}};
    for (const pb::Copy& copy : message.copies())
        rows.push_back({copy.device_id(), pb::MessageState_Name(copy.state()),
                        std::to_string(copy.attempts()),
                        copy.has_delivered_at() ? when(copy.delivered_at()) : "-"});
    if (rows.size() > 1) print_table(shell.out, rows);
    return {};
}

Status explain(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(sign_in(shell, backend, options));
    pb::ExplainMessageRequest request;
    request.set_message_id(options.id);
    IMECE_TRY(const pb::Explanation answer, backend.call(&Messages::ExplainMessage, request));
    if (options.json) {
        shell.out << json_of(answer) << '\n';
        return {};
    }
    print(shell, answer.message());
    shell.out << "topology  version " << answer.topology_version() << '\n';
    for (const pb::CopyExplanation& copy : answer.copies()) {
        shell.out << "\nrecipient " << plain(copy.device_id()) << ": "
                  << pb::MessageState_Name(copy.state()) << '\n'
                  << "  why     " << plain(copy.why()) << '\n';
        std::string path;
        for (const std::string& hop : copy.path()) path += (path.empty() ? "" : " -> ") + hop;
        shell.out << "  path    " << (path.empty() ? "none now" : plain(path)) << '\n'
                  << "  ahead   " << copy.ahead() << " messages\n"
                  << "  tried   " << copy.attempts() << " times\n";
        if (copy.has_next_attempt_at())
            shell.out << "  next    " << when(copy.next_attempt_at()) << '\n';
    }
    return {};
}

void add_lookup(CLI::App& group, Shell& shell, const std::shared_ptr<Options>& options,
                const char* name, const char* help, Status (*work)(Shell&, const Options&)) {
    CLI::App& command = *group.add_subcommand(name, help);
    command.add_option("ID", options->id, "the message's id, a UUID")->required();
    command.add_option("--as", options->as, "ask as the device of this file");
    options->server.add_to(command);
    options->sign_in.add_to(command);
    describe(command, options->json,
             "imece message " + std::string(name) + " 0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5f");
    command.callback([&shell, options, work] {
        run(shell, options->json, [&] { return work(shell, *options); });
    });
}

}  // namespace

void add_message(CLI::App& app, Shell& shell) {
    CLI::App& group = *app.add_subcommand("message", "Messages");
    group.require_subcommand(1);
    auto options = std::make_shared<Options>();
    CLI::App& command = *group.add_subcommand(
        "send", "Seal a text to its recipient, sign it as a device, and submit it");
    command.add_option("--as", options->as, "file of the sending device (imece device enrol)")
        ->required();
    const CLI::Validator recipient(
        [](const std::string& text) {
            return (text.starts_with("device:") && parse_id<DeviceId>(text.substr(7))) ||
                           (text.starts_with("desk:") && text.size() > 5)
                       ? ""
                       : "write device: and 32 hex digits, or desk: and its name";
        },
        "device:HEX|desk:NAME");
    command.add_option("--to", options->to, "who gets it")->required()->check(recipient);
    command
        .add_option("--class", options->priority,
                    "LIFE_CRITICAL, SAFETY_CRITICAL, OPERATIONAL, COMMUNICATION (otherwise) or "
                    "MAINTENANCE")
        ->transform(CLI::CheckedTransformer(names_of(*imece::type::v1::Priority_descriptor()),
                                            CLI::ignore_case));
    command.add_option("--ttl", options->ttl, "lifetime, 1s to 72h (by class otherwise)")
        ->check(duration_text());
    command.add_option("TEXT", options->text, "what to say; - for standard input")->required();
    options->server.add_to(command);
    describe(command, options->json,
             "imece message send --as phone.key --to \"desk:112 Hatay\" --class LIFE_CRITICAL "
             "\"two people under the stairs\"");
    command.callback(
        [&shell, options] { run(shell, options->json, [&] { return send(shell, *options); }); });

    add_lookup(group, shell, options, "show", "Say how far a message has come", show);
    add_lookup(group, shell, options, "explain",
               "Say where a message is, why it is not delivered yet, and what happens next",
               explain);
}

}  // namespace imece::cli
