// How a device joins.
#pragma once

#include "identity/domain/values.h"

namespace imece::identity {

/// The lifetime of a new token: what was asked for within the limits, or the default.
/// Errors: kInvalidArgument FIELD_INVALID.
Result<Duration> enrolment_ttl(std::optional<Duration> asked, const Limits& limits);

/// What an enrolment amounts to.
enum class Enrolment {
    kNew,       ///< A device that was not here: uses one of the token's quota.
    kRepeated,  ///< The same key with the same token, after a lost answer: uses nothing.
    kMoved,     ///< A known device with another token: takes that one's rights, uses its quota.
};

/// Says what the enrolment of a key with `token` is at `now`, `known` being the device that already
/// has this key, or null. A used-up token still serves repeats, an expired one serves nobody.
/// Errors: kPermissionDenied DEVICE_REVOKED, ENROLMENT_REFUSED, in this order.
Result<Enrolment> judge_enrolment(const EnrolmentToken& token, const Device* known, TimePoint now);

/// The credential that `device` gets at `now`.
Credential credential_for(const Device& device, TimePoint now, const Limits& limits,
                          std::string issuer_key_id);

}  // namespace imece::identity
