#include "messaging/domain/delivery_engine.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "messaging/tests/samples.h"

namespace imece::messaging {
namespace {

using namespace std::chrono_literals;
using samples::copy;
using samples::device;
using samples::kNow;
using samples::message_id;

/// Messages sent, as their numbers, in order.
std::vector<int> numbers(const Effects& effects) {
    std::vector<int> out;
    for (const Send& send : effects.sends) out.push_back(send.copy.message.bytes[15]);
    return out;
}

class Engine : public testing::Test {
protected:
    /// 1 - 2 - 3, all awake.
    void line_of_three() {
        engine_.mesh_changed({.version = 1,
                              .full = true,
                              .nodes = {{device(1), true}, {device(2), true}, {device(3), true}},
                              .links = {{device(1), device(2), 1}, {device(2), device(3), 1}}});
    }
    DeliveryEngine engine_{DeliveryEngine::Config{}};
};

TEST_F(Engine, waits_without_a_path_and_sends_when_the_recipient_connects) {
    engine_.queued(copy(1, device(1)));
    EXPECT_TRUE(engine_.due(kNow).sends.empty());
    EXPECT_EQ(engine_.view({message_id(1), device(1)}, kNow).why,
              "no path: the recipient has not been heard of yet");
    engine_.attached(device(1), {}, kNow);
    const Effects effects = engine_.due(kNow);
    ASSERT_EQ(numbers(effects), std::vector{1});
    EXPECT_EQ(effects.sends[0].path, std::vector{device(1)});
    EXPECT_TRUE(engine_.due(kNow + 10min).sends.empty());
    EXPECT_EQ(engine_.finished({message_id(1), device(1)}), kNow);
    EXPECT_FALSE(engine_.finished({message_id(1), device(1)}));
    EXPECT_EQ(engine_.pending(), 0u);
}

TEST_F(Engine, knows_since_when_a_copy_could_be_delivered) {
    const auto since = [&](std::uint8_t n) {
        return engine_.reachable_at({message_id(n), device(1)});
    };
    engine_.queued(copy(1, device(1)));
    EXPECT_TRUE(engine_.due(kNow).reached.empty());
    EXPECT_EQ(since(1), TimePoint{});
    EXPECT_FALSE(engine_.reaches(device(1)));
    engine_.attached(device(1), {}, kNow + 5s);
    EXPECT_TRUE(engine_.reaches(device(1)));
    const Effects found = engine_.due(kNow + 6s);
    ASSERT_EQ(found.reached.size(), 1u);
    EXPECT_EQ(found.reached[0].copy.message, message_id(1));
    EXPECT_EQ(since(1), kNow + 6s);
    engine_.queued(copy(2, device(1)));  // With a path from the first moment.
    EXPECT_EQ(since(2), kNow);
    NewCopy known = copy(3, device(1));
    known.reachable_at = kNow - 1h;  // Stored before a restart: stands.
    engine_.queued(known);
    EXPECT_EQ(engine_.due(kNow + 7s).reached.size(), 1u);
    EXPECT_EQ(since(3), kNow - 1h);

    engine_.detached(device(1));
    (void)engine_.due(kNow + 8s);
    engine_.queued(copy(4, device(1)));
    engine_.attached(device(1), {.credit = 0}, kNow + 10s);
    const Effects again = engine_.due(kNow + 10s);
    ASSERT_EQ(again.reached.size(), 1u);  // The first time counts, not the last.
    EXPECT_EQ(again.reached[0].copy.message, message_id(4));
    EXPECT_EQ(since(1), kNow + 6s);
    engine_.detached(device(1));
    engine_.queued(copy(5, device(7)));
    const Effects expired = engine_.due(kNow + 1h);
    ASSERT_EQ(expired.expired.size(), 5u);
    for (const Reached& one : expired.expired)
        EXPECT_EQ(one.reachable_at == TimePoint{}, one.copy.target == device(7));
}

TEST_F(Engine, counts_what_of_a_sender_is_pending) {
    NewCopy first = copy(1, device(1)), second = copy(2, device(2)), other = copy(3, device(1));
    first.sender = second.sender = device(7);
    other.sender = device(8);
    for (const NewCopy& one : {first, second, other, first}) engine_.queued(one);
    EXPECT_EQ(engine_.pending_of(device(7)), 2u);
    EXPECT_EQ(engine_.pending_of(device(8)), 1u);
    EXPECT_TRUE(engine_.finished(first.key));
    EXPECT_FALSE(engine_.finished(first.key));
    EXPECT_EQ(engine_.pending_of(device(7)), 1u);
    EXPECT_EQ(engine_.due(kNow + 1h).expired.size(), 2u);
    EXPECT_EQ(engine_.pending_of(device(7)), 0u);
    EXPECT_EQ(engine_.pending_of(device(9)), 0u);
}

TEST_F(Engine, sends_over_the_nearest_carrier_with_the_path) {
    line_of_three();
    engine_.attached(device(1), {.carries = true}, kNow);
    engine_.queued(copy(1, device(3)));
    const Effects effects = engine_.due(kNow);
    ASSERT_EQ(effects.sends.size(), 1u);
    EXPECT_EQ(effects.sends[0].link, device(1));
    EXPECT_EQ(effects.sends[0].path, (std::vector{device(1), device(2), device(3)}));
}

TEST_F(Engine, a_phone_that_does_not_carry_gets_its_own_only) {
    line_of_three();
    engine_.attached(device(1), {.carries = false}, kNow);
    engine_.queued(copy(1, device(3)));
    EXPECT_TRUE(engine_.due(kNow).sends.empty());
}

TEST_F(Engine, sends_in_class_order_and_first_in_first_out) {
    engine_.queued(copy(1, device(1), Priority::kMaintenance));
    engine_.queued(copy(2, device(1), Priority::kOperational));
    engine_.queued(copy(3, device(1), Priority::kLifeCritical));
    engine_.queued(copy(4, device(1), Priority::kOperational));
    engine_.attached(device(1), {.credit = 4}, kNow);
    const auto sent = numbers(engine_.due(kNow));
    ASSERT_EQ(sent.size(), 4u);
    EXPECT_EQ(sent[0], 3);
    EXPECT_LT(std::ranges::find(sent, 2), std::ranges::find(sent, 4));
}

TEST_F(Engine, sends_no_more_than_credit_and_goes_on_with_receipts) {
    for (std::uint8_t i = 1; i <= 5; ++i) engine_.queued(copy(i, device(1)));
    engine_.attached(device(1), {.credit = 2}, kNow);
    EXPECT_EQ(numbers(engine_.due(kNow)), (std::vector{1, 2}));
    EXPECT_EQ(engine_.depth(Priority::kCommunication).in_flight, 2u);
    engine_.finished({message_id(1), device(1)});
    EXPECT_EQ(numbers(engine_.due(kNow)), std::vector{3});
    engine_.credit(device(1), 1);
    EXPECT_EQ(numbers(engine_.due(kNow)), std::vector{4});
    EXPECT_EQ(engine_.view({message_id(5), device(1)}, kNow).why,
              "the link's credit is used up: receipts for earlier messages are awaited");
}

TEST_F(Engine, credit_adds_up_to_a_limit_and_never_wraps) {
    engine_.queued(copy(1, device(1)));
    engine_.attached(device(1), {.credit = 2}, kNow);
    EXPECT_EQ(numbers(engine_.due(kNow)), std::vector{1});
    engine_.credit(device(1), ~0u);
    engine_.credit(device(1), ~0u);
    engine_.queued(copy(2, device(1)));
    EXPECT_EQ(numbers(engine_.due(kNow)), std::vector{2});
}

TEST_F(Engine, recipients_of_one_link_are_served_in_turn) {
    engine_.mesh_changed({.version = 1,
                          .full = true,
                          .nodes = {{device(1), true}, {device(2), true}, {device(3), true}},
                          .links = {{device(1), device(2), 1}, {device(1), device(3), 1}}});
    engine_.attached(device(1), {.credit = 4, .carries = true}, kNow);
    for (std::uint8_t i = 1; i <= 10; ++i) engine_.queued(copy(i, device(2)));
    engine_.queued(copy(11, device(3)));
    engine_.queued(copy(12, device(3)));
    EXPECT_EQ(numbers(engine_.due(kNow)), (std::vector{1, 11, 2, 12}));
}

TEST_F(Engine, tries_again_with_back_off_until_the_receipt) {
    line_of_three();
    engine_.attached(device(1), {.carries = true}, kNow);
    engine_.queued(copy(1, device(3)));  // COMMUNICATION: 30 s, then 60 s, …
    EXPECT_EQ(engine_.due(kNow).sends.size(), 1u);
    EXPECT_EQ(engine_.next_due(), kNow + 30s);
    EXPECT_TRUE(engine_.due(kNow + 29s).sends.empty());
    const Effects again = engine_.due(kNow + 30s);
    ASSERT_EQ(again.sends.size(), 1u);
    EXPECT_EQ(again.sends[0].attempt, 2u);
    EXPECT_EQ(engine_.next_due(), kNow + 90s);
    engine_.finished({message_id(1), device(3)});
    EXPECT_EQ(engine_.next_due(), TimePoint::min());  // A freed credit is looked at once…
    EXPECT_TRUE(engine_.due(kNow + 31s).sends.empty());
    EXPECT_EQ(engine_.next_due(), TimePoint::max());  // … and then there is nothing left to do.
}

TEST_F(Engine, what_was_in_flight_on_a_lost_link_waits_again_in_its_old_place) {
    engine_.queued(copy(1, device(1)));
    engine_.queued(copy(2, device(1)));
    engine_.attached(device(1), {.credit = 1}, kNow);
    EXPECT_EQ(numbers(engine_.due(kNow)), std::vector{1});
    engine_.detached(device(1));
    EXPECT_EQ(engine_.depth(Priority::kCommunication).waiting, 2u);
    engine_.attached(device(1), {}, kNow + 1s);
    EXPECT_EQ(numbers(engine_.due(kNow + 1s)), (std::vector{1, 2}));
}

TEST_F(Engine, goes_to_the_recipient_itself_once_it_connects) {
    line_of_three();
    engine_.attached(device(1), {.carries = true}, kNow);
    engine_.queued(copy(1, device(3), Priority::kMaintenance));
    EXPECT_EQ(engine_.due(kNow).sends.at(0).link, device(1));
    engine_.attached(device(3), {}, kNow + 100ms);
    const Effects effects = engine_.due(kNow + 100ms);
    ASSERT_EQ(effects.sends.size(), 1u);
    EXPECT_EQ(effects.sends[0].link, device(3));
}

TEST_F(Engine, follows_a_changed_route_but_not_at_once) {
    engine_.mesh_changed({.version = 1,
                          .full = true,
                          .nodes = {{device(1), true}, {device(2), true}, {device(3), true}},
                          .links = {{device(1), device(3), 1}}});
    engine_.attached(device(1), {.carries = true}, kNow);
    engine_.attached(device(2), {.carries = true}, kNow);
    engine_.queued(copy(1, device(3), Priority::kMaintenance));
    EXPECT_EQ(engine_.due(kNow).sends.at(0).link, device(1));
    engine_.mesh_changed({.version = 2,
                          .full = false,
                          .nodes = {},
                          .links = {{device(1), device(3), 0}, {device(2), device(3), 1}}});
    EXPECT_TRUE(engine_.due(kNow + 1s).sends.empty());
    EXPECT_EQ(engine_.next_due(), kNow + 2s);
    EXPECT_EQ(engine_.due(kNow + 2s).sends.at(0).link, device(2));
}

TEST_F(Engine, tries_a_new_way_behind_the_same_carrier_when_the_old_one_broke) {
    engine_.mesh_changed(
        {.version = 1,
         .full = true,
         .nodes = {{device(1), true}, {device(2), true}, {device(3), true}, {device(4), true}},
         .links = {{device(1), device(2), 1},
                   {device(2), device(4), 1},
                   {device(1), device(3), 0.5},
                   {device(3), device(4), 1}}});
    engine_.attached(device(1), {.carries = true}, kNow);
    engine_.queued(copy(1, device(4), Priority::kMaintenance));
    EXPECT_EQ(engine_.due(kNow).sends.at(0).path, (std::vector{device(1), device(2), device(4)}));
    engine_.mesh_changed(
        {.version = 2, .full = false, .nodes = {}, .links = {{device(2), device(4), 0}}});
    EXPECT_TRUE(engine_.due(kNow + 1s).sends.empty());
    EXPECT_EQ(engine_.next_due(), kNow + 2s);
    EXPECT_EQ(engine_.due(kNow + 2s).sends.at(0).path,
              (std::vector{device(1), device(3), device(4)}));
    // The second time it waits twice as long.
    engine_.mesh_changed({.version = 3,
                          .full = false,
                          .nodes = {{device(3), false}},
                          .links = {{device(2), device(4), 1}}});
    EXPECT_TRUE(engine_.due(kNow + 5s).sends.empty());
    EXPECT_EQ(engine_.next_due(), kNow + 6s);
}

TEST_F(Engine, keeps_to_a_way_that_holds_although_there_is_a_better_one) {
    line_of_three();
    engine_.attached(device(1), {.carries = true}, kNow);
    engine_.queued(copy(1, device(3), Priority::kMaintenance));
    EXPECT_EQ(engine_.due(kNow).sends.size(), 1u);
    engine_.mesh_changed(
        {.version = 2, .full = false, .nodes = {}, .links = {{device(1), device(3), 1}}});
    EXPECT_TRUE(engine_.due(kNow + 5s).sends.empty());
    EXPECT_EQ(engine_.next_due(), kNow + 60s);
}

TEST_F(Engine, expires_waiting_and_sent_copies_alike) {
    engine_.queued(copy(1, device(1)));
    engine_.queued(copy(2, device(2)));
    engine_.attached(device(1), {}, kNow);
    engine_.due(kNow);
    const Effects effects = engine_.due(kNow + 1h);
    EXPECT_EQ(effects.expired.size(), 2u);
    EXPECT_EQ(engine_.pending(), 0u);
    EXPECT_EQ(engine_.depth(Priority::kCommunication).in_flight, 0u);
    EXPECT_EQ(engine_.oldest(Priority::kCommunication), TimePoint{});
}

TEST_F(Engine, keeps_to_a_links_capacity_in_site_time) {
    engine_.attached(device(1), {.credit = 100, .capacity_bytes_per_s = 1000}, kNow);
    for (std::uint8_t i = 1; i <= 30; ++i)
        engine_.queued(copy(i, device(1), Priority::kOperational, 100));
    std::size_t sent = 0;
    for (TimePoint now = kNow; now < kNow + 2s; now += 10ms) sent += engine_.due(now).sends.size();
    EXPECT_EQ(sent, 20u);
    EXPECT_EQ(engine_.view({message_id(30), device(1)}, kNow + 1990ms).why,
              "the link is busy at its declared capacity");
}

TEST_F(Engine, a_copy_that_could_not_be_read_is_tried_again) {
    engine_.attached(device(1), {}, kNow);
    engine_.queued(copy(1, device(1), Priority::kLifeCritical));
    engine_.due(kNow);
    engine_.send_failed({message_id(1), device(1)}, kNow);
    EXPECT_EQ(numbers(engine_.due(kNow + 5s)), std::vector{1});
}

/// Whatever happens in whatever order: counts agree with what is pending, credit is conserved, and
/// in the end everything is delivered or expired exactly once.
TEST_F(Engine, conserves_copies_and_credit_under_random_events) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SeededRandom random(seed);
        DeliveryEngine engine{DeliveryEngine::Config{}};
        std::map<CopyKey, int> ended;
        std::set<CopyKey> open;
        std::set<CopyKey> known;
        TimePoint now = kNow;
        for (int step = 0; step < 400; ++step) {
            now += Duration(std::int64_t(random.below(20'000)));
            const auto node = device(std::uint8_t(1 + random.below(6)));
            switch (random.below(7)) {
                case 0:
                    engine.attached(node,
                                    {.credit = std::uint32_t(1 + random.below(3)),
                                     .carries = random.below(2) == 0},
                                    now);
                    break;
                case 1: engine.detached(node); break;
                case 2:
                    engine.mesh_changed({.version = std::uint64_t(step),
                                         .full = false,
                                         .nodes = {{node, random.below(4) != 0}},
                                         .links = {{node, device(std::uint8_t(1 + random.below(6))),
                                                    random.below(3) == 0 ? 0.0 : random.unit()}}});
                    break;
                case 3:
                    if (!open.empty()) {
                        const CopyKey key = *open.begin();
                        engine.finished(key);
                        ++ended[key];
                        open.erase(key);
                    }
                    break;
                default: {
                    auto fresh =
                        copy(std::uint8_t(step % 250), node, priority_of_rank(random.below(5)));
                    fresh.sequence = std::uint64_t(step);
                    fresh.accepted_at = now;
                    fresh.expires_at = now + Duration(std::int64_t(1 + random.below(2'000'000)));
                    if (!known.insert(fresh.key).second) break;
                    engine.queued(fresh);
                    open.insert(fresh.key);
                }
            }
            for (const auto& [key, reachable_at] : engine.due(now).expired) {
                ++ended[key];
                EXPECT_EQ(open.erase(key), 1u);
            }
            std::uint64_t counted = 0;
            for (std::size_t i = 0; i < kPriorities; ++i)
                counted += engine.depth(priority_of_rank(i)).waiting +
                           engine.depth(priority_of_rank(i)).in_flight;
            ASSERT_EQ(counted, engine.pending());
            ASSERT_EQ(open.size(), engine.pending());
        }
        for (const auto& [key, reachable_at] : engine.due(now + 1h).expired) ++ended[key];
        EXPECT_EQ(engine.pending(), 0u);
        EXPECT_EQ(ended.size(), known.size());
        for (const auto& [key, times] : ended) EXPECT_EQ(times, 1);
    }
}

}  // namespace
}  // namespace imece::messaging
