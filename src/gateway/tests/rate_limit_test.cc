#include "gateway/edge/rate_limit.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace imece::gateway {
namespace {

using namespace std::chrono_literals;

class RateLimitTest : public testing::Test {
protected:
    int admitted(RateLimit& limit, std::string_view caller, int calls) {
        int count = 0;
        for (int i = 0; i < calls; ++i) count += !limit.take(caller, now_);
        return count;
    }
    SeededRandom random_{1};
    SteadyPoint now_{1h};
};

TEST_F(RateLimitTest, admits_the_burst_then_the_rate) {
    RateLimit limit({100, 400}, 1024, random_);
    EXPECT_EQ(admitted(limit, "a", 1000), 400);
    EXPECT_EQ(limit.take("a", now_), 10ms);
    now_ += 9'999'999ns;
    EXPECT_EQ(limit.take("a", now_), 1ns);
    now_ += 1ns;
    EXPECT_EQ(admitted(limit, "a", 10), 1);
    now_ += 1s;
    EXPECT_EQ(admitted(limit, "a", 1000), 100);
    now_ += 1h;
    EXPECT_EQ(admitted(limit, "a", 1000), 400);
}

TEST_F(RateLimitTest, another_rate_holds_from_the_next_call_on) {
    RateLimit limit({100, 400}, 1024, random_);
    EXPECT_EQ(admitted(limit, "a", 1000), 400);
    limit.set({1, 2});
    EXPECT_EQ(admitted(limit, "a", 10), 0);
    EXPECT_EQ(admitted(limit, "b", 10), 2);
    now_ += 1h;
    EXPECT_EQ(admitted(limit, "a", 10), 2);
    limit.set({100, 400});
    EXPECT_GT(admitted(limit, "b", 1000), 390);
}

TEST_F(RateLimitTest, keeps_callers_apart) {
    RateLimit limit({1, 1}, 1024, random_);
    EXPECT_EQ(admitted(limit, "a", 2), 1);
    EXPECT_EQ(admitted(limit, "b", 2), 1);
    EXPECT_EQ(admitted(limit, "", 2), 1);
}

TEST_F(RateLimitTest, counts_no_call_that_it_refuses) {
    RateLimit limit({10, 1}, 64, random_);
    EXPECT_EQ(admitted(limit, "a", 1), 1);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(limit.take("a", now_), 100ms);
    now_ += 100ms;
    EXPECT_EQ(admitted(limit, "a", 1), 1);
}

TEST_F(RateLimitTest, stays_bounded_and_forgets_the_quietest_first) {
    RateLimit limit({1, 100}, 64, random_);
    EXPECT_EQ(admitted(limit, "busy", 1000), 100);
    // A flood of one-time callers fills every bucket many times over.
    for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(limit.take("once-" + std::to_string(i), now_));
    EXPECT_EQ(admitted(limit, "busy", 10), 0);
}

TEST_F(RateLimitTest, counts_exactly_over_threads) {
    RateLimit limit({1, 1000}, 1024, random_);
    std::array<int, 4> counts{};
    {
        std::vector<std::jthread> threads;
        for (int& count : counts) threads.emplace_back([&] { count = admitted(limit, "a", 1000); });
    }
    EXPECT_EQ(counts[0] + counts[1] + counts[2] + counts[3], 1000);
}

TEST_F(RateLimitTest, costs_less_than_a_microsecond) {
    RateLimit limit({100, 400}, 16384, random_);
    constexpr int kCalls = 200'000;
    const auto from = std::chrono::steady_clock::now();
    for (int i = 0; i < kCalls; ++i) {
        now_ += 1us;
        limit.take("device:0123456789abcdef0123456789abcdef", now_);
    }
    const auto spent = std::chrono::steady_clock::now() - from;
    const double ns = std::chrono::duration<double, std::nano>(spent).count() / kCalls;
    std::printf("rate limit: %.0f ns\n", ns);
    EXPECT_LT(ns, 1000);
}

TEST(SipHash, agrees_with_its_authors) {
    // Key 00 01 … 0f, message 00 01 … 0e: the example of the paper.
    std::string message;
    for (char c = 0; c < 15; ++c) message += c;
    EXPECT_EQ(sip_hash({0x0706050403020100, 0x0f0e0d0c0b0a0908}, message), 0xa129ca6149be45e5);
}

}  // namespace
}  // namespace imece::gateway
