#include "identity/domain/password.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace imece::identity {
namespace {

constexpr std::size_t kDifferentMin = 5;

/// Long enough to pass the length rule, and in every list that is tried first.
constexpr std::array<std::string_view, 12> kWellKnown = {
    "password1234",    "passwordpassword", "qwertyuiop12",     "qwertyuiop123",
    "administrator",   "letmeinletmein",   "iloveyouiloveyou", "correcthorsebatterystaple",
    "galatasaray1905", "fenerbahce1907",   "besiktas1903",     "istanbul3434"};

std::string folded(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) {
        return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : char(c);
    });
    return out;
}

/// Code points of UTF-8: all bytes but the continuation bytes.
std::size_t characters(std::string_view text) {
    return std::size_t(
        std::ranges::count_if(text, [](char c) { return (std::uint8_t(c) & 0xc0) != 0x80; }));
}

/// "abcdefghijkl", "123456789012", "210987654321": each character follows the one before it.
bool is_run(std::string_view text) {
    const auto follows = [&](int step) {
        for (std::size_t i = 1; i < text.size(); ++i) {
            const int distance = text[i] - text[i - 1];
            // Digits go on from 9 to 0.
            const bool wraps = distance == -9 * step && text[i - 1] >= '0' && text[i - 1] <= '9';
            if (distance != step && !wraps) return false;
        }
        return true;
    };
    return follows(1) || follows(-1);
}

std::unexpected<Error> weak(std::string message) {
    return fail(ErrorCode::kInvalidArgument, "PASSWORD_TOO_WEAK", std::move(message));
}

}  // namespace

Status check_password(std::string_view password, std::string_view user_name) {
    if (characters(password) < kPasswordCharactersMin)
        return weak("the password needs at least 12 characters");
    const std::string word = folded(password);
    if (std::set<char>(word.begin(), word.end()).size() < kDifferentMin)
        return weak("the password needs at least 5 different characters");
    if (user_name.size() >= 3 && word.find(folded(user_name)) != std::string::npos)
        return weak("the password contains the user's name");
    if (is_run(word) || std::ranges::find(kWellKnown, word) != kWellKnown.end())
        return weak("the password is one of the first that anybody tries");
    return {};
}

}  // namespace imece::identity
