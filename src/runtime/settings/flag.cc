#include "runtime/settings/flag.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "crypto/crypto.h"

namespace imece::runtime {
namespace {

struct RoleWord {
    std::string_view word, role;
};
constexpr std::array<RoleWord, 4> kRoles{{{"citizen", "CITIZEN"},
                                          {"responder", "RESPONDER"},
                                          {"dispatcher", "DISPATCHER"},
                                          {"operator", "OPERATOR"}}};

std::unexpected<Error> not_a_flag() {
    return fail(ErrorCode::kInvalidArgument, "SETTING_INVALID",
                "write on, off, a percentage, roles (citizen, responder, dispatcher, operator), or "
                "both: '25% operator,responder'");
}

/// "0%" to "100%", without leading zeros.
std::optional<unsigned> parse_percent(std::string_view text) {
    unsigned percent = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
    if (error != std::errc{} || std::string_view(end, text.data() + text.size()) != "%")
        return std::nullopt;
    if (percent > 100 || (text.size() > 2 && text.front() == '0')) return std::nullopt;
    return percent;
}

std::optional<std::vector<std::string>> parse_roles(std::string_view list) {
    std::array<bool, kRoles.size()> named{};
    while (true) {
        const std::string_view word = list.substr(0, list.find(','));
        const auto found = std::ranges::find(kRoles, word, &RoleWord::word);
        if (found == kRoles.end()) return std::nullopt;
        named[std::size_t(found - kRoles.begin())] = true;
        if (word.size() == list.size()) break;
        list.remove_prefix(word.size() + 1);
    }
    std::vector<std::string> roles;
    for (std::size_t i = 0; i < kRoles.size(); ++i)
        if (named[i]) roles.emplace_back(kRoles[i].role);
    return roles;
}

unsigned bucket_of(std::string_view key, std::string_view subject) {
    std::string text(key);
    text += '\0';
    text += subject;
    const crypto::Digest digest = crypto::sha256(view_of(text));
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8 | digest[i];
    return unsigned(number % 100);
}

}  // namespace

bool Flag::is_on(std::string_view key, const Subject& subject) const {
    if (percent >= 100) return true;
    if (std::ranges::any_of(roles, [&](const std::string& role) {
            return std::ranges::find(subject.roles, role) != subject.roles.end();
        }))
        return true;
    return percent > 0 && !subject.id.empty() && bucket_of(key, subject.id) < percent;
}

Result<Flag> parse_flag(std::string_view text) {
    if (text == "on") return Flag{.percent = 100, .roles = {}};
    if (text == "off") return Flag{};
    Flag flag;
    const std::size_t space = text.find(' ');
    std::string_view roles = text;
    if (const auto percent = parse_percent(text.substr(0, space))) {
        flag.percent = *percent;
        roles = space == std::string_view::npos ? "" : text.substr(space + 1);
        if (roles.empty() && space != std::string_view::npos) return not_a_flag();
    }
    if (roles.empty() && !text.empty()) return flag;
    const auto parsed = parse_roles(roles);
    if (!parsed) return not_a_flag();
    if (flag.percent < 100) flag.roles = *parsed;
    return flag;
}

std::string flag_text(const Flag& flag) {
    if (flag.percent >= 100) return "on";
    std::string text;
    if (flag.percent > 0) text = std::to_string(flag.percent) + "%";
    for (const std::string& role : flag.roles) {
        const auto word = std::ranges::find(kRoles, role, &RoleWord::role)->word;
        text += &role != &flag.roles.front() ? "," : text.empty() ? "" : " ";
        text += word;
    }
    return text.empty() ? "off" : text;
}

}  // namespace imece::runtime
