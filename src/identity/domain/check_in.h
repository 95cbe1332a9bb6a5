// Who is safe and who is looked for: what a check-in is, and how people are found again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/crypto.h"
#include "identity/domain/access.h"

namespace imece::identity {

using CheckInId = Id<struct CheckInTag>;

/// By number as in imece.identity.v1.
enum class Wellbeing : std::uint8_t { kSafe = 1, kNeedsHelp, kMissing, kFound };

struct CheckIn {
    CheckInId id;
    std::string name;   ///< As it was given, without spaces around it.
    std::string phone;  ///< E.164, or empty.
    Wellbeing wellbeing = Wellbeing::kSafe;
    std::string place;
    std::string note;
    TimePoint at;
    std::string recorded_by;  ///< As actor_of() says.
    crypto::Digest salt{};    ///< Random: without it the commitment tells nothing.
    friend bool operator==(const CheckIn&, const CheckIn&) = default;
};

/// The bytes that the commitment is over, after the salt: what is said of whom, and when (docs/ledger.md).
std::string opened_bytes(const CheckIn& check_in);
/// SHA-256(salt, opened_bytes): all that the chain learns.
crypto::Digest commitment_of(const CheckIn& check_in);

/// E.164 of a number as people write it: spaces, dashes, dots and brackets are passed over, 00 is +, and what has no country code
/// is dialled in Turkey (0532… or 532…). Errors: kInvalidArgument PHONE_MALFORMED.
Result<std::string> phone_of(std::string_view text);

constexpr std::size_t kNameWordsMax = 8;
/// The words of a name in small plain letters, each once, ascending: İ, I, ı and i are one letter, as ş and s are, or é and e. What is no
/// letter or digit parts words; letters of other scripts stay as they are.
/// Errors: kInvalidArgument NAME_MALFORMED with no word, or more than kNameWordsMax.
Result<std::vector<std::string>> name_words(std::string_view name);

/// Whether each of `beginnings` begins a word of the name.
bool name_fits(std::string_view name, const std::vector<std::string>& beginnings);

/// Staff: responders, dispatchers, operators.
bool may_search_by_name(const Caller& caller);
/// Staff, and who recorded it.
bool may_read(const Caller& caller, const CheckIn& check_in);
/// Dispatchers, operators, and who recorded it.
bool may_erase(const Caller& caller, const CheckIn& check_in);

}  // namespace imece::identity
