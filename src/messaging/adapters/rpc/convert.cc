#include "messaging/adapters/rpc/convert.h"

#include <algorithm>

#include "base/read_id.h"
#include "base/result.h"
#include "runtime/rpc/time.h"

namespace imece::messaging {
namespace {

namespace pb = imece::messaging::v1;
namespace type = imece::type::v1;
using runtime::from_proto;
using runtime::to_proto;

constexpr std::size_t kSignatureBytes = 64;
constexpr std::size_t kAreaMax = 12;

/// Parses into a message that each thread keeps: after the first times that allocates nothing.
template <class Wire>
const Wire* parse(const std::string& bytes) {
    thread_local Wire wire;
    return wire.ParseFromString(bytes) ? &wire : nullptr;
}

std::unexpected<Error> bad_envelope(const char* why) {
    return fail(ErrorCode::kInvalidArgument, "ENVELOPE_MALFORMED", why);
}

bool is_priority(int value) {
    return value >= type::LIFE_CRITICAL && value <= type::MAINTENANCE;
}

bool within_limits(const type::ClearHeader& clear) {
    return clear.kind().size() <= 32 && clear.cell().size() <= 6 && clear.language().size() <= 16 &&
           clear.people() <= 10'000 && clear.battery_percent() <= 100;
}

Result<Destination> to_destination(const type::Destination& wire) {
    Destination destination;
    bool whole = true;
    const auto take = [&](DestinationKind kind, const std::string& bytes) {
        destination.kind = kind;
        whole = bytes.size() == destination.id.size();
        if (whole) std::copy(bytes.begin(), bytes.end(), destination.id.begin());
    };
    switch (wire.to_case()) {
        case type::Destination::kDeviceId: take(DestinationKind::kDevice, wire.device_id()); break;
        case type::Destination::kUserId: take(DestinationKind::kUser, wire.user_id()); break;
        case type::Destination::kGroupId: take(DestinationKind::kGroup, wire.group_id()); break;
        case type::Destination::kArea:
            destination.kind = DestinationKind::kArea;
            destination.area = wire.area();
            whole = !wire.area().empty() && wire.area().size() <= kAreaMax;
            break;
        case type::Destination::TO_NOT_SET: break;
    }
    if (!whole)
        return fail(ErrorCode::kInvalidArgument, "DESTINATION_INVALID",
                    "the destination's id is malformed");
    return destination;
}

std::string destination_text(const Destination& destination) {
    switch (destination.kind) {
        case DestinationKind::kDevice: return "device:" + to_hex(destination.id);
        case DestinationKind::kUser: return "user:" + uuid_text(destination.id);
        case DestinationKind::kGroup: return "group:" + uuid_text(destination.id);
        default: return {};
    }
}

pb::MessageState state_of(const Record::Copy& copy, const CopyView& view) {
    switch (copy.state) {
        case CopyState::kDelivered: return pb::DELIVERED;
        case CopyState::kExpired: return pb::EXPIRED;
        case CopyState::kRejected: return pb::REJECTED;
        case CopyState::kPending: break;
    }
    return view.state == CopyView::State::kInFlight ? pb::FORWARDED : pb::QUEUED;
}

/// How far along a copy is: the message's state is that of the copy that got furthest.
int progress(pb::MessageState state) {
    switch (state) {
        case pb::DELIVERED: return 4;
        case pb::FORWARDED: return 3;
        case pb::QUEUED: return 2;
        default: return 1;
    }
}

}  // namespace

Result<Submission> to_submission(const type::SignedEnvelope& message) {
    const auto* const parsed = parse<type::Envelope>(message.envelope());
    if (parsed == nullptr) return bad_envelope("the envelope does not parse");
    const type::Envelope& wire = *parsed;
    Submission out;
    Envelope& envelope = out.envelope;
    if (!read_id(wire.message_id(), envelope.id) || envelope.id.empty() ||
        (envelope.id.bytes[6] >> 4) != 7)
        return bad_envelope("message_id is not the 16 bytes of a UUIDv7");
    if (!read_id(wire.sender_device_id(), envelope.sender))
        return bad_envelope("sender_device_id is not 16 bytes");
    if (!is_priority(wire.priority())) return bad_envelope("priority is none of the five classes");
    if (!wire.has_sent_at()) return bad_envelope("sent_at is missing");
    if (!within_limits(wire.clear())) return bad_envelope("the clear header is over its limits");
    if (message.signature().size() != kSignatureBytes)
        return bad_envelope("the signature is not 64 bytes");
    IMECE_TRY(envelope.destination, to_destination(wire.destination()));
    envelope.priority = Priority(wire.priority());
    envelope.sent_at = from_proto(wire.sent_at());
    // A lifetime of zero is out of range where it is said, and the class's default where it is not.
    envelope.ttl = wire.has_ttl() ? from_proto(wire.ttl()) : Duration(0);
    if (wire.has_ttl() && envelope.ttl == Duration(0)) envelope.ttl = Duration(-1);
    envelope.exercise = wire.exercise();
    envelope.body_bytes = wire.sealed_body().size();
    if (message.has_credential()) {
        IMECE_TRY(out.credential, to_credential(message.credential()));
    }
    out.envelope_bytes = message.envelope();
    out.signature = message.signature();
    out.signed_envelope = message.SerializeAsString();
    return out;
}

Result<ReceiptSubmission> to_receipt(const type::SignedReceipt& receipt) {
    const auto* const wire = parse<type::Receipt>(receipt.receipt());
    ReceiptSubmission out;
    if (wire == nullptr || !read_id(wire->message_id(), out.copy.message) ||
        !read_id(wire->device_id(), out.copy.target) ||
        receipt.signature().size() != kSignatureBytes)
        return fail(ErrorCode::kInvalidArgument, "RECEIPT_MALFORMED", "the receipt does not parse");
    switch (wire->kind()) {
        case type::DELIVERED:
        case type::READ: out.end = End::kDelivered; break;
        case type::REJECTED: out.end = End::kRejected; break;
        default:
            return fail(ErrorCode::kInvalidArgument, "RECEIPT_MALFORMED",
                        "a recipient's receipt is DELIVERED, READ or REJECTED");
    }
    out.at = from_proto(wire->at());
    out.receipt_bytes = receipt.receipt();
    out.signature = receipt.signature();
    out.signed_receipt = receipt.SerializeAsString();
    return out;
}

Result<SignedCredential> to_credential(const type::SignedCredential& credential) {
    const auto malformed = [] {
        return fail(ErrorCode::kPermissionDenied, "CREDENTIAL_INVALID",
                    "the credential does not parse");
    };
    const auto* const parsed = parse<type::Credential>(credential.credential());
    SignedCredential out;
    if (parsed == nullptr || !read_id(parsed->device_id(), out.says.device) ||
        credential.signature().size() != kSignatureBytes)
        return malformed();
    const type::Credential& wire = *parsed;
    const auto key = crypto::public_key_from(view_of(wire.public_key()));
    if (!key) return malformed();
    out.says.key = *key;
    for (const int priority : wire.classes())
        if (is_priority(priority)) out.says.classes[rank(Priority(priority))] = true;
    read_id(wire.user_id(), out.says.owner);
    out.says.not_after = from_proto(wire.not_after());
    out.not_before = from_proto(wire.not_before());
    out.issuer_key_id = wire.issuer_key_id();
    out.bytes = credential.credential();
    out.signature = credential.signature();
    return out;
}

void fill(pb::Message& out, const Record& record, const std::vector<CopyView>& views) {
    const Envelope& envelope = record.envelope;
    out.set_message_id(to_text(envelope.id));
    out.set_sender_device_id(to_text(envelope.sender));
    out.set_destination(destination_text(envelope.destination));
    out.set_priority(type::Priority(envelope.priority));
    *out.mutable_sent_at() = to_proto(envelope.sent_at);
    *out.mutable_accepted_at() = to_proto(record.accepted_at);
    *out.mutable_expires_at() = to_proto(record.expires_at);
    out.set_exercise(envelope.exercise);
    out.set_body_bytes(std::uint32_t(envelope.body_bytes));
    for (std::size_t i = 0; i < record.copies.size(); ++i) {
        const Record::Copy& copy = record.copies[i];
        pb::Copy& wire = *out.add_copies();
        wire.set_device_id(to_text(copy.device));
        wire.set_state(state_of(copy, views[i]));
        wire.set_attempts(views[i].attempts);
        if (copy.state == CopyState::kDelivered)
            *wire.mutable_delivered_at() = to_proto(copy.ended_at);
        if (i == 0 || progress(wire.state()) > progress(out.state())) out.set_state(wire.state());
    }
}

void fill(pb::CopyExplanation& out, const Record::Copy& copy, const CopyView& view) {
    out.set_device_id(to_text(copy.device));
    out.set_state(state_of(copy, view));
    switch (copy.state) {
        case CopyState::kDelivered: out.set_why("the recipient's receipt is recorded"); break;
        case CopyState::kExpired: out.set_why("its lifetime passed before a receipt came"); break;
        case CopyState::kRejected: out.set_why("the recipient refused it"); break;
        case CopyState::kPending: out.set_why(view.why); break;
    }
    for (const DeviceId& node : view.path) out.add_path(to_text(node));
    out.set_ahead(view.ahead);
    out.set_attempts(view.attempts);
    if (view.next_attempt_at != TimePoint{})
        *out.mutable_next_attempt_at() = to_proto(view.next_attempt_at);
}

void fill(pb::Delivery& out, OutDelivery&& delivery) {
    out.mutable_message()->ParseFromString(delivery.signed_envelope);
    out.set_device_id(to_text(delivery.copy.target));
    for (const DeviceId& node : delivery.path) out.add_path(to_text(node));
    out.set_attempt(delivery.attempt);
}

pb::MessageState state_of(End end) {
    switch (end) {
        case End::kDelivered: return pb::DELIVERED;
        case End::kRejected: return pb::REJECTED;
        case End::kExpired: return pb::EXPIRED;
    }
    return pb::MESSAGE_STATE_UNSPECIFIED;
}

}  // namespace imece::messaging
