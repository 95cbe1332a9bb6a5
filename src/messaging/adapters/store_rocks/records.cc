#include "messaging/adapters/store_rocks/records.h"

#include "base/codec.h"

namespace imece::messaging {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kRecordVersion = 2;  ///< The first had no reachable_at.

std::unexpected<Error> malformed(const char* what) {
    return fail(ErrorCode::kDataLoss, "DATA_MALFORMED",
                std::string("a stored ") + what + " is malformed");
}

}  // namespace

std::string encode(const Record& record) {
    const Envelope& envelope = record.envelope;
    Encoder out(kRecordVersion);
    out.fixed(envelope.id.bytes).fixed(envelope.sender.bytes);
    out.number(std::uint8_t(envelope.destination.kind)).fixed(envelope.destination.id);
    out.text(envelope.destination.area).number(std::uint8_t(envelope.priority));
    out.time(envelope.sent_at).number(std::uint64_t(envelope.ttl.count()));
    out.number(std::uint8_t(envelope.exercise)).number(std::uint32_t(envelope.body_bytes));
    out.fixed(record.digest).number(record.sequence);
    out.time(record.accepted_at).time(record.expires_at);
    out.number(std::uint32_t(record.copies.size()));
    for (const Record::Copy& copy : record.copies)
        out.fixed(copy.device.bytes)
            .number(std::uint8_t(copy.state))
            .time(copy.ended_at)
            .time(copy.reachable_at);
    return out.take();
}

Result<Record> decode_record(std::string_view bytes) {
    Decoder in(bytes);
    Record record;
    Envelope& envelope = record.envelope;
    envelope.id.bytes = in.fixed<16>();
    envelope.sender.bytes = in.fixed<16>();
    envelope.destination.kind = DestinationKind(in.number<std::uint8_t>());
    envelope.destination.id = in.fixed<16>();
    envelope.destination.area = in.text();
    envelope.priority = Priority(in.number<std::uint8_t>());
    envelope.sent_at = in.time();
    envelope.ttl = Duration(std::int64_t(in.number<std::uint64_t>()));
    envelope.exercise = in.number<std::uint8_t>() != 0;
    envelope.body_bytes = in.number<std::uint32_t>();
    record.digest = in.fixed<32>();
    record.sequence = in.number<std::uint64_t>();
    record.accepted_at = in.time();
    record.expires_at = in.time();
    const auto copies = in.number<std::uint32_t>();
    for (std::uint32_t i = 0; i < copies && in.good(); ++i) {
        Record::Copy& copy = record.copies.emplace_back();
        copy.device.bytes = in.fixed<16>();
        copy.state = CopyState(in.number<std::uint8_t>());
        copy.ended_at = in.time();
        if (in.version() > 1) copy.reachable_at = in.time();
    }
    if (!in.ok() || in.version() < 1 || in.version() > kRecordVersion ||
        rank(envelope.priority) >= kPriorities)
        return malformed("message record");
    return record;
}

std::string encode(const DeviceFact& device) {
    Encoder out(kVersion);
    out.fixed(device.device.bytes).fixed(device.key);
    for (const bool granted : device.classes) out.number(std::uint8_t(granted));
    out.time(device.not_after).fixed(device.owner.bytes).number(std::uint8_t(device.revoked));
    return out.take();
}

Result<DeviceFact> decode_device(std::string_view bytes) {
    Decoder in(bytes);
    DeviceFact device;
    device.device.bytes = in.fixed<16>();
    device.key = in.fixed<32>();
    for (bool& granted : device.classes) granted = in.number<std::uint8_t>() != 0;
    device.not_after = in.time();
    device.owner.bytes = in.fixed<16>();
    device.revoked = in.number<std::uint8_t>() != 0;
    if (!in.ok() || in.version() != kVersion) return malformed("device");
    return device;
}

std::string encode(const GroupFact& group) {
    Encoder out(kVersion);
    out.fixed(group.group.bytes).number(std::uint32_t(group.devices.size()));
    for (const DeviceId& device : group.devices) out.fixed(device.bytes);
    return out.take();
}

Result<GroupFact> decode_group(std::string_view bytes) {
    Decoder in(bytes);
    GroupFact group;
    group.group.bytes = in.fixed<16>();
    const auto devices = in.number<std::uint32_t>();
    for (std::uint32_t i = 0; i < devices && in.good(); ++i)
        group.devices.push_back(DeviceId{in.fixed<16>()});
    if (!in.ok() || in.version() != kVersion) return malformed("group");
    return group;
}

std::string encode(const runtime::Event& event) {
    Encoder out(kVersion);
    out.fixed(event.id.bytes).text(event.type).text(event.subject).time(event.time);
    out.text(event.trace_parent).text(event.data);
    return out.take();
}

Result<runtime::Event> decode_event(std::string_view bytes) {
    Decoder in(bytes);
    runtime::Event event;
    event.id.bytes = in.fixed<16>();
    event.type = in.text();
    event.subject = in.text();
    event.time = in.time();
    event.trace_parent = in.text();
    event.data = in.text();
    if (!in.ok() || in.version() != kVersion) return malformed("event");
    return event;
}

}  // namespace imece::messaging
