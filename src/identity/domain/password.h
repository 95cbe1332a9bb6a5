// Which passwords are taken.
#pragma once

#include <string_view>

#include "base/error.h"

namespace imece::identity {

inline constexpr std::size_t kPasswordCharactersMin = 12;

/// A password has at least 12 characters (code points), at least 5 different ones, does not contain
/// the user's name, and is not one of the well-known long ones or a run such as "123456789012". No
/// rule asks for kinds of characters: they make passwords harder to remember, not to guess. Errors:
/// kInvalidArgument PASSWORD_TOO_WEAK.
Status check_password(std::string_view password, std::string_view user_name);

}  // namespace imece::identity
