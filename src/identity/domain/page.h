// Pages of lists, and the tokens that lead from one to the next.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace imece::identity {

inline constexpr std::size_t kPageSizeDefault = 100;
inline constexpr std::size_t kPageSizeMax = 1000;

/// What is asked of a list: at most `size` items whose ids follow `after`.
struct Page {
    std::array<std::uint8_t, 16> after{};
    std::size_t size = kPageSizeDefault;
};

/// `size` 0 stands for the default; an empty `token` for the beginning.
/// Errors: kInvalidArgument PAGE_TOKEN_INVALID for a token that page_token() did not make for this
/// list.
Result<Page> parse_page(std::string_view list, std::int32_t size, std::string_view token);
/// The token that leads on after the item `last`. Opaque to clients; its check catches damage and
/// another list's tokens, and is no secret: a position is no right.
std::string page_token(std::string_view list, const std::array<std::uint8_t, 16>& last);

}  // namespace imece::identity
