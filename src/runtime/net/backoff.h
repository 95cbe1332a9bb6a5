// How long to wait before trying a lost peer again.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/random.h"

namespace imece::runtime {

/// Doubles from `first` to `cap`, each with full jitter in its upper half, so that the clients of a
/// restarted peer do not return together. Wall time: it protects machines, not promises.
class Backoff {
public:
    explicit Backoff(Random& random,
                     std::chrono::milliseconds first = std::chrono::milliseconds(50),
                     std::chrono::milliseconds cap = std::chrono::seconds(5))
        : random_(random), first_(first), cap_(cap), step_(first) {}

    std::chrono::milliseconds next() {
        const auto now = step_;
        step_ = std::min(step_ * 2, cap_);
        const auto half = std::uint64_t(now.count()) / 2;
        return std::chrono::milliseconds(half + random_.below(half + 1));
    }
    void succeeded() { step_ = first_; }

private:
    Random& random_;
    std::chrono::milliseconds first_;
    std::chrono::milliseconds cap_;
    std::chrono::milliseconds step_;
};

}  // namespace imece::runtime
