// Base64 as proto3 JSON has it: the standard alphabet with padding out, either alphabet in.
#pragma once

#include <string>
#include <string_view>

namespace imece {

/// Appends the padded standard form (RFC 4648 section 4) of `bytes`.
void append_base64(std::string& out, std::string_view bytes);

/// Reads the standard or the URL-safe alphabet, with or without padding, into `bytes`.
/// False: something else stands there; `bytes` is then unspecified.
bool parse_base64(std::string_view text, std::string& bytes);

}  // namespace imece
