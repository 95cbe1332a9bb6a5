// Chance comes in through this door only.
#pragma once

#include <cstdint>
#include <span>

namespace imece {

/// May be called from any thread unless the implementation says otherwise.
class Random {
public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::uint8_t> out) = 0;

    std::uint64_t next_u64();
    /// Uniform in [0, bound); `bound` > 0.
    std::uint64_t below(std::uint64_t bound);
    /// Uniform in [0, 1).
    double unit();
};

/// The kernel's generator: for keys, tokens and ids.
class SystemRandom final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override;
};

/// The same numbers for the same seed on every machine (xoshiro256**). Not for secrets; one thread.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed);
    void fill(std::span<std::uint8_t> out) override;

private:
    std::uint64_t step();
    std::uint64_t state_[4];
};

}  // namespace imece
