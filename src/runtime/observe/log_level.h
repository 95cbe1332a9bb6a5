// Which lines of the log are written, and until when.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace imece::runtime {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

/// The level in force: the usual one, or another until a time that needs nobody to keep it. Thread-safe, lock-free.
class LogLevels {
public:
    struct InForce {
        LogLevel level = LogLevel::kInfo;
        LogLevel usual = LogLevel::kInfo;
        std::chrono::milliseconds left{0};  ///< Until `usual` holds again; 0 while it does.
    };

    /// What holds where nothing else does, and afterwards.
    void set_usual(LogLevel level) { usual_.store(level, std::memory_order_relaxed); }
    /// `level` until `until`. A later call takes the place of an earlier one.
    void set(LogLevel level, SteadyPoint until) {
        state_.store(std::uint64_t(std::max<std::int64_t>(ms(until), 0)) << kTimeShift |
                         std::uint64_t(level),
                     std::memory_order_relaxed);
    }

    /// `now()` is asked only while another level than the usual one may be in force.
    template <class Now>
    InForce at(const Now& now) const {
        const std::uint64_t state = state_.load(std::memory_order_relaxed);
        InForce found;
        found.level = found.usual = usual_.load(std::memory_order_relaxed);
        if (state == 0) return found;
        const std::int64_t left = std::int64_t(state >> kTimeShift) - ms(now());
        if (left <= 0) return found;
        found.level = LogLevel(state & kLevelMask);
        found.left = std::chrono::milliseconds(left);
        return found;
    }

private:
    static std::int64_t ms(SteadyPoint at) {
        return std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count();
    }
    static constexpr int kTimeShift = 2;
    static constexpr std::uint64_t kLevelMask = 3;
    std::atomic<LogLevel> usual_{LogLevel::kInfo};
    std::atomic<std::uint64_t> state_{0};  ///< Time and level in one, so that no reader sees a mix.
};

}  // namespace imece::runtime
