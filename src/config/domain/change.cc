#include "config/domain/change.h"

namespace imece::config {

Status check_expected(const std::string& subject, std::uint64_t expected, std::uint64_t present) {
    if (expected == present) return {};
    return fail(ErrorCode::kAborted, "REVISION_STALE",
                "'" + subject + "' is at revision " + std::to_string(present) + ", not at " +
                    std::to_string(expected));
}

Status check_resumable(std::uint64_t after, std::uint64_t compacted, std::uint64_t last) {
    if (after < compacted)
        return fail(ErrorCode::kOutOfRange, "REVISION_GONE",
                    "changes up to revision " + std::to_string(compacted) + " are not all kept");
    if (after > last)
        return fail(ErrorCode::kOutOfRange, "REVISION_GONE",
                    "the newest revision is " + std::to_string(last));
    return {};
}

Status check_room(std::uint64_t secrets, std::uint64_t names, bool name_is_known,
                  const SecretLimits& limits) {
    if (secrets >= limits.secrets_max)
        return fail(ErrorCode::kFailedPrecondition, "SECRETS_TOO_MANY",
                    "there are " + std::to_string(secrets) + " secrets");
    if (!name_is_known && names >= limits.names_max)
        return fail(ErrorCode::kFailedPrecondition, "SECRETS_TOO_MANY",
                    "there have been " + std::to_string(names) + " names of secrets");
    return {};
}

}  // namespace imece::config
