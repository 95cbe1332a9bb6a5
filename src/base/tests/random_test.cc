#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace imece {
namespace {

TEST(SeededRandom, repeats_itself_by_seed) {
    SeededRandom one(42);
    SeededRandom same(42);
    SeededRandom other(43);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(one.next_u64(), same.next_u64());
    EXPECT_NE(one.next_u64(), other.next_u64());
}

TEST(SeededRandom, is_xoshiro256starstar_on_every_machine) {
    // The reference generator of Blackman and Vigna, its state set by SplitMix64 from 0; fill()
    // gives each word with its low byte first.
    SeededRandom random(0);
    std::array<std::uint8_t, 16> bytes{};
    random.fill(bytes);
    constexpr std::array<std::uint8_t, 16> kWords{0xb4, 0xf2, 0x75, 0xcb, 0x36, 0x5f, 0xec, 0x99,
                                                  0x2a, 0x45, 0x56, 0x49, 0x78, 0x1f, 0x6e, 0xbf};
    EXPECT_EQ(bytes, kWords);
}

TEST(Random, below_is_within_and_even) {
    SeededRandom random(7);
    std::array<int, 6> seen{};
    for (int i = 0; i < 60'000; ++i) ++seen[random.below(6)];
    // Ten standard deviations of a fair die.
    for (const int count : seen) EXPECT_NEAR(count, 10'000, 913);
    EXPECT_EQ(random.below(1), 0u);
    EXPECT_LT(random.below(UINT64_MAX), UINT64_MAX);
}

TEST(Random, unit_is_in_its_interval) {
    SeededRandom random(7);
    double sum = 0;
    for (int i = 0; i < 10'000; ++i) {
        const double value = random.unit();
        ASSERT_GE(value, 0.0);
        ASSERT_LT(value, 1.0);
        sum += value;
    }
    EXPECT_NEAR(sum / 10'000, 0.5, 0.03);
}

TEST(SystemRandom, fills_any_length) {
    SystemRandom random;
    for (const std::size_t size : {0u, 1u, 255u, 256u, 257u, 4096u}) {
        std::vector<std::uint8_t> out(size + 1, 0);
        random.fill(std::span(out).first(size));
        EXPECT_EQ(out.back(), 0);  // And no further.
        if (size >= 255) {
            EXPECT_NE(std::ranges::count(out, 0), std::ptrdiff_t(size + 1));
        }
    }
    EXPECT_NE(random.next_u64(), random.next_u64());
}

}  // namespace
}  // namespace imece
