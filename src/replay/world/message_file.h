// Reads the texts of real messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "replay/world/plan.h"

namespace imece::replay {

struct TextOfClass {
    Class cls = Class::kCommunication;
    std::string text;
};
struct MessageFile {
    std::vector<TextOfClass> texts;  ///< In the file's order.
    std::vector<std::string> notes;
};

/// What a message may hold before it is sealed.
inline constexpr std::size_t kTextBytesMax = 16 * 1024 - 64;

/// Parses CSV by RFC 4180 with a header line: a column 'message' (or 'text') and any of the label
/// columns, of which the first with a 1 in this table gives the class, COMMUNICATION where none has:
///   LIFE_CRITICAL     search_and_rescue, medical_help, death, child_alone, fire
///   SAFETY_CRITICAL   missing_people, security, hospitals, medical_products, electricity, refugees
///   OPERATIONAL       water, food, shelter, clothing, money, tools, aid_centers, other_aid, transport, military, offer
///   MAINTENANCE       buildings, infrastructure_related, other_infrastructure, shops, weather_related, floods, storm,
///                     earthquake, cold, other_weather
/// A row without text is passed over with a note. Errors: kInvalidArgument FILE_INVALID.
Result<MessageFile> parse_messages(std::string_view text, std::string_view file);

}  // namespace imece::replay
