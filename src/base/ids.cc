#include "base/ids.h"

#include <algorithm>

namespace imece {
namespace {

std::unexpected<Error> malformed(const char* form) {
    return fail(ErrorCode::kInvalidArgument, "ID_MALFORMED", form);
}

}  // namespace

std::array<std::uint8_t, 16> make_uuid_v7(TimePoint now, Random& random) {
    std::array<std::uint8_t, 16> id{};
    random.fill(id);
    const auto ms = std::uint64_t(to_unix_ms(now));
    for (std::size_t i = 0; i < 6; ++i) id[i] = std::uint8_t(ms >> (40 - 8 * i));
    id[6] = std::uint8_t(0x70 | (id[6] & 0x0f));
    id[8] = std::uint8_t(0x80 | (id[8] & 0x3f));
    return id;
}

std::string uuid_text(const std::array<std::uint8_t, 16>& bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text(36, '-');
    std::size_t at = 0;
    for (const std::uint8_t byte : bytes) {
        if (at == 8 || at == 13 || at == 18 || at == 23) ++at;
        text[at++] = kDigits[byte >> 4];
        text[at++] = kDigits[byte & 0x0f];
    }
    return text;
}

Result<std::array<std::uint8_t, 16>> parse_uuid(std::string_view text) {
    constexpr const char* kForm = "an id is written as 0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5f";
    if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
        text[23] != '-')
        return malformed(kForm);
    std::string digits(text);
    std::erase(digits, '-');
    const auto bytes = parse_hex(digits);
    if (!bytes || bytes->size() != 16) return malformed(kForm);
    std::array<std::uint8_t, 16> id{};
    std::ranges::copy(*bytes, id.begin());
    return id;
}

template <>
Result<DeviceId> parse_id<DeviceId>(std::string_view text) {
    const auto bytes = parse_hex(text);
    if (!bytes || bytes->size() != 16) return malformed("a device id is 32 hex digits");
    DeviceId id;
    std::ranges::copy(*bytes, id.bytes.begin());
    return id;
}

}  // namespace imece
