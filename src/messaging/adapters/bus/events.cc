#include "messaging/adapters/bus/events.h"

#include <algorithm>
#include <optional>

#include "base/read_id.h"
#include "base/result.h"
#include "imece/discovery/v1/events.pb.h"
#include "imece/identity/v1/events.pb.h"
#include "imece/messaging/v1/events.pb.h"
#include "runtime/observe/log.h"
#include "runtime/rpc/time.h"

namespace imece::messaging {
namespace {

namespace pb = imece::messaging::v1;
using runtime::Event;
using runtime::to_proto;

/// What identity says of a device; it signed the credential itself, so that needs no check.
std::optional<DeviceFact> read_device(const imece::identity::v1::DeviceEnrolled& data) {
    imece::type::v1::Credential credential;
    DeviceFact device;
    const auto key = crypto::public_key_from(view_of(data.public_key()));
    if (!key || !read_id(data.device_id(), device.device) ||
        !credential.ParseFromString(data.credential().credential()))
        return std::nullopt;
    device.key = *key;
    for (const int priority : credential.classes())
        if (imece::type::v1::Priority_IsValid(priority) && priority > 0)
            device.classes[rank(Priority(priority))] = true;
    device.not_after = runtime::from_proto(credential.not_after());
    read_id(data.owner_user_id(), device.owner);
    return device;
}

template <class AnyId>
std::string id_bytes(const AnyId& id) {
    return std::string(text_of(id.view()));
}

Event event_of(const char* type, const Record& record, TimePoint at, const std::string& data) {
    Event event;
    event.type = type;
    event.subject = to_text(record.envelope.id);
    event.time = at;
    event.data = data;
    return event;
}

/// An event that can never be applied is passed over: it would hold up all that follow it.
Status pass_over(const Event& event, Directory& directory) {
    runtime::log(runtime::LogLevel::kError, "event_malformed",
                 {{"type", event.type}, {"position", event.position}});
    return directory.put_position(event.position);
}

Status apply_identity(const Event& event, Directory& directory) {
    if (event.type == "device.enrolled.v1") {
        imece::identity::v1::DeviceEnrolled data;
        if (!data.ParseFromString(event.data)) return pass_over(event, directory);
        const auto device = read_device(data);
        if (!device) return pass_over(event, directory);
        return directory.put_device(*device, event.position);
    }
    if (event.type == "device.revoked.v1") {
        imece::identity::v1::DeviceRevoked data;
        DeviceId device;
        if (!data.ParseFromString(event.data) || !read_id(data.device_id(), device))
            return pass_over(event, directory);
        return directory.revoke(device, event.position);
    }
    if (event.type == "desk.changed.v1") {
        imece::identity::v1::DeskChanged data;
        GroupFact group;
        if (!data.ParseFromString(event.data) || !read_id(data.group_id(), group.group))
            return pass_over(event, directory);
        for (const std::string& bytes : data.device_ids()) {
            DeviceId device;
            if (read_id(bytes, device)) group.devices.push_back(device);
        }
        return directory.put_group(group, event.position);
    }
    return directory.put_position(event.position);
}

MeshChange to_mesh_change(const imece::discovery::v1::TopologyChanged& wire) {
    MeshChange change;
    change.version = wire.version();
    change.full = wire.base_version() == 0;
    for (const auto& node : wire.nodes()) {
        MeshNode& out = change.nodes.emplace_back();
        read_id(node.node_id(), out.id);
        out.passable = node.state() == imece::discovery::v1::ALIVE ||
                       node.state() == imece::discovery::v1::SUSPECT;
    }
    for (const auto& link : wire.links()) {
        MeshLink& out = change.links.emplace_back();
        read_id(link.from(), out.a);
        read_id(link.to(), out.b);
        out.quality = link.quality();
    }
    return change;
}

}  // namespace

Event accepted_event(const Record& record, const std::string& trace_parent) {
    pb::MessageAccepted data;
    data.set_message_id(id_bytes(record.envelope.id));
    data.set_priority(imece::type::v1::Priority(record.envelope.priority));
    *data.mutable_accepted_at() = to_proto(record.accepted_at);
    *data.mutable_expires_at() = to_proto(record.expires_at);
    data.set_copies(std::uint32_t(record.copies.size()));
    data.set_body_bytes(std::uint32_t(record.envelope.body_bytes));
    data.set_exercise(record.envelope.exercise);
    Event event =
        event_of("message.accepted.v1", record, record.accepted_at, data.SerializeAsString());
    event.trace_parent = trace_parent;
    return event;
}

Event ended_event(const Record& record, const Ending& ending) {
    const auto copy = std::ranges::find(record.copies, ending.copy.target, &Record::Copy::device);
    const TimePoint reachable_at = copy == record.copies.end() ? TimePoint{} : copy->reachable_at;
    if (ending.end == End::kDelivered) {
        pb::MessageDelivered data;
        data.set_message_id(id_bytes(record.envelope.id));
        data.set_device_id(id_bytes(ending.copy.target));
        data.set_priority(imece::type::v1::Priority(record.envelope.priority));
        *data.mutable_accepted_at() = to_proto(record.accepted_at);
        *data.mutable_delivered_at() = to_proto(ending.at);
        data.mutable_receipt()->ParseFromString(ending.receipt);
        data.set_exercise(record.envelope.exercise);
        if (reachable_at != TimePoint{}) *data.mutable_reachable_at() = to_proto(reachable_at);
        return event_of("message.delivered.v1", record, ending.at, data.SerializeAsString());
    }
    pb::MessageEnded data;
    data.set_message_id(id_bytes(record.envelope.id));
    data.set_device_id(id_bytes(ending.copy.target));
    data.set_priority(imece::type::v1::Priority(record.envelope.priority));
    *data.mutable_at() = to_proto(ending.at);
    data.set_exercise(record.envelope.exercise);
    *data.mutable_accepted_at() = to_proto(record.accepted_at);
    if (reachable_at != TimePoint{}) *data.mutable_reachable_at() = to_proto(reachable_at);
    const char* type = ending.end == End::kExpired ? "message.expired.v1" : "message.rejected.v1";
    return event_of(type, record, ending.at, data.SerializeAsString());
}

runtime::Subscription::Options follow_identity(Directory& directory) {
    return {.source = "identity",
            .as = "messaging",
            .position = [&directory] { return Result<std::uint64_t>(directory.position()); },
            .apply = runtime::one_by_one(
                [&directory](const Event& event) { return apply_identity(event, directory); }),
            .reset = {}};
}

runtime::Subscription::Options follow_discovery(Dispatcher& dispatcher) {
    // The mesh lives in memory only, and discovery's log begins with a full snapshot: each start, and each
    // trimming of the log behind us, begins at 0.
    auto position = std::make_shared<std::uint64_t>(0);
    return {.source = "discovery",
            .as = "messaging",
            .position = [position] { return Result<std::uint64_t>(*position); },
            .apply = runtime::one_by_one([&dispatcher, position](const Event& event) -> Status {
                imece::discovery::v1::TopologyChanged change;
                if (event.type == "topology.changed.v1" && change.ParseFromString(event.data))
                    dispatcher.mesh_changed(to_mesh_change(change));
                *position = event.position;
                return {};
            }),
            .reset = [position]() -> Status {
                *position = 0;
                return {};
            }};
}

}  // namespace imece::messaging
