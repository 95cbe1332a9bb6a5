// What identity knows about: users, devices, desks, and what they are allowed.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "crypto/crypto.h"

namespace imece::identity {

/// By number as in imece.type.v1; a role includes none of the others.
enum class Role : std::uint8_t { kCitizen = 1, kResponder, kDispatcher, kOperator };
enum class Priority : std::uint8_t {
    kLifeCritical = 1,
    kSafetyCritical,
    kOperational,
    kCommunication,
    kMaintenance,
};
enum class NetworkRole : std::uint8_t { kEndpoint = 1, kCarrier };

/// A set of enumerators with numbers 1 to 31.
template <class Enum>
class EnumSet {
public:
    EnumSet() = default;
    EnumSet(std::initializer_list<Enum> items) {
        for (const Enum item : items) add(item);
    }
    static EnumSet from_bits(std::uint32_t bits) {
        EnumSet set;
        set.bits_ = bits;
        return set;
    }
    void add(Enum item) { bits_ |= 1U << unsigned(item); }
    bool has(Enum item) const { return (bits_ >> unsigned(item) & 1U) != 0; }
    bool empty() const { return bits_ == 0; }
    std::uint32_t bits() const { return bits_; }
    /// By number.
    std::vector<Enum> items() const {
        std::vector<Enum> out;
        for (unsigned number = 1; number < 32; ++number)
            if (has(Enum(number))) out.push_back(Enum(number));
        return out;
    }
    friend bool operator==(const EnumSet&, const EnumSet&) = default;

private:
    std::uint32_t bits_ = 0;
};

using SessionId = Id<struct SessionTag>;

struct User {
    UserId id;
    std::string name;
    EnumSet<Role> roles;
    TimePoint created_at;
    std::optional<TimePoint> disabled_at;  ///< Since when they may not sign in.
    friend bool operator==(const User&, const User&) = default;
};

/// What an enrolment token gives to the devices that enrol with it.
struct Rights {
    EnumSet<Priority> classes;
    EnumSet<NetworkRole> network_roles;
    UserId owner;  ///< Or none.
    friend bool operator==(const Rights&, const Rights&) = default;
};

struct EnrolmentToken {
    crypto::Digest hash{};  ///< SHA-256 of the token's text; the text itself is kept nowhere.
    std::uint32_t quota = 0;
    std::uint32_t used = 0;
    TimePoint expires_at;
    Rights rights;
    friend bool operator==(const EnrolmentToken&, const EnrolmentToken&) = default;
};

struct Device {
    DeviceId id;
    crypto::PublicKey public_key{};
    std::string label;
    Rights rights;
    TimePoint enrolled_at;
    crypto::Digest enrolled_with{};  ///< Hash of the enrolment token.
    TimePoint credential_until;      ///< When the last credential that we gave it runs out.
    std::optional<TimePoint> revoked_at;
    friend bool operator==(const Device&, const Device&) = default;
};

/// An office that receives messages sealed to its key.
struct Desk {
    GroupId id;
    std::string name;
    crypto::PublicKey public_key{};
    std::vector<DeviceId> devices;  ///< Ascending.
    friend bool operator==(const Desk&, const Desk&) = default;
};
inline constexpr std::size_t kDeskDevicesMax = 1000;

/// What the site says of a device, until `not_after`.
struct Credential {
    DeviceId device;
    crypto::PublicKey public_key{};
    Rights rights;
    TimePoint not_before;
    TimePoint not_after;
    std::string issuer_key_id;
};

/// A user or a device, as the holder of a session.
struct Subject {
    enum class Kind : std::uint8_t { kUser = 1, kDevice = 2 };
    Kind kind = Kind::kUser;
    std::array<std::uint8_t, 16> id{};

    static Subject of(const UserId& user) { return {Kind::kUser, user.bytes}; }
    static Subject of(const DeviceId& device) { return {Kind::kDevice, device.bytes}; }
    UserId user() const { return {id}; }
    DeviceId device() const { return {id}; }
    std::string text() const { return kind == Kind::kUser ? to_text(user()) : to_text(device()); }
    friend bool operator==(const Subject&, const Subject&) = default;
};

/// Spans and counts. The defaults are the ones that docs and proto promise.
struct Limits {
    Duration access_ttl = std::chrono::minutes(15);
    Duration refresh_ttl = std::chrono::days(7);
    Duration repeat_window = std::chrono::seconds(30);
    Duration credential_ttl = std::chrono::days(7);
    Duration challenge_ttl = std::chrono::seconds(60);
    std::size_t challenges_per_device = 4;
    std::size_t challenges_max = 65'536;
    std::size_t sessions_per_subject = 8;
    Duration enrolment_ttl = std::chrono::hours(24);
    Duration enrolment_ttl_min = std::chrono::minutes(1);
    Duration enrolment_ttl_max = std::chrono::days(30);
};

}  // namespace imece::identity
