// Counting, following and viewing, on roll-ups in memory.
#include <gtest/gtest.h>

#include "analytics/app/view_delivery.h"
#include "analytics/tests/memory_rollup_store.h"
#include "analytics/tests/samples.h"
#include "base/random.h"
#include "testkit/fake_clock.h"

namespace imece::analytics {
namespace {

using namespace std::chrono_literals;
using samples::kHour;
using Kind = MessageFact::Kind;

class UseCases : public testing::Test {
protected:
    UseCases() { clock_.set(kHour + 90min); }

    void count(std::vector<MessageFact> facts) {
        ASSERT_TRUE(count_(facts, {++position_, clock_.now()}));
    }
    /// `count` messages that are delivered `after` they were accepted at `at`.
    void deliver(int count_of_them, TimePoint at, Duration after,
                 Priority priority = Priority::kOperational) {
        std::vector<MessageFact> facts;
        for (int i = 0; i < count_of_them; ++i) {
            facts.push_back(samples::accepted(++message_, at, 1, priority));
            facts.push_back(samples::ended(message_, Kind::kDelivered, after, at, priority));
        }
        count(std::move(facts));
    }
    ClassStanding standing(Duration window, Priority priority = Priority::kOperational) {
        return view_(window)->classes[rank(priority)];
    }

    testkit::FakeClock clock_;
    std::shared_ptr<MemoryRollups> kept_ = std::make_shared<MemoryRollups>();
    MemoryRollupStore store_{kept_};
    CountMessages count_{{store_, clock_}, {.site_is_exercise = false, .keep_for = 30 * 24h}};
    FollowTopology follow_{store_};
    ViewOverview view_{
        {.store = store_,
         .clock = clock_,
         .messages = count_,
         .topology = follow_,
         .connected = [](const std::string& source) { return source == "messaging"; }},
        {}};
    QueryDelivery query_{store_, clock_};
    std::uint64_t position_ = 0;
    std::uint32_t message_ = 0;
};

TEST_F(UseCases, the_overview_judges_what_was_accepted_in_the_window) {
    deliver(30, kHour + 40min, 2s);
    deliver(30, kHour + 10min, 90s);  // Late, and before the window of an hour.
    EXPECT_EQ(standing(1h).judgement, Judgement::kHeld);
    EXPECT_EQ(standing(1h).tally.accepted, 30u);
    EXPECT_EQ(standing(24h).judgement, Judgement::kBroken);
    EXPECT_EQ(standing(24h).tally.accepted, 60u);
    EXPECT_EQ(standing(1h, Priority::kLifeCritical).judgement, Judgement::kNotJudged);
    EXPECT_EQ(view_(1h)->at, clock_.now());
}

TEST_F(UseCases, a_window_over_hours_counts_each_message_once) {
    SeededRandom random(1);
    clock_.set(kHour + 200h + 17min + 3s);
    for (int i = 0; i < 300; ++i) deliver(1, kHour + Duration(random.below(200 * 3'600'000)), 1s);
    for (const int minutes : {1, 59, 60, 61, 119, 300, 168 * 60}) {
        const Duration window = minutes * 1min;
        std::uint64_t expected = 0;
        const TimePoint from = minute_of(clock_.now() - window);
        for (const auto& [key, tally] : kept_->buckets)
            if (key.first == Step::kMinute && key.second.start >= from) expected += tally.accepted;
        EXPECT_EQ(standing(window).tally.accepted, expected) << window.count();
    }
}

TEST_F(UseCases, an_exercise_never_counts_on_a_real_site) {
    MessageFact drill = samples::accepted(1, kHour + 80min);
    drill.exercise = true;
    count({drill});
    EXPECT_EQ(standing(1h).tally.accepted, 0u);
    EXPECT_EQ(standing(1h).oldest_waiting, TimePoint{});
    EXPECT_EQ(count_.progress().position, 1u);
    CountMessages on_exercise{{store_, clock_}, {.site_is_exercise = true}};
    ASSERT_TRUE(on_exercise(std::vector{drill}, {2, clock_.now()}));
    EXPECT_EQ(standing(1h).tally.accepted, 1u);
}

TEST_F(UseCases, says_what_waits_and_how_fresh_it_is) {
    count({samples::accepted(1, kHour, 2), samples::accepted(2, kHour + 80min)});
    const Overview overview = *view_(1h);
    EXPECT_EQ(overview.classes[2].oldest_waiting, kHour);  // Also from before the window.
    ASSERT_EQ(overview.sources.size(), 2u);
    EXPECT_EQ(overview.sources[0].counted_to, clock_.now());
    EXPECT_TRUE(overview.sources[0].connected);
    EXPECT_FALSE(overview.sources[1].connected);
    EXPECT_EQ(overview.sources[1].counted_to, TimePoint{});
}

TEST_F(UseCases, rates_are_of_the_last_minute) {
    clock_.set(kHour + 30min + 15s);
    deliver(120, kHour + 29min + 50s, 20s);  // Accepted in the last minute, arrived in this one.
    EXPECT_DOUBLE_EQ(view_(1h)->accepted_per_s, 120 * 0.75 / 60);
    EXPECT_DOUBLE_EQ(view_(1h)->delivered_per_s, 2);
    clock_.advance(2min);
    EXPECT_EQ(view_(1h)->accepted_per_s, 0);
}

TEST_F(UseCases, its_state_changes_with_what_it_shows) {
    const std::string before = view_.state();
    EXPECT_EQ(view_.state(), before);
    deliver(1, kHour, 1s);
    const std::string counted = view_.state();
    EXPECT_NE(counted, before);
    clock_.advance(1min);
    EXPECT_NE(view_.state(), counted);
}

TEST_F(UseCases, prunes_what_is_over_its_time_once_an_hour) {
    deliver(1, kHour, 1s);
    count({samples::accepted(900, kHour)});
    clock_.set(kHour + 30 * 24h + 2h);
    deliver(1, clock_.now(), 1s);
    EXPECT_EQ(kept_->buckets.size(), 2u);  // A minute and an hour.
    EXPECT_EQ(standing(1h).oldest_waiting, TimePoint{});
}

TEST_F(UseCases, after_a_gap_in_the_log_it_counts_on) {
    deliver(1, kHour + 60min, 1s);
    position_ = 50;
    deliver(1, kHour + 60min, 1s);
    ASSERT_TRUE(count_.restart());
    EXPECT_EQ(count_.progress().position, 0u);
    position_ = 10;
    deliver(1, kHour + 60min, 1s);
    EXPECT_EQ(standing(1h).tally.delivered, 3u);
    CountMessages next{{store_, clock_}, {}};
    ASSERT_TRUE(next.load());
    EXPECT_EQ(next.progress().position, 11u);
}

TEST_F(UseCases, delivery_comes_in_the_steps_asked_for) {
    deliver(2, kHour + 1min, 1s);
    deliver(3, kHour + 4min, 1s);
    deliver(4, kHour + 6min, 1s, Priority::kLifeCritical);
    const auto fives = query_({.from = kHour + 1min, .to = kHour + 60min, .step = 5min});
    ASSERT_EQ(fives->size(), 2u);
    EXPECT_EQ((*fives)[0].key.start, kHour);  // Down to a whole step.
    EXPECT_EQ((*fives)[0].tally.accepted, 5u);
    EXPECT_EQ((*fives)[1].key.priority, Priority::kLifeCritical);
    const auto hours = query_({.from = kHour, .step = 1h, .priority = Priority::kOperational});
    ASSERT_EQ(hours->size(), 1u);
    EXPECT_EQ((*hours)[0].tally.delivered, 5u);
    EXPECT_TRUE(query_({.from = kHour + 1h, .to = kHour, .step = 1min})->empty());
    // Without times: the last hour.
    EXPECT_TRUE(query_({.step = 1min})->empty());
    clock_.set(kHour + 30min);
    EXPECT_EQ(query_({.step = 1min})->size(), 3u);
}

struct TooLargeCase {
    const char* name;
    Duration range;
    std::chrono::seconds step;
    bool one_class;
    const char* reason;
};
class TooLarge : public UseCases, public testing::WithParamInterface<TooLargeCase> {};
TEST_P(TooLarge, says) {
    const TooLargeCase& given = GetParam();
    DeliveryQuery query{.from = kHour, .to = kHour + given.range, .step = given.step};
    if (given.one_class) query.priority = Priority::kOperational;
    const auto got = query_(query);
    EXPECT_EQ(got ? "" : got.error().reason, given.reason);
}
INSTANTIATE_TEST_SUITE_P(
    table, TooLarge,
    testing::Values(TooLargeCase{"a_day_of_minutes", 24h, 60s, false, ""},
                    TooLargeCase{"two_days_of_minutes", 48h, 60s, false, "QUERY_TOO_LARGE"},
                    TooLargeCase{"two_days_of_one_class", 48h, 60s, true, ""},
                    TooLargeCase{"a_month_of_hours", 720h, 1h, false, ""},
                    TooLargeCase{"just_enough", 2000min, 60s, false, ""},
                    TooLargeCase{"one_more", 2001min, 60s, false, "QUERY_TOO_LARGE"},
                    TooLargeCase{"no_whole_minutes", 1h, 90s, false, "FIELD_INVALID"},
                    TooLargeCase{"no_time_at_all", 1h, 0s, false, "FIELD_INVALID"}),
    [](const auto& test) { return test.param.name; });

/// Events of discovery, as its log would hold them.
class Topology : public UseCases {
protected:
    TopologyChange change(std::vector<std::uint32_t> alive, std::vector<std::uint32_t> dead,
                          std::vector<std::pair<std::uint32_t, std::uint32_t>> links,
                          bool up = true) {
        TopologyChange out{.position = ++at_,
                           .at = kHour + std::chrono::minutes(at_),
                           .full = at_ == 1,
                           .nodes = {},
                           .links = {}};
        for (const std::uint32_t n : alive)
            out.nodes.push_back({samples::node(n), NodeState::kAlive, n == 1});
        for (const std::uint32_t n : dead)
            out.nodes.push_back({samples::node(n), NodeState::kDead, false});
        for (const auto& [a, b] : links)
            out.links.push_back({samples::node(a), samples::node(b), up});
        log_.push_back(out);
        return out;
    }
    void history() {
        change({1, 2, 3, 4, 5}, {}, {{1, 2}, {2, 3}, {3, 4}, {4, 5}});
        change({}, {}, {{3, 4}}, false);
        change({6}, {}, {{5, 6}});
        change({}, {2}, {});
        change({}, {}, {{3, 4}});
    }
    std::uint64_t at_ = 0;
    std::vector<TopologyChange> log_;
};

TEST_F(Topology, shows_islands_the_largest_first) {
    change({1, 2, 3, 4, 5}, {7}, {{1, 2}, {2, 3}, {4, 5}});
    ASSERT_TRUE(follow_(log_));
    const NetworkView view = follow_.view();
    EXPECT_EQ(view.islands_total, 2u);
    ASSERT_EQ(view.islands.size(), 2u);
    EXPECT_EQ(view.islands[0].nodes, 3u);
    EXPECT_TRUE(view.islands[0].has_uplink);
    EXPECT_FALSE(view.islands[1].has_uplink);
    EXPECT_EQ(view.nodes, (Network::Counts{.alive = 5, .dead = 1}));
    EXPECT_EQ(follow_.counted_to(), kHour + 1min);
    EXPECT_EQ(follow_.position(), 1u);
}

TEST_F(Topology, at_most_a_hundred_are_shown) {
    std::vector<std::uint32_t> alone;
    for (std::uint32_t i = 1; i <= 150; ++i) alone.push_back(i);
    change(alone, {}, {});
    ASSERT_TRUE(follow_(log_));
    EXPECT_EQ(follow_.view().islands.size(), 100u);
    EXPECT_EQ(follow_.view().islands_total, 150u);
}

TEST_F(Topology, names_do_not_depend_on_how_events_come_together) {
    history();
    ASSERT_TRUE(follow_(log_));
    for (std::size_t cut = 1; cut < log_.size(); ++cut) {
        const auto kept = std::make_shared<MemoryRollups>();
        MemoryRollupStore store(kept);
        FollowTopology other(store);
        ASSERT_TRUE(other(std::span(log_).first(cut)));
        ASSERT_TRUE(other(std::span(log_).subspan(cut)));
        EXPECT_EQ(kept->islands, kept_->islands);
    }
}

TEST_F(Topology, a_restart_at_any_moment_changes_no_name) {
    history();
    ASSERT_TRUE(follow_(log_));
    for (std::size_t cut = 1; cut <= log_.size(); ++cut) {
        const auto kept = std::make_shared<MemoryRollups>();
        MemoryRollupStore store(kept);
        FollowTopology before(store);
        ASSERT_TRUE(before(std::span(log_).first(cut)));
        FollowTopology after(store);
        ASSERT_TRUE(after.load());
        EXPECT_EQ(after.position(), 0u);
        for (const TopologyChange& one : log_) ASSERT_TRUE(after(std::span(&one, 1)));
        EXPECT_EQ(kept->islands, kept_->islands) << cut;
        EXPECT_EQ(after.view().islands_total, follow_.view().islands_total);
    }
}

TEST_F(Topology, nothing_is_written_while_islands_stay) {
    change({1, 2}, {}, {{1, 2}});
    ASSERT_TRUE(follow_(log_));
    EXPECT_EQ(kept_->writes, 1);
    for (int i = 0; i < 10; ++i) {
        const TopologyChange same = change({1, 2}, {9}, {{1, 2}});
        ASSERT_TRUE(follow_(std::span(&same, 1)));
    }
    EXPECT_EQ(kept_->writes, 1);
}

TEST_F(Topology, another_log_is_followed_from_its_beginning) {
    history();
    ASSERT_TRUE(follow_(log_));
    // Its positions are lower than what was followed, its times are later.
    log_.resize(2);
    at_ = 2;
    TopologyChange fresh = change({}, {4, 5}, {});
    fresh.at = kHour + 1h;
    log_.back() = fresh;
    FollowTopology after(store_);
    ASSERT_TRUE(after.load());
    ASSERT_TRUE(after(log_));
    EXPECT_FALSE(kept_->islands.home.contains(samples::node(4)));
}

/// Counted live in whatever pieces, and counted anew in others: the same in the end.
TEST_F(UseCases, counted_anew_it_is_what_it_was) {
    for (const std::uint64_t seed : {1, 2, 3}) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        SeededRandom random(seed);
        std::vector<MessageFact> log;
        for (std::uint32_t i = 1; i <= 400; ++i) {
            const auto priority = priority_of_rank(random.below(kPriorities));
            const TimePoint at = kHour + i * 7s;
            const auto copies = std::uint32_t(1 + random.below(3));
            log.push_back(samples::accepted(i, at, copies, priority));
            for (std::uint32_t copy = 0; copy < copies; ++copy)
                if (random.below(4) > 0)
                    log.push_back(samples::ended(i, Kind(1 + random.below(3)),
                                                 Duration(random.below(400'000)), at, priority));
        }
        const auto counted = [&] {
            const auto kept = std::make_shared<MemoryRollups>();
            MemoryRollupStore store(kept);
            CountMessages count{{store, clock_}, {}};
            for (std::size_t done = 0; done < log.size();) {
                const auto size = std::min<std::size_t>(1 + random.below(50), log.size() - done);
                EXPECT_TRUE(count(std::span(log).subspan(done, size), {done + size, kHour}));
                done += size;
            }
            return kept;
        };
        const auto live = counted();
        const auto anew = counted();
        EXPECT_EQ(live->buckets, anew->buckets);
        EXPECT_EQ(live->waiting, anew->waiting);
        EXPECT_EQ(live->progress, anew->progress);
        EXPECT_FALSE(live->waiting.empty());
    }
}

}  // namespace
}  // namespace imece::analytics
