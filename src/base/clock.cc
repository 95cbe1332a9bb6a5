#include "base/clock.h"

#include <array>
#include <cstdio>

namespace imece {
namespace {

using std::chrono::duration_cast;

TimePoint system_now() {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

/// Reads exactly `digits` decimal digits at `at`; -1 when something else stands there.
int number(std::string_view text, std::size_t at, std::size_t digits) {
    if (at + digits > text.size()) return -1;
    int value = 0;
    for (std::size_t i = at; i < at + digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

std::unexpected<Error> malformed() {
    return fail(ErrorCode::kInvalidArgument, "TIME_MALFORMED",
                "a time is written as 2023-02-06T01:17:34.000Z (RFC 3339)");
}

}  // namespace

SystemClock::SystemClock() : SystemClock(1, TimePoint{}, TimePoint{}) {}

SystemClock::SystemClock(std::uint32_t scale, TimePoint origin_wall, TimePoint origin)
    : scale_(scale),
      steady_origin_(std::chrono::steady_clock::now()),
      origin_(origin + (system_now() - origin_wall) * scale) {}

TimePoint SystemClock::now() const {
    const auto passed = std::chrono::steady_clock::now() - steady_origin_;
    return origin_ + duration_cast<Duration>(passed * scale_);
}

SteadyPoint SystemClock::wall_time_of(TimePoint at) const {
    return steady_origin_ + duration_cast<std::chrono::nanoseconds>(at - origin_) / scale_;
}

std::string to_rfc3339(TimePoint at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date{day};
    const std::int64_t ms = (at - day).count();
    std::array<char, 64> text{};
    const int size = std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                                   int(date.year()), unsigned(date.month()), unsigned(date.day()),
                                   int(ms / 3'600'000), int(ms / 60'000 % 60), int(ms / 1000 % 60),
                                   int(ms % 1000));
    return {text.data(), static_cast<std::size_t>(size)};
}

Result<TimePoint> parse_rfc3339(std::string_view text) {
    namespace chrono = std::chrono;
    if (text.size() < 20 || text[4] != '-' || text[7] != '-' ||
        (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':')
        return malformed();
    const int hour = number(text, 11, 2);
    const int minute = number(text, 14, 2);
    const int second = number(text, 17, 2);
    const chrono::year_month_day date{chrono::year(number(text, 0, 4)),
                                      chrono::month(unsigned(number(text, 5, 2))),
                                      chrono::day(unsigned(number(text, 8, 2)))};
    if (number(text, 0, 4) < 0 || !date.ok() || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 60)
        return malformed();

    std::size_t at = 19;
    int ms = 0;
    if (text[at] == '.') {
        int place = 100;
        const std::size_t first = ++at;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, place /= 10)
            ms += (text[at] - '0') * place;
        if (at == first || at - first > 9) return malformed();
    }
    if (at >= text.size()) return malformed();

    chrono::minutes offset{0};
    if (text[at] == 'Z' || text[at] == 'z') {
        ++at;
    } else if (text[at] == '+' || text[at] == '-') {
        const int hours = number(text, at + 1, 2);
        const int minutes = number(text, at + 4, 2);
        if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || text[at + 3] != ':')
            return malformed();
        offset = chrono::hours(hours) + chrono::minutes(minutes);
        if (text[at] == '-') offset = -offset;
        at += 6;
    }
    if (at != text.size()) return malformed();
    return chrono::sys_days(date) + chrono::hours(hour) + chrono::minutes(minute) +
           chrono::seconds(second) + Duration(ms) - offset;
}

}  // namespace imece
