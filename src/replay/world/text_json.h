// A strict JSON reader that remembers the line of every value, so that an error can name it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace imece::replay {

struct JsonMember;

/// A value of RFC 8259 JSON.
struct JsonValue {
    enum class Kind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };
    Kind kind = Kind::kNull;
    std::uint32_t line = 1;  ///< Where it begins; the first is 1.
    bool truth = false;
    double number = 0;
    std::string text;  ///< Of a string, decoded; of a number, as written.
    std::vector<JsonValue> items;
    std::vector<JsonMember> members;

    JsonValue();
    JsonValue(const JsonValue&);
    JsonValue(JsonValue&&) noexcept;
    JsonValue& operator=(const JsonValue&);
    JsonValue& operator=(JsonValue&&) noexcept;
    ~JsonValue();

    /// The member of an object, or null.
    const JsonValue* find(std::string_view name) const;
    std::string_view kind_name() const;
};

struct JsonMember {
    std::string first;
    JsonValue second;
};

/// "FILE:LINE: REASON", the form of every complaint about an input file.
std::unexpected<Error> file_error(std::string_view file, std::uint32_t line,
                                  std::string_view reason);

/// Parses the whole of `text`. Depth is at most 32; a name may stand once in an object.
/// Errors: kInvalidArgument FILE_INVALID with file, line and reason.
Result<JsonValue> parse_json(std::string_view text, std::string_view file);

}  // namespace imece::replay
