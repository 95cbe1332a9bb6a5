// The request target, taken apart.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace imece::gateway {

struct Target {
    std::string_view path;   ///< Begins with '/'; still percent-encoded.
    std::string_view query;  ///< Without '?'; still encoded.
};

/// Takes the origin form ("/v1/site?x=1") and the absolute form ("http://host/v1/site").
/// Errors: kInvalidArgument HTTP_MALFORMED.
Result<Target> split_target(std::string_view target);

/// Errors: kInvalidArgument HTTP_MALFORMED for a broken escape, a control character, or what is not UTF-8.
Result<std::string> percent_decode(std::string_view text);

using QueryParameter = std::pair<std::string, std::string>;
/// In their order; '+' stands for a space. At most 64.
/// Errors: kInvalidArgument QUERY_INVALID.
Result<std::vector<QueryParameter>> parse_query(std::string_view query);

}  // namespace imece::gateway
