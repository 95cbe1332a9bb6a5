// How often a caller may come: the generic cell rate algorithm over a table of fixed size.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"

namespace imece::gateway {

struct Rate {
    std::uint64_t per_second = 100;
    std::uint64_t burst = 400;  ///< Calls that a caller who was quiet may make at once.
};

/// Thread-safe. Remembers at most `slots` callers: where a new one finds no room, the caller who is
/// nearest to its full allowance is forgotten. Callers are told apart by a keyed 64-bit hash.
///
/// Cost: under 0.2 µs a call, no allocation; 16 bytes a slot.
class RateLimit {
public:
    RateLimit(Rate rate, std::size_t slots, Random& random);

    /// From the next call on. Allowances that were used up stay so.
    void set(Rate rate);
    /// Nothing when `caller` may go on at `now`; else how long it has to wait.
    std::optional<std::chrono::nanoseconds> take(std::string_view caller, SteadyPoint now);

private:
    static constexpr std::size_t kWays = 4;
    static constexpr std::size_t kStripes = 64;
    struct Slot {
        std::uint64_t caller = 0;
        std::int64_t free_at = 0;  ///< When the allowance is full again, ns of the steady clock.
    };
    using Bucket = std::array<Slot, kWays>;

    std::atomic<std::int64_t> interval_{0};
    std::atomic<std::int64_t> tolerance_{0};
    std::array<std::uint64_t, 2> key_;
    std::vector<Bucket> buckets_;
    std::array<std::mutex, kStripes> stripes_;
};

/// SipHash-2-4.
std::uint64_t sip_hash(const std::array<std::uint64_t, 2>& key, std::string_view text);

}  // namespace imece::gateway
