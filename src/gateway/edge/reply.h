// An HTTP answer, and how it is written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace imece::gateway {

/// What a reader may do with an answer that it keeps.
enum class Caching {
    kNone,        ///< Keep nothing.
    kRevalidate,  ///< Ask each time whether it is still the same.
    kForEver,     ///< Its path names its content.
};

struct Reply {
    int status = 200;
    std::string_view content_type = "application/json";
    std::string body{};
    std::vector<std::pair<std::string_view, std::string>> headers{};
    Caching caching = Caching::kNone;
};

/// What differs between the answers of one connection.
struct Framing {
    bool keep_alive = true;
    bool head_only = false;  ///< The answer to HEAD.
    bool stream = false;     ///< No length is known: chunks, or until the end for HTTP/1.0.
    bool http_1_0 = false;
    bool tls = false;
};

/// Appends the status line and all headers, those of security among them, with the empty line.
/// `date` is an IMF-fixdate.
void write_head(const Reply& reply, const Framing& framing, std::string_view date,
                std::string& out);

/// "Mon, 06 Feb 2023 01:17:34 GMT".
std::string http_date(TimePoint at);

}  // namespace imece::gateway
