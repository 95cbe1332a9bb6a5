#include "identity/domain/check_in.h"

#include <algorithm>
#include <utility>

#include "base/codec.h"

namespace imece::identity {
namespace {

constexpr std::uint8_t kOpenedVersion = 1;
/// E.164's own limits, without the plus.
constexpr std::size_t kPhoneMin = 8, kPhoneMax = 15;
constexpr std::size_t kTurkishDigits = 10;

std::unexpected<Error> no_phone() {
    return fail(ErrorCode::kInvalidArgument, "PHONE_MALFORMED", "this is not a phone number");
}

/// The next character of well-formed UTF-8, which a proto's string is. A broken one is taken byte by byte.
char32_t next_character(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (lead < 0xc0 || text.size() < size) {
        text.remove_prefix(1);
        return lead;
    }
    char32_t character = lead & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i)
        character = character << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
    text.remove_prefix(size);
    return character;
}

void append(std::string& out, char32_t character) {
    if (character < 0x80) {
        out += char(character);
    } else if (character < 0x800) {
        out += char(0xc0 | character >> 6);
        out += char(0x80 | (character & 0x3f));
    } else if (character < 0x10000) {
        out += char(0xe0 | character >> 12);
        out += char(0x80 | (character >> 6 & 0x3f));
        out += char(0x80 | (character & 0x3f));
    } else {
        out += char(0xf0 | character >> 18);
        out += char(0x80 | (character >> 12 & 0x3f));
        out += char(0x80 | (character >> 6 & 0x3f));
        out += char(0x80 | (character & 0x3f));
    }
}

/// What a letter of Latin-1 or of Turkish and Kurdish is without its marks; 0 where that is no single letter.
char plain_letter(char32_t character) {
    if (character >= 0xc0 && character <= 0xff) {
        constexpr std::string_view kLatin1 =
            "aaaaaa-ceeeeiiii-nooooo-ouuuuy--aaaaaa-ceeeeiiii-nooooo-ouuuuy-y";
        const char letter = kLatin1[character - 0xc0];
        return letter == '-' ? '\0' : letter;
    }
    switch (character) {
        case 0x011e:
        case 0x011f: return 'g';
        case 0x0130:
        case 0x0131: return 'i';
        case 0x015e:
        case 0x015f: return 's';
        default: return 0;
    }
}

bool is_mark(char32_t character) {
    return character >= 0x300 && character <= 0x36f;
}

bool parts_words(char32_t character) {
    const bool letter = (character >= 'a' && character <= 'z') ||
                        (character >= 'A' && character <= 'Z') ||
                        (character >= '0' && character <= '9');
    // Spaces and dashes of Unicode; what else is beyond ASCII is a letter to us.
    return (character < 0xc0 && !letter) || (character >= 0x2000 && character <= 0x206f) ||
           character == 0x3000;
}

bool is_staff(const Caller& caller) {
    return caller.roles.has(Role::kResponder) || caller.roles.has(Role::kDispatcher) ||
           caller.roles.has(Role::kOperator);
}

bool recorded(const Caller& caller, const CheckIn& check_in) {
    const std::string actor = actor_of(caller);
    return !actor.empty() && actor == check_in.recorded_by;
}

}  // namespace

std::string opened_bytes(const CheckIn& check_in) {
    return Encoder(kOpenedVersion)
        .fixed(check_in.id.bytes)
        .text(check_in.name)
        .text(check_in.phone)
        .number(std::uint8_t(check_in.wellbeing))
        .text(check_in.place)
        .text(check_in.note)
        .time(check_in.at)
        .take();
}

crypto::Digest commitment_of(const CheckIn& check_in) {
    std::string bytes(text_of(check_in.salt));
    bytes += opened_bytes(check_in);
    return crypto::sha256(view_of(bytes));
}

Result<std::string> phone_of(std::string_view text) {
    std::string digits;
    bool international = false;
    for (const char one : text) {
        if (one >= '0' && one <= '9')
            digits += one;
        else if (one == '+' && digits.empty() && !international)
            international = true;
        else if (std::string_view(" -.()/").find(one) == std::string_view::npos)
            return no_phone();
    }
    if (!international && digits.starts_with("00")) {
        international = true;
        digits.erase(0, 2);
    }
    if (!international) {
        if (digits.starts_with('0')) digits.erase(0, 1);
        if (digits.size() != kTurkishDigits) return no_phone();
        digits.insert(0, "90");
    }
    if (digits.size() < kPhoneMin || digits.size() > kPhoneMax || digits.starts_with('0'))
        return no_phone();
    return "+" + digits;
}

Result<std::vector<std::string>> name_words(std::string_view name) {
    std::vector<std::string> words;
    std::string word;
    const auto end_word = [&] {
        if (!word.empty()) words.push_back(std::exchange(word, {}));
    };
    while (!name.empty()) {
        const char32_t character = next_character(name);
        if (const char letter = plain_letter(character))
            word += letter;
        else if (parts_words(character))
            end_word();
        else if (character < 0x80)
            word += char(character >= 'A' && character <= 'Z' ? character + 32 : character);
        else if (!is_mark(character))
            append(word, character);
    }
    end_word();
    std::ranges::sort(words);
    words.erase(std::ranges::unique(words).begin(), words.end());
    if (words.empty() || words.size() > kNameWordsMax)
        return fail(ErrorCode::kInvalidArgument, "NAME_MALFORMED",
                    "a name has 1 to " + std::to_string(kNameWordsMax) + " words");
    return words;
}

bool name_fits(std::string_view name, const std::vector<std::string>& beginnings) {
    const auto words = name_words(name);
    return words && std::ranges::all_of(beginnings, [&](const std::string& beginning) {
               return std::ranges::any_of(
                   *words, [&](const std::string& word) { return word.starts_with(beginning); });
           });
}

bool may_search_by_name(const Caller& caller) {
    return is_staff(caller);
}

bool may_read(const Caller& caller, const CheckIn& check_in) {
    return is_staff(caller) || recorded(caller, check_in);
}

bool may_erase(const Caller& caller, const CheckIn& check_in) {
    return caller.roles.has(Role::kDispatcher) || caller.roles.has(Role::kOperator) ||
           recorded(caller, check_in);
}

}  // namespace imece::identity
