#include "base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/assert.h"

namespace imece {

std::uint64_t Random::next_u64() {
    std::uint8_t bytes[8];
    fill(bytes);
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes) value = value << 8 | byte;
    return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
    IMECE_ASSERT(bound > 0);
    // Values above the last whole multiple of `bound` would favour the small remainders.
    const std::uint64_t whole = UINT64_MAX - UINT64_MAX % bound;
    std::uint64_t value = next_u64();
    while (value >= whole) value = next_u64();
    return value % bound;
}

double Random::unit() {
    return double(next_u64() >> 11) * 0x1.0p-53;
}

namespace {

void ask_kernel(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        const ssize_t got = getrandom(out.data(), std::min<std::size_t>(out.size(), 256), 0);
        IMECE_ASSERT(got > 0);  // Up to 256 bytes are never interrupted once the pool is ready.
        out = out.subspan(std::size_t(got));
    }
}

}  // namespace

void SystemRandom::fill(std::span<std::uint8_t> out) {
    // An id at a time is a system call an id: these come from a stock, and what left it is wiped. Keys ask the kernel.
    constexpr std::size_t kIdBytes = 16;
    if (out.size() > kIdBytes) return ask_kernel(out);
    thread_local std::array<std::uint8_t, 256> stock;
    thread_local std::size_t used = stock.size();
    if (stock.size() - used < out.size()) {
        ask_kernel(stock);
        used = 0;
    }
    const std::span<std::uint8_t> taken(stock.data() + used, out.size());
    std::ranges::copy(taken, out.begin());
    std::ranges::fill(taken, 0);
    used += taken.size();
}

SeededRandom::SeededRandom(std::uint64_t seed) {
    // SplitMix64 spreads a small seed over the whole state, as the generator's authors advise.
    for (std::uint64_t& word : state_) {
        seed += 0x9e3779b97f4a7c15;
        std::uint64_t mixed = seed;
        mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
        word = mixed ^ mixed >> 31;
    }
}

std::uint64_t SeededRandom::step() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

void SeededRandom::fill(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        std::uint64_t word = step();
        const std::size_t size = std::min<std::size_t>(out.size(), 8);
        for (std::size_t i = 0; i < size; ++i, word >>= 8) out[i] = std::uint8_t(word);
        out = out.subspan(size);
    }
}

}  // namespace imece
