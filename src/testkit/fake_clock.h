// A clock that a test turns by hand.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace imece::testkit {

/// Thread-safe. Wall time stands still: `wall_time_of` answers with the present for what has come
/// and an hour ahead for what has not.
class FakeClock final : public Clock {
public:
    explicit FakeClock(TimePoint start = from_unix_ms(1'675'646'254'000)) : now_(start) {}
    TimePoint now() const override { return now_.load(); }
    SteadyPoint wall_time_of(TimePoint at) const override {
        const auto wall = std::chrono::steady_clock::now();
        return at <= now() ? wall : wall + std::chrono::hours(1);
    }
    std::uint32_t scale() const override { return 1; }

    void advance(Duration by) { now_.store(now_.load() + by); }
    void set(TimePoint at) { now_.store(at); }

private:
    std::atomic<TimePoint> now_;
};

}  // namespace imece::testkit
