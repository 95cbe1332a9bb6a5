#include "gateway/api/json_text.h"

#include <array>
#include <cstdint>

namespace imece::gateway {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_values() {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (int i = 0; i < 64; ++i) values[static_cast<std::uint8_t>(kAlphabet[i])] = std::int8_t(i);
    values['-'] = 62;
    values['_'] = 63;
    return values;
}
constexpr auto kValues = make_values();

std::uint8_t byte(char c) {
    return static_cast<std::uint8_t>(c);
}

/// True for the characters that JSON strings may hold as they are.
bool is_plain(char c) {
    return byte(c) >= 0x20 && c != '"' && c != '\\';
}

void append_escape(std::string& out, char c) {
    constexpr char kHex[] = "0123456789abcdef";
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default:
            out += "\\u00";
            out += kHex[byte(c) >> 4];
            out += kHex[byte(c) & 15];
    }
}

std::unexpected<Error> malformed() {
    return fail(ErrorCode::kInvalidArgument, "BASE64_MALFORMED", "not base64");
}

/// The length of the UTF-8 sequence that begins `text`, 0 when there is none.
std::size_t sequence_length(std::string_view text) {
    const auto at = [&](std::size_t i) {
        return i < text.size() ? byte(text[i]) : std::uint8_t(0);
    };
    const auto tail = [&](std::size_t i) { return (at(i) & 0xC0) == 0x80; };
    const std::uint8_t first = at(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
    if ((first & 0xF0) == 0xE0) {
        // No overlong form, no half of a surrogate pair.
        if ((first == 0xE0 && at(1) < 0xA0) || (first == 0xED && at(1) > 0x9F)) return 0;
        return tail(1) && tail(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if ((first == 0xF0 && at(1) < 0x90) || (first == 0xF4 && at(1) > 0x8F)) return 0;
        return tail(1) && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t plain_from = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_plain(text[i])) continue;
        out.append(text, plain_from, i - plain_from);
        append_escape(out, text[i]);
        plain_from = i + 1;
    }
    out.append(text, plain_from);
    out += '"';
}

void append_base64(std::string& out, std::string_view bytes) {
    const std::size_t start = out.size();
    out.resize(start + (bytes.size() + 2) / 3 * 4);
    char* to = out.data() + start;
    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3) {
        const std::uint32_t group = std::uint32_t(byte(bytes[i])) << 16 |
                                    std::uint32_t(byte(bytes[i + 1])) << 8 | byte(bytes[i + 2]);
        *to++ = kAlphabet[group >> 18];
        *to++ = kAlphabet[group >> 12 & 63];
        *to++ = kAlphabet[group >> 6 & 63];
        *to++ = kAlphabet[group & 63];
    }
    if (i == bytes.size()) return;
    const bool two = i + 1 < bytes.size();
    const std::uint32_t group =
        std::uint32_t(byte(bytes[i])) << 16 | (two ? std::uint32_t(byte(bytes[i + 1])) << 8 : 0);
    *to++ = kAlphabet[group >> 18];
    *to++ = kAlphabet[group >> 12 & 63];
    *to++ = two ? kAlphabet[group >> 6 & 63] : '=';
    *to = '=';
}

Result<std::string> parse_base64(std::string_view text) {
    if (text.size() % 4 == 0 && text.ends_with('='))
        text.remove_suffix(text.ends_with("==") ? 2 : 1);
    if (text.size() % 4 == 1) return malformed();

    std::string bytes(text.size() * 3 / 4, '\0');
    char* to = bytes.data();
    int bad = 0;  // Negative as soon as one letter is: the branch is taken once, at the end.
    const auto value = [&](char c) {
        const int v = kValues[byte(c)];
        bad |= v;
        return static_cast<std::uint32_t>(v);
    };
    std::size_t i = 0;
    for (; i + 4 <= text.size(); i += 4) {
        const std::uint32_t group = value(text[i]) << 18 | value(text[i + 1]) << 12 |
                                    value(text[i + 2]) << 6 | value(text[i + 3]);
        *to++ = static_cast<char>(group >> 16);
        *to++ = static_cast<char>(group >> 8);
        *to++ = static_cast<char>(group);
    }
    if (i < text.size()) {
        std::uint32_t group = value(text[i]) << 18 | value(text[i + 1]) << 12;
        *to++ = static_cast<char>(group >> 16);
        if (i + 2 < text.size()) {
            group |= value(text[i + 2]) << 6;
            *to = static_cast<char>(group >> 8);
        }
    }
    if (bad < 0) return malformed();
    return bytes;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace imece::gateway
