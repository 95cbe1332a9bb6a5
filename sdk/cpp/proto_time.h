// Times of the protos and ours.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "base/clock.h"

namespace imece::sdk {

inline void set_time(google::protobuf::Timestamp& out, TimePoint at) {
    const auto second = std::chrono::floor<std::chrono::seconds>(at);
    out.set_seconds(second.time_since_epoch().count());
    out.set_nanos(std::int32_t((at - second).count()) * 1'000'000);
}

/// Cut to milliseconds.
inline TimePoint time_of(const google::protobuf::Timestamp& at) {
    return TimePoint(std::chrono::seconds(at.seconds())) + Duration(at.nanos() / 1'000'000);
}

inline Duration duration_of(const google::protobuf::Duration& of) {
    return std::chrono::seconds(of.seconds()) + Duration(of.nanos() / 1'000'000);
}

}  // namespace imece::sdk
