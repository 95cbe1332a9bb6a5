// The settings that there are, as proto/imece/config/v1/keys.proto lists them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "runtime/settings/flag.h"

namespace imece::runtime {

enum class KeyKind { kNumber = 1, kDuration = 2, kChoice = 3, kFlag = 4 };

/// A setting's value in the form of its kind, in the order of KeyKind.
using SettingValue = std::variant<std::uint64_t, Duration, std::string, Flag>;

struct Key {
    std::string name;  ///< "messaging.queue_max".
    KeyKind kind = KeyKind::kNumber;
    std::uint64_t least = 0, most = 0;  ///< Of a number, or of a duration in milliseconds.
    std::vector<std::string> words;     ///< Of a choice.
    std::string default_value;
    std::string means;

    std::string least_text() const;  ///< Empty where the kind has no bounds.
    std::string most_text() const;
    /// "a number from 1000 to 100000000": what may be set.
    std::string bounds() const;
};

/// All, by name; made once.
const std::vector<Key>& keys();
/// Null for a name that there is not.
const Key* find_key(std::string_view name);

/// For any text from outside. Errors: kInvalidArgument SETTING_INVALID, naming the bounds.
Result<SettingValue> parse_setting(const Key& key, std::string_view text);
/// In the one form that parse_setting() gives the same value for.
std::string setting_text(const SettingValue& value);

/// docs/settings.md.
std::string settings_markdown();

}  // namespace imece::runtime
