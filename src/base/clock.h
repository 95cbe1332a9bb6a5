// Time comes in through this door only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace imece {

using Duration = std::chrono::milliseconds;
/// UTC, milliseconds: the resolution of every time that imece stores or sends.
using TimePoint = std::chrono::sys_time<Duration>;
using SteadyPoint = std::chrono::steady_clock::time_point;

/// The site's time. A site in an exercise may run N times as fast as the wall; every lifetime, timer
/// and token follows this clock, so whoever waits asks `wall_time_of` how long that really is.
class Clock {
public:
    virtual ~Clock() = default;
    virtual TimePoint now() const = 0;
    /// The moment of the process's steady clock at which `now()` will be `at`.
    virtual SteadyPoint wall_time_of(TimePoint at) const = 0;
    /// Site seconds a wall second; 1 on a real site.
    virtual std::uint32_t scale() const = 0;
};

/// `scale` site seconds a wall second from the moment `origin_wall` of the system clock, when the
/// site's time was `origin`. Steps of the system clock after construction are not followed: time never runs backwards
/// within a process.
class SystemClock final : public Clock {
public:
    SystemClock();  ///< Real time.
    SystemClock(std::uint32_t scale, TimePoint origin_wall, TimePoint origin);
    TimePoint now() const override;
    SteadyPoint wall_time_of(TimePoint at) const override;
    std::uint32_t scale() const override { return scale_; }

private:
    std::uint32_t scale_;
    SteadyPoint steady_origin_;
    TimePoint origin_;  ///< Site time at `steady_origin_`.
};

/// RFC 3339 with milliseconds and 'Z': "2023-02-06T01:17:34.000Z".
std::string to_rfc3339(TimePoint at);
/// Takes what RFC 3339 allows (any offset, 0-9 fraction digits, cut to milliseconds).
/// Errors: kInvalidArgument TIME_MALFORMED.
Result<TimePoint> parse_rfc3339(std::string_view text);

/// Milliseconds since 1970, the form in which times are stored and signed.
inline std::int64_t to_unix_ms(TimePoint at) {
    return at.time_since_epoch().count();
}
inline TimePoint from_unix_ms(std::int64_t ms) {
    return TimePoint(Duration(ms));
}

}  // namespace imece
