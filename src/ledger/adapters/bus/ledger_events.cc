#include "ledger/adapters/bus/ledger_events.h"

#include <algorithm>

#include "base/read_id.h"
#include "crypto/merkle.h"
#include "imece/identity/v1/events.pb.h"
#include "imece/ledger/v1/events.pb.h"
#include "imece/messaging/v1/events.pb.h"
#include "runtime/observe/log.h"
#include "runtime/rpc/time.h"

namespace imece::ledger {
namespace {

/// The wire counts from one: zero is unspecified.
v1::Level to_wire(Level level) {
    return v1::Level(int(level) + 1);
}

runtime::Event event_of(const char* type, std::string subject, TimePoint at, std::string data,
                        Random& random) {
    runtime::Event event;
    event.id.bytes = make_uuid_v7(at, random);
    event.type = type;
    event.subject = std::move(subject);
    event.time = at;
    event.data = std::move(data);
    return event;
}

}  // namespace

std::optional<runtime::Event> submitted_event(const Submitted& submitted, Random& random) {
    if (submitted.actor.empty()) return std::nullopt;
    v1::TransactionSubmitted data;
    data.set_transaction_sha256(std::string(text_of(crypto::sha256(view_of(submitted.bytes)))));
    runtime::Event event = event_of("transaction.submitted.v1", to_text(submitted.id), submitted.at,
                                    data.SerializeAsString(), random);
    event.actor = submitted.actor;
    return event;
}

std::optional<runtime::Event> final_event(const Finalized& finalized, Random& random) {
    if (!finalized.emergencies_changed) return std::nullopt;
    const BlockHeader& header = finalized.block.header;
    v1::EmergencyChanged data;
    data.set_height(header.height);
    *data.mutable_at() = runtime::to_proto(header.time);
    data.set_level(to_wire(header.level));
    for (const Emergency& one : finalized.in_force) {
        v1::Emergency& wire = *data.add_emergencies();
        wire.set_emergency_id(to_text(one.id));
        wire.set_level(to_wire(one.level));
        wire.set_area(one.area);
        *wire.mutable_expires_at() = runtime::to_proto(one.expires_at);
        *wire.mutable_declared_at() = runtime::to_proto(one.declared_at);
    }
    return event_of("emergency.changed.v1", std::to_string(header.height), header.time,
                    data.SerializeAsString(), random);
}

std::vector<AnchoredReceipt> receipts_of(std::span<const runtime::Event> events) {
    std::vector<AnchoredReceipt> receipts;
    imece::messaging::v1::MessageDelivered data;
    for (const runtime::Event& event : events) {
        ReceiptKey key;
        if (data.ParseFromString(event.data) && read_id(data.message_id(), key.message) &&
            read_id(data.device_id(), key.recipient))
            receipts.push_back({key, crypto::merkle_leaf_hash(view_of(
                                         data.receipt().receipt() + data.receipt().signature()))});
        else
            runtime::log(runtime::LogLevel::kError, "event_malformed",
                         {{"type", event.type}, {"position", event.position}});
    }
    return receipts;
}

std::optional<CheckInRecorded> check_in_of(const runtime::Event& event) {
    imece::identity::v1::CheckInRecorded data;
    CheckInRecorded check_in;
    if (data.ParseFromString(event.data) && read_id(data.check_in_id(), check_in.check_in) &&
        data.commitment().size() == check_in.commitment.size()) {
        std::ranges::copy(data.commitment(), check_in.commitment.begin());
        return check_in;
    }
    runtime::log(runtime::LogLevel::kError, "event_malformed",
                 {{"type", event.type}, {"position", event.position}});
    return std::nullopt;
}

}  // namespace imece::ledger
