#include "gateway/edge/reply.h"

#include <cstdio>

#include "gateway/api/problem.h"

namespace imece::gateway {
namespace {

/// No script, style or frame from elsewhere; a type is what it says it is; nobody frames us.
constexpr std::string_view kSecurity =
    "content-security-policy: default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'\r\n"
    "x-content-type-options: nosniff\r\n"
    "x-frame-options: DENY\r\n"
    "referrer-policy: no-referrer\r\n"
    "cross-origin-opener-policy: same-origin\r\n";
constexpr std::string_view kHsts =
    "strict-transport-security: max-age=31536000; includeSubDomains\r\n";

std::string_view cache_control(Caching caching) {
    switch (caching) {
        case Caching::kNone: return "no-store";
        case Caching::kRevalidate: return "no-cache";
        case Caching::kForEver: return "public, max-age=31536000, immutable";
    }
    return "no-store";
}

}  // namespace

void write_head(const Reply& reply, const Framing& framing, std::string_view date,
                std::string& out) {
    const auto header = [&](std::string_view name, std::string_view value) {
        out += name;
        out += ": ";
        out += value;
        out += "\r\n";
    };
    out += "HTTP/1.1 ";
    out += std::to_string(reply.status);
    out += ' ';
    out += status_phrase(reply.status);
    out += "\r\n";
    header("date", date);
    if (framing.stream) {
        header("content-type", reply.content_type);
        if (!framing.http_1_0) header("transfer-encoding", "chunked");
    } else if (reply.status != 204 && reply.status != 304) {
        header("content-type", reply.content_type);
        header("content-length", std::to_string(reply.body.size()));
    }
    header("cache-control", cache_control(reply.caching));
    for (const auto& [name, value] : reply.headers) header(name, value);
    if (!framing.keep_alive)
        header("connection", "close");
    else if (framing.http_1_0)
        header("connection", "keep-alive");
    out += kSecurity;
    if (framing.tls) out += kHsts;
    out += "\r\n";
}

std::string http_date(TimePoint at) {
    using namespace std::chrono;
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss time{floor<seconds>(at - day)};
    char text[64];
    const int size = std::snprintf(
        text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT", kDays[weekday(day).c_encoding()],
        unsigned(date.day()), kMonths[unsigned(date.month()) - 1], int(date.year()),
        int(time.hours().count()), int(time.minutes().count()), int(time.seconds().count()));
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace imece::gateway
