// The values of header fields, read as HTTP writes them.
#pragma once

#include <algorithm>
#include <string_view>

namespace imece::gateway {

/// The same but for the case of ASCII letters.
inline bool same_word(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) {
        const auto lower = [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        };
        return lower(x) == lower(y);
    });
}

inline std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// Calls `visit` with each item of a comma-separated list until one says true.
template <class Visit>
bool any_item(std::string_view list, const Visit& visit) {
    while (!list.empty()) {
        const std::string_view item = list.substr(0, list.find(','));
        list.remove_prefix(std::min(item.size() + 1, list.size()));
        if (visit(trimmed(item))) return true;
    }
    return false;
}

}  // namespace imece::gateway
