#include "identity/domain/enrolment.h"

namespace imece::identity {

Result<Duration> enrolment_ttl(std::optional<Duration> asked, const Limits& limits) {
    if (!asked) return limits.enrolment_ttl;
    if (*asked < limits.enrolment_ttl_min || *asked > limits.enrolment_ttl_max)
        return fail(ErrorCode::kInvalidArgument, "FIELD_INVALID",
                    "'expires_in' is between 1 minute and 30 days");
    return *asked;
}

Result<Enrolment> judge_enrolment(const EnrolmentToken& token, const Device* known, TimePoint now) {
    if (known != nullptr && known->revoked_at)
        return fail(ErrorCode::kPermissionDenied, "DEVICE_REVOKED", "this device was revoked");
    if (now >= token.expires_at)
        return fail(ErrorCode::kPermissionDenied, "ENROLMENT_REFUSED",
                    "the enrolment token has expired");
    if (known != nullptr && known->enrolled_with == token.hash) return Enrolment::kRepeated;
    if (token.used >= token.quota)
        return fail(ErrorCode::kPermissionDenied, "ENROLMENT_REFUSED",
                    "the enrolment token's quota is used up");
    return known == nullptr ? Enrolment::kNew : Enrolment::kMoved;
}

Credential credential_for(const Device& device, TimePoint now, const Limits& limits,
                          std::string issuer_key_id) {
    return {.device = device.id,
            .public_key = device.public_key,
            .rights = device.rights,
            .not_before = now,
            .not_after = now + limits.credential_ttl,
            .issuer_key_id = std::move(issuer_key_id)};
}

}  // namespace imece::identity
