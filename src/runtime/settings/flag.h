// A feature flag: for whom a feature is on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace imece::runtime {

/// Who asks for a feature.
struct Subject {
    std::string id;                  ///< "user:…" or "device:…"; empty for nobody known.
    std::vector<std::string> roles;  ///< "OPERATOR", as tokens name them.
};

/// On for who has one of the roles, and for `percent` of all others.
struct Flag {
    unsigned percent = 0;
    std::vector<std::string> roles;  ///< "OPERATOR", in the order of the ranks, each once.

    /// The same answer in every process and at every start: a subject is in the share by the SHA-256 of `key`, a zero
    /// byte and its id. A larger percentage takes nobody out. Nobody known is in only at 100. Cost: 1 µs.
    bool is_on(std::string_view key, const Subject& subject) const;
    friend bool operator==(const Flag&, const Flag&) = default;
};

/// "on", "off", "25%", "operator,responder", "25% operator". Errors: kInvalidArgument SETTING_INVALID.
Result<Flag> parse_flag(std::string_view text);
/// In the one form that parse_flag() gives the same flag for.
std::string flag_text(const Flag& flag);

}  // namespace imece::runtime
