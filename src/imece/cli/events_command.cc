// imece events tail.
#include <boost/json.hpp>
#include <memory>

#include "base/result.h"
#include "gateway/rpc/forwarder.h"
#include "imece/bus/v1/bus.grpc.pb.h"
#include "imece/cli/backend.h"
#include "imece/cli/commands.h"
#include "imece/config/v1/events.pb.h"
#include "imece/discovery/v1/events.pb.h"
#include "imece/identity/v1/events.pb.h"
#include "imece/ledger/v1/events.pb.h"
#include "imece/messaging/v1/events.pb.h"
#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

namespace pb = imece::bus::v1;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    std::string source;
    std::int64_t after = -1;  ///< -1: only new ones.
    std::uint64_t count = 0;  ///< 0: until interrupted.
    bool json = false;
};

/// The message that an event of this type holds; null for a type that this version does not know.
std::unique_ptr<google::protobuf::Message> message_of(const std::string& type) {
    if (type == "device.enrolled.v1") return std::make_unique<identity::v1::DeviceEnrolled>();
    if (type == "device.revoked.v1") return std::make_unique<identity::v1::DeviceRevoked>();
    if (type == "user.created.v1") return std::make_unique<identity::v1::UserCreated>();
    if (type == "user.disabled.v1" || type == "user.enabled.v1" || type == "user.erased.v1")
        return std::make_unique<identity::v1::UserChanged>();
    if (type == "check_in.recorded.v1") return std::make_unique<identity::v1::CheckInRecorded>();
    if (type == "check_in.erased.v1") return std::make_unique<identity::v1::CheckInErased>();
    if (type == "desk.changed.v1") return std::make_unique<identity::v1::DeskChanged>();
    if (type == "topology.changed.v1") return std::make_unique<discovery::v1::TopologyChanged>();
    if (type == "message.accepted.v1") return std::make_unique<messaging::v1::MessageAccepted>();
    if (type == "message.delivered.v1") return std::make_unique<messaging::v1::MessageDelivered>();
    if (type == "message.expired.v1" || type == "message.rejected.v1")
        return std::make_unique<messaging::v1::MessageEnded>();
    if (type == "transaction.submitted.v1")
        return std::make_unique<ledger::v1::TransactionSubmitted>();
    if (type == "config.changed.v1") return std::make_unique<config::v1::SettingChanged>();
    if (type == "secret.changed.v1") return std::make_unique<config::v1::SecretChanged>();
    if (type == "sealing_key.rotated.v1") return std::make_unique<config::v1::SealingKeyRotated>();
    if (type == "emergency.changed.v1") return std::make_unique<ledger::v1::EmergencyChanged>();
    return nullptr;
}

void print(Shell& shell, const pb::Event& event, bool json) {
    if (!json) {
        shell.out << event.position() << "  " << to_rfc3339(runtime::from_proto(event.time()))
                  << "  " << plain(event.type()) << "  " << plain(event.subject()) << std::endl;
        return;
    }
    auto answer = boost::json::parse(json_of(event)).as_object();
    // What the type says is in `data` instead of its bytes; those stay where it says nothing to us.
    if (const auto message = message_of(event.type());
        message != nullptr && message->ParseFromString(event.data()))
        answer["data"] = boost::json::parse(json_of(*message));
    shell.out << boost::json::serialize(answer) << std::endl;
}

Status follow(Shell& shell, Backend& backend, const Options& options, pb::SubscribeRequest& request,
              std::uint64_t& seen) {
    pb::BusService::Stub stub(backend.channel());
    grpc::ClientContext context;
    backend.authorise(context);
    context.AddMetadata(gateway::kOfModule, options.source);
    const auto reader = stub.Subscribe(&context, request);
    pb::Events batch;
    while (reader->Read(&batch)) {
        for (const pb::Event& event : batch.events()) {
            print(shell, event, options.json);
            request.set_only_new(false);
            request.set_after_position(event.position());
            if (++seen < options.count || options.count == 0) continue;
            context.TryCancel();
            (void)reader->Finish();
            return {};
        }
    }
    return std::unexpected(sdk::error_of(reader->Finish()));
}

Status tail(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    pb::SubscribeRequest request;
    request.set_source(options.source);
    request.set_only_new(options.after < 0);
    if (options.after >= 0) request.set_after_position(std::uint64_t(options.after));
    std::uint64_t seen = 0;
    Status ended = follow(shell, backend, options, request, seen);
    if (!ended && backend.may_renew(ended.error())) {
        IMECE_CHECK(backend.renew());
        ended = follow(shell, backend, options, request, seen);
    }
    if (!ended && seen > 0)
        ended.error().message += "; go on with --after " + std::to_string(request.after_position());
    return ended;
}

}  // namespace

void add_events(CLI::App& app, Shell& shell) {
    CLI::App& group = *app.add_subcommand("events", "What the services tell each other");
    group.require_subcommand(1);
    auto options = std::make_shared<Options>();
    CLI::App& command =
        *group.add_subcommand("tail", "Print a service's events as they come, until interrupted");
    command
        .add_option("--source", options->source, "identity, discovery, messaging, ledger or config")
        ->required();
    command
        .add_option("--after", options->after,
                    "begin after this position, 0 with the oldest that is kept (only new ones "
                    "otherwise)")
        ->check(CLI::NonNegativeNumber);
    command.add_option("--count", options->count, "end after so many");
    options->server.add_to(command);
    options->sign_in.add_to(command);
    describe(command, options->json, "imece events tail --source messaging --after 0 --json");
    command.callback(
        [&shell, options] { run(shell, options->json, [&] { return tail(shell, *options); }); });
}

}  // namespace imece::cli
