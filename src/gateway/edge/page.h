// What is served as it was built: in the coding that its reader likes best, and once only.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "gateway/edge/reply.h"

namespace imece::gateway {

struct Page {
    std::string_view content_type;
    std::string plain;
    std::string gzip{};    ///< The same, packed; empty: not at hand.
    std::string brotli{};  ///< The same, packed; empty: not at hand.
    Caching caching = Caching::kRevalidate;
    std::string tag = tag_of(plain);

    /// Names the content: the same for the same bytes.
    static std::string tag_of(std::string_view content);
};

/// Path → page.
using Pages = std::map<std::string, Page, std::less<>>;

/// 200 with the smallest coding that `accept_encoding` takes, or 304 when `if_none_match` has the page.
Reply reply_of(const Page& page, std::string_view accept_encoding, std::string_view if_none_match);

}  // namespace imece::gateway
