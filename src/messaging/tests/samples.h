// Messages, devices and envelopes for tests.
#pragma once

#include <string>

#include "messaging/app/ports.h"

namespace imece::messaging::samples {

inline const TimePoint kNow = from_unix_ms(1'675'646'254'000);

template <class AnyId>
AnyId id(std::uint8_t last) {
    AnyId out;
    out.bytes[6] = 0x70;
    out.bytes[15] = last;
    return out;
}
inline MessageId message_id(std::uint8_t n) {
    return id<MessageId>(n);
}
inline DeviceId device(std::uint8_t n) {
    return id<DeviceId>(n);
}

inline Envelope envelope(std::uint8_t n, Priority priority = Priority::kCommunication) {
    Envelope out;
    out.id = message_id(n);
    out.sender = device(200);
    out.destination = {DestinationKind::kDevice, device(1).bytes, {}};
    out.priority = priority;
    out.sent_at = kNow;
    out.body_bytes = 100;
    return out;
}

inline NewMessage new_message(std::uint8_t n, std::vector<DeviceId> recipients = {device(1)}) {
    NewMessage message;
    message.record.envelope = envelope(n);
    message.record.digest[0] = n;
    message.record.accepted_at = kNow;
    message.record.expires_at = kNow + std::chrono::hours(12);
    for (const DeviceId& recipient : recipients)
        message.record.copies.push_back({.device = recipient});
    message.signed_envelope = "signed-" + std::to_string(n);
    return message;
}

inline NewCopy copy(std::uint8_t n, const DeviceId& target,
                    Priority priority = Priority::kCommunication, std::size_t bytes = 100) {
    return {.key = {message_id(n), target},
            .priority = priority,
            .sequence = n,
            .accepted_at = kNow,
            .expires_at = kNow + std::chrono::hours(1),
            .bytes = bytes};
}

}  // namespace imece::messaging::samples
