// The small texts of JSON: strings and base64, as our reader and writer spell them.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace imece::gateway {

/// Appends `text` (UTF-8) as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

/// Appends RFC 4648 base64 with padding, no quotes.
void append_base64(std::string& out, std::string_view bytes);

/// Takes both alphabets, with or without padding, as proto3 JSON asks.
/// Errors: kInvalidArgument BASE64_MALFORMED.
Result<std::string> parse_base64(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace imece::gateway
