// How much of each class is let in at a time.
#pragma once

#include <atomic>
#include <cstdint>

#include "imece/type/v1/types.pb.h"

namespace imece::runtime {

/// Thread-safe, lock-free. A class may fill the process only up to its share, so that every class
/// above still finds room: LIFE 100 %, SAFETY 90, OPERATIONAL 80, COMMUNICATION 70, MAINTENANCE 60.
class AdmissionGate {
public:
    explicit AdmissionGate(std::uint32_t most) : most_(most) {}

    /// From the next call on; those that are in stay.
    void limit(std::uint32_t most) { most_.store(most, std::memory_order_relaxed); }

    /// True: the caller is in, and says leave() once.
    bool enter(imece::type::v1::Priority priority) {
        const std::uint32_t share = std::uint32_t(most_.load(std::memory_order_relaxed) *
                                                  (11 - std::uint64_t(rank(priority))) / 10);
        if (in_flight_.fetch_add(1, std::memory_order_relaxed) < share) return true;
        leave();
        return false;
    }
    void leave() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }
    std::uint32_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

private:
    static int rank(imece::type::v1::Priority priority) {
        return priority == imece::type::v1::PRIORITY_UNSPECIFIED ? imece::type::v1::MAINTENANCE
                                                                 : int(priority);
    }
    std::atomic<std::uint32_t> most_;
    std::atomic<std::uint32_t> in_flight_{0};
};

}  // namespace imece::runtime
