// Bytes and their textual forms.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace imece {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// Protobuf's `bytes` are std::string; these two pass between the worlds without a copy.
inline ByteView view_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string to_hex(ByteView bytes);  ///< Lower case.
/// Either case. Errors: kInvalidArgument HEX_MALFORMED.
Result<Bytes> parse_hex(std::string_view text);

std::string to_base64url(ByteView bytes);  ///< RFC 4648 section 5, no padding.
/// Takes the URL-safe alphabet without padding, in its one canonical spelling.
/// Errors: kInvalidArgument BASE64_MALFORMED.
Result<Bytes> parse_base64url(std::string_view text);

/// Compares in a time that depends on the lengths only.
bool equal_in_constant_time(ByteView a, ByteView b);

}  // namespace imece
