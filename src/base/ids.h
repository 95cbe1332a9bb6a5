// Identifiers: sixteen bytes with a type.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"

namespace imece {

/// Two ids of different tags do not mix. All zero means "none".
template <class Tag>
struct Id {
    std::array<std::uint8_t, 16> bytes{};

    friend auto operator<=>(const Id&, const Id&) = default;
    bool empty() const { return *this == Id{}; }
    ByteView view() const { return bytes; }
};

/// DeviceId = NodeId: the first 16 bytes of SHA-256(device public key), written as 32 hex digits.
using DeviceId = Id<struct DeviceTag>;
/// UUIDv7, written as a UUID.
using MessageId = Id<struct MessageTag>;
using UserId = Id<struct UserTag>;
using GroupId = Id<struct GroupTag>;
using EventId = Id<struct EventTag>;

/// 16 fresh bytes by RFC 9562 section 5.7: 48 bits of unix milliseconds, version, random.
std::array<std::uint8_t, 16> make_uuid_v7(TimePoint now, Random& random);
std::string uuid_text(const std::array<std::uint8_t, 16>& bytes);
/// Takes the 36-character form, either case. Errors: kInvalidArgument ID_MALFORMED.
Result<std::array<std::uint8_t, 16>> parse_uuid(std::string_view text);

inline std::string to_text(const DeviceId& id) {
    return to_hex(id.bytes);
}
template <class Tag>
std::string to_text(const Id<Tag>& id) {
    return uuid_text(id.bytes);
}

/// `parse_id<MessageId>(text)`; 32 hex digits for a device, a UUID for the rest.
/// Errors: kInvalidArgument ID_MALFORMED.
template <class AnyId>
Result<AnyId> parse_id(std::string_view text) {
    auto bytes = parse_uuid(text);
    if (!bytes) return std::unexpected(std::move(bytes).error());
    return AnyId{*bytes};
}
template <>
Result<DeviceId> parse_id<DeviceId>(std::string_view text);

}  // namespace imece

template <class Tag>
struct std::hash<imece::Id<Tag>> {
    /// The tail of a UUIDv7 and every part of a key hash are random: no mixing is needed.
    std::size_t operator()(const imece::Id<Tag>& id) const noexcept {
        std::uint64_t word = 0;
        std::memcpy(&word, id.bytes.data() + 8, sizeof word);
        return word;
    }
};
