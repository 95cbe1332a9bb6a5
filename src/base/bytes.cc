#include "base/bytes.h"

#include <array>

namespace imece {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

constexpr std::array<std::int8_t, 256> kBase64Value = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < kBase64.size(); ++i)
        table[static_cast<unsigned char>(kBase64[i])] = std::int8_t(i);
    return table;
}();

std::unexpected<Error> bad_base64() {
    return fail(ErrorCode::kInvalidArgument, "BASE64_MALFORMED", "not base64url without padding");
}

}  // namespace

std::string to_hex(ByteView bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text.push_back(kHex[byte >> 4]);
        text.push_back(kHex[byte & 15]);
    }
    return text;
}

Result<Bytes> parse_hex(std::string_view text) {
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        const int high = hex_digit(text[i]);
        const int low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0) break;
        bytes.push_back(std::uint8_t(high << 4 | low));
    }
    if (bytes.size() * 2 != text.size())
        return fail(ErrorCode::kInvalidArgument, "HEX_MALFORMED",
                    "not an even number of hex digits");
    return bytes;
}

std::string to_base64url(ByteView bytes) {
    std::string text;
    text.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t held = 0;
    int bits = 0;
    for (const std::uint8_t byte : bytes) {
        held = held << 8 | byte;
        for (bits += 8; bits >= 6; bits -= 6) text.push_back(kBase64[held >> (bits - 6) & 63]);
    }
    if (bits > 0) text.push_back(kBase64[held << (6 - bits) & 63]);
    return text;
}

Result<Bytes> parse_base64url(std::string_view text) {
    Bytes bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t held = 0;
    int bits = 0;
    for (const char c : text) {
        const std::int8_t value = kBase64Value[static_cast<unsigned char>(c)];
        if (value < 0) return bad_base64();
        held = held << 6 | std::uint32_t(value);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        bytes.push_back(std::uint8_t(held >> bits));
    }
    // A lone character, or bits that no encoder writes, would give two spellings of one value.
    if (bits == 6 || (held & ((1u << bits) - 1)) != 0) return bad_base64();
    return bytes;
}

bool equal_in_constant_time(ByteView a, ByteView b) {
    if (a.size() != b.size()) return false;
    unsigned char differs = 0;
    for (std::size_t i = 0; i < a.size(); ++i) differs = differs | (a[i] ^ b[i]);
    return differs == 0;
}

}  // namespace imece
