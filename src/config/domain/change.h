// What changes on a site's configuration, and which of it may.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"

namespace imece::config {

/// The numbers are those of the store.
enum class ChangeKind : std::uint8_t {
    kSettingSet = 1,
    kSettingReset = 2,
    kSecretSet = 3,
    kSecretDeleted = 4,
    kSealingKeyRotated = 5,
};
inline bool is_of_setting(ChangeKind kind) {
    return kind == ChangeKind::kSettingSet || kind == ChangeKind::kSettingReset;
}

/// One revision of the site's configuration.
struct Change {
    std::uint64_t revision = 0;  ///< 1, 2, 3 … for the whole site, given by the store.
    EventId id;
    ChangeKind kind = ChangeKind::kSettingSet;
    std::string subject;        ///< The key, or the secret's name.
    std::string before, after;  ///< Values of a setting; empty: not set. Of a secret always empty.
    TimePoint at;
    std::string actor;  ///< "user:" or "service:" and the id.
    std::string trace_parent;
    friend bool operator==(const Change&, const Change&) = default;
};

/// The site keeps so many secrets, and remembers so many names of secrets, deleted ones too.
struct SecretLimits {
    std::uint64_t secrets_max = 256;
    std::uint64_t names_max = 1024;
};

/// Whether what somebody decided on is still as they saw it. Revisions are those of the subject; 0: it is not there.
/// Errors: kAborted REVISION_STALE.
Status check_expected(const std::string& subject, std::uint64_t expected, std::uint64_t present);

/// Whether changes after `after` can all be told. `compacted`: the newest that is no longer kept; `last`: the newest.
/// Errors: kOutOfRange REVISION_GONE.
Status check_resumable(std::uint64_t after, std::uint64_t compacted, std::uint64_t last);

/// Whether a new secret may be added. Errors: kFailedPrecondition SECRETS_TOO_MANY.
Status check_room(std::uint64_t secrets, std::uint64_t names, bool name_is_known,
                  const SecretLimits& limits);

}  // namespace imece::config
