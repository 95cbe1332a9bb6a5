#include "security/adapters/bus/event_record.h"

#include "imece/security/v1/security.pb.h"
#include "runtime/rpc/time.h"

namespace imece::security {
namespace {

constexpr const char* kOwnSource = "security";

/// "00-<trace id>-<span id>-<flags>" of W3C trace context; empty where it is something else.
std::string trace_id_of(std::string_view trace_parent) {
    constexpr std::size_t kBegin = 3;
    constexpr std::size_t kDigits = 32;
    return trace_parent.size() > kBegin + kDigits
               ? std::string(trace_parent.substr(kBegin, kDigits))
               : std::string();
}

}  // namespace

NewRecord record_of(const runtime::Event& event, const std::string& source) {
    v1::AuditRecord wire;
    *wire.mutable_time() = runtime::to_proto(event.time);
    wire.set_source(source);
    wire.set_type(event.type);
    wire.set_subject(event.subject);
    wire.set_actor(event.actor);
    wire.set_trace_id(trace_id_of(event.trace_parent));
    wire.set_event_id(to_text(event.id));
    wire.set_data_sha256(std::string(text_of(crypto::sha256(view_of(event.data)))));
    const std::string bytes = wire.SerializeAsString();
    return {.source = source, .position = event.position, .record = {bytes.begin(), bytes.end()}};
}

NewRecord own_record(const char* type, const std::string& subject, const Caller& caller,
                     const EventId& id, TimePoint now) {
    v1::AuditRecord wire;
    *wire.mutable_time() = runtime::to_proto(now);
    wire.set_source(kOwnSource);
    wire.set_type(type);
    wire.set_subject(subject);
    wire.set_actor(caller.actor);
    wire.set_trace_id(caller.trace_id);
    wire.set_event_id(to_text(id));
    const std::string bytes = wire.SerializeAsString();
    return {.source = kOwnSource, .position = 0, .record = {bytes.begin(), bytes.end()}};
}

}  // namespace imece::security
