// Times on the wire.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>

#include "base/clock.h"

namespace imece::runtime {

inline google::protobuf::Timestamp to_proto(TimePoint at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
    google::protobuf::Timestamp time;
    time.set_seconds(seconds.time_since_epoch().count());
    time.set_nanos(std::int32_t((at - seconds).count()) * 1'000'000);
    return time;
}

/// Cut to milliseconds; what lies outside the years 1 to 9999 is brought to their edge.
inline TimePoint from_proto(const google::protobuf::Timestamp& time) {
    const std::int64_t seconds =
        std::clamp<std::int64_t>(time.seconds(), -62'135'596'800, 253'402'300'799);
    return TimePoint(
        Duration(seconds * 1000 + std::clamp(time.nanos(), 0, 999'999'999) / 1'000'000));
}

/// Cut to milliseconds, and to at most 10,000 days either way.
inline Duration from_proto(const google::protobuf::Duration& duration) {
    const std::int64_t seconds =
        std::clamp<std::int64_t>(duration.seconds(), -864'000'000, 864'000'000);
    return Duration(seconds * 1000 +
                    std::clamp(duration.nanos(), -999'999'999, 999'999'999) / 1'000'000);
}

}  // namespace imece::runtime
