// The challenges that devices have been given and have not answered yet.
#pragma once

#include <deque>
#include <unordered_map>

#include "identity/domain/values.h"

namespace imece::identity {

using Challenge = std::array<std::uint8_t, 32>;

/// Bounded: a few challenges a device, and a number in all; the oldest makes room. One thread at a
/// time. Cost: O(1) amortised.
class ChallengeBook {
public:
    explicit ChallengeBook(const Limits& limits) : limits_(limits) {}

    /// Notes `challenge` for `device`; says until when it can be answered.
    TimePoint add(const DeviceId& device, const Challenge& challenge, TimePoint now);
    /// True once for each challenge, while it lives.
    bool take(const DeviceId& device, const Challenge& challenge, TimePoint now);
    std::size_t size() const { return count_; }

private:
    struct Open {
        Challenge challenge{};
        TimePoint expires_at;
    };
    struct Given {
        DeviceId device;
        TimePoint expires_at;
    };
    void drop_oldest_of(const DeviceId& device);
    void forget_expired(TimePoint now);

    Limits limits_;
    std::unordered_map<DeviceId, std::deque<Open>> open_;
    /// In the order of their making, which is that of their expiry. Holds an entry for each open
    /// challenge and, until its time has passed, for each answered one; bounded too.
    std::deque<Given> order_;
    std::size_t count_ = 0;
};

}  // namespace imece::identity
