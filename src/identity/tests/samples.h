// Things that identity's tests are made of.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "identity/app/ports.h"

namespace imece::identity::testing {

inline const TimePoint kNow = from_unix_ms(1'675'646'254'000);

/// Different for each number.
inline crypto::Digest digest_of(std::uint64_t number) {
    return crypto::sha256(view_of("sample " + std::to_string(number)));
}
template <class AnyId>
AnyId id_of(std::uint64_t number) {
    AnyId id;
    for (std::size_t i = 0; i < 8; ++i) id.bytes[15 - i] = std::uint8_t(number >> (8 * i));
    return id;
}

inline NewEvent event_of(std::string type, std::string subject, TimePoint at = kNow) {
    static std::atomic<std::uint64_t> next{1};
    return {.id = id_of<EventId>(next++),
            .type = std::move(type),
            .subject = std::move(subject),
            .time = at,
            .trace_parent = "00-trace",
            .actor = "user:01234567-89ab-7def-8123-456789abcdef",
            .data = std::string("data\0with zero", 14)};
}

inline UserRecord user_of_number(std::uint64_t number, std::string name = {}) {
    if (name.empty()) name = "user" + std::to_string(number);
    return {.user = {.id = id_of<UserId>(number),
                     .name = std::move(name),
                     .roles = {Role::kResponder, Role::kOperator},
                     .created_at = kNow},
            .password_hash = "hash " + std::to_string(number)};
}

inline EnrolmentToken token_of(std::uint64_t number, std::uint32_t quota) {
    return {.hash = digest_of(number),
            .quota = quota,
            .used = 0,
            .expires_at = kNow + std::chrono::hours(24),
            .rights = {.classes = {Priority::kLifeCritical, Priority::kCommunication},
                       .network_roles = {NetworkRole::kEndpoint},
                       .owner = {}}};
}

inline Device device_of_number(std::uint64_t number, const EnrolmentToken& token) {
    Device device{.public_key = digest_of(1'000'000 + number),
                  .label = "phone " + std::to_string(number),
                  .rights = token.rights,
                  .enrolled_at = kNow,
                  .enrolled_with = token.hash,
                  .credential_until = kNow + std::chrono::days(7)};
    device.id = crypto::device_id_of(device.public_key);
    return device;
}

inline Session session_of(std::uint64_t number, const Subject& subject, TimePoint at = kNow,
                          const Limits& limits = {}) {
    return begin_session(id_of<SessionId>(number), subject, digest_of(2'000'000 + number), at,
                         limits);
}

/// The reason of a failure, or nothing.
template <class T>
std::string_view reason_of(const Result<T>& result) {
    return result ? std::string_view() : result.error().reason;
}

}  // namespace imece::identity::testing
