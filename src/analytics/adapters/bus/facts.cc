#include "analytics/adapters/bus/facts.h"

#include "base/read_id.h"
#include "imece/discovery/v1/events.pb.h"
#include "imece/messaging/v1/events.pb.h"
#include "runtime/observe/log.h"
#include "runtime/rpc/time.h"

namespace imece::analytics {
namespace {

namespace pb = imece::messaging::v1;
using runtime::from_proto;

/// What all events of messaging have. False for what can belong to no message.
template <class Wire>
bool read_common(const Wire& wire, MessageFact& fact) {
    if (!read_id(wire.message_id(), fact.message)) return false;
    if (!imece::type::v1::Priority_IsValid(wire.priority()) || wire.priority() <= 0) return false;
    fact.priority = Priority(wire.priority());
    fact.exercise = wire.exercise();
    return true;
}

bool read_accepted(const runtime::Event& event, MessageFact& fact) {
    pb::MessageAccepted wire;
    if (!wire.ParseFromString(event.data) || !read_common(wire, fact)) return false;
    fact.kind = MessageFact::Kind::kAccepted;
    fact.accepted_at = from_proto(wire.accepted_at());
    fact.expires_at = from_proto(wire.expires_at());
    fact.copies = wire.copies();
    return true;
}

template <class Wire>
void read_times(const Wire& wire, TimePoint ended_at, MessageFact& fact) {
    fact.ended_at = ended_at;
    fact.accepted_at = wire.has_accepted_at() ? from_proto(wire.accepted_at()) : ended_at;
    if (wire.has_reachable_at()) fact.reachable_at = from_proto(wire.reachable_at());
}

bool read_delivered(const runtime::Event& event, MessageFact& fact) {
    pb::MessageDelivered wire;
    if (!wire.ParseFromString(event.data) || !read_common(wire, fact)) return false;
    fact.kind = MessageFact::Kind::kDelivered;
    read_times(wire, from_proto(wire.delivered_at()), fact);
    return true;
}

bool read_ended(const runtime::Event& event, MessageFact::Kind kind, MessageFact& fact) {
    pb::MessageEnded wire;
    if (!wire.ParseFromString(event.data) || !read_common(wire, fact)) return false;
    fact.kind = kind;
    read_times(wire, from_proto(wire.at()), fact);
    return true;
}

void log_malformed(const runtime::Event& event) {
    runtime::log(runtime::LogLevel::kError, "event_malformed",
                 {{"type", event.type}, {"position", event.position}});
}

}  // namespace

std::optional<MessageFact> message_fact(const runtime::Event& event) {
    MessageFact fact;
    bool read = false;
    if (event.type == "message.accepted.v1")
        read = read_accepted(event, fact);
    else if (event.type == "message.delivered.v1")
        read = read_delivered(event, fact);
    else if (event.type == "message.expired.v1")
        read = read_ended(event, MessageFact::Kind::kExpired, fact);
    else if (event.type == "message.rejected.v1")
        read = read_ended(event, MessageFact::Kind::kRejected, fact);
    else
        return std::nullopt;
    if (read) return fact;
    log_malformed(event);
    return std::nullopt;
}

std::optional<TopologyChange> topology_change(const runtime::Event& event) {
    if (event.type != "topology.changed.v1") return std::nullopt;
    imece::discovery::v1::TopologyChanged wire;
    if (!wire.ParseFromString(event.data)) {
        log_malformed(event);
        return std::nullopt;
    }
    TopologyChange change{.position = event.position,
                          .at = event.time,
                          .full = wire.base_version() == 0,
                          .nodes = {},
                          .links = {}};
    for (const auto& node : wire.nodes()) {
        TopologyChange::Node one{.state = NodeState(node.state()), .has_uplink = node.has_uplink()};
        if (read_id(node.node_id(), one.id)) change.nodes.push_back(one);
    }
    for (const auto& link : wire.links()) {
        TopologyChange::Link one{.up = link.quality() > 0};
        if (read_id(link.from(), one.a) && read_id(link.to(), one.b)) change.links.push_back(one);
    }
    return change;
}

}  // namespace imece::analytics
