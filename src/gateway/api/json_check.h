// Is it JSON at all? The strict pass.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.h"

namespace imece::gateway {

inline constexpr std::size_t kJsonDepthMax = 32;

/// OK when `text` is one RFC 8259 value: UTF-8, nothing after it, no key twice in an object, at
/// most kJsonDepthMax levels deep. Errors: kInvalidArgument BODY_NOT_JSON naming the byte.
Status check_json(std::string_view text);

}  // namespace imece::gateway
