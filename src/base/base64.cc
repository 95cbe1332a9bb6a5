#include "base/base64.h"

#include <array>
#include <cstdint>

namespace imece {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t kNone = 0xff;
constexpr std::array<std::uint8_t, 256> kValue = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(kNone);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i)
        table[static_cast<unsigned char>(kAlphabet[i])] = std::uint8_t(i);
    table['-'] = 62;
    table['_'] = 63;
    return table;
}();

std::uint32_t byte_at(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]);
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
    // Bodies pass here twice a message, so three bytes at a time into room made once.
    std::size_t to = out.size();
    out.resize(to + (bytes.size() + 2) / 3 * 4);
    std::size_t at = 0;
    for (; at + 3 <= bytes.size(); at += 3) {
        const std::uint32_t three =
            byte_at(bytes, at) << 16 | byte_at(bytes, at + 1) << 8 | byte_at(bytes, at + 2);
        out[to++] = kAlphabet[three >> 18];
        out[to++] = kAlphabet[three >> 12 & 63];
        out[to++] = kAlphabet[three >> 6 & 63];
        out[to++] = kAlphabet[three & 63];
    }
    if (at == bytes.size()) return;
    const bool two = at + 2 == bytes.size();
    const std::uint32_t rest = byte_at(bytes, at) << 16 | (two ? byte_at(bytes, at + 1) << 8 : 0);
    out[to++] = kAlphabet[rest >> 18];
    out[to++] = kAlphabet[rest >> 12 & 63];
    out[to++] = two ? kAlphabet[rest >> 6 & 63] : '=';
    out[to++] = '=';
}

bool parse_base64(std::string_view text, std::string& bytes) {
    if (text.size() % 4 == 0)
        for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
    if (text.size() % 4 == 1) return false;

    bytes.resize(text.size() * 3 / 4);
    std::size_t at = 0;
    std::size_t to = 0;
    std::uint32_t bad = 0;  // Gathers the high bit of every digit: one test at the end.
    const auto digit = [&](std::size_t i) -> std::uint32_t {
        const std::uint8_t value = kValue[byte_at(text, i)];
        bad |= value;
        return value;
    };
    for (; at + 4 <= text.size(); at += 4) {
        const std::uint32_t four =
            digit(at) << 18 | digit(at + 1) << 12 | digit(at + 2) << 6 | digit(at + 3);
        bytes[to++] = char(four >> 16);
        bytes[to++] = char(four >> 8);
        bytes[to++] = char(four);
    }
    if (at < text.size()) {
        const bool three = at + 3 == text.size();
        const std::uint32_t rest =
            digit(at) << 18 | digit(at + 1) << 12 | (three ? digit(at + 2) << 6 : 0);
        bytes[to++] = char(rest >> 16);
        if (three) bytes[to++] = char(rest >> 8);
    }
    return (bad & 0x80) == 0;
}

}  // namespace imece
