// The rules: admission, classes, ways through the mesh.
#include <gtest/gtest.h>

#include <map>

#include "messaging/domain/class_scheduler.h"
#include "messaging/domain/mesh.h"
#include "messaging/tests/samples.h"

namespace imece::messaging {
namespace {

using namespace std::chrono_literals;
using samples::device;
using samples::kNow;

struct RoomCase {
    const char* name;
    std::array<std::uint64_t, kPriorities> percent;
    std::array<std::uint64_t, kPriorities> room;
};
class Room : public testing::TestWithParam<RoomCase> {};
TEST_P(Room, never_favours_a_less_urgent_class) {
    const QueueLimits limits{.copies_max = 1000, .sender_max = 100, .percent = GetParam().percent};
    for (std::size_t i = 0; i < kPriorities; ++i) {
        EXPECT_EQ(limits.room(priority_of_rank(i)), GetParam().room[i]) << i;
        EXPECT_EQ(limits.sender_room(priority_of_rank(i)), GetParam().room[i] / 10) << i;
    }
}
INSTANTIATE_TEST_SUITE_P(
    table, Room,
    testing::Values(RoomCase{"published", QueueLimits{}.percent, {1000, 900, 800, 700, 600}},
                    RoomCase{"lowest_shut", {100, 90, 80, 70, 0}, {1000, 900, 800, 700, 0}},
                    RoomCase{
                        "one_shut_shuts_those_below", {100, 90, 0, 70, 60}, {1000, 900, 0, 0, 0}},
                    RoomCase{"lower_raised", {100, 50, 80, 100, 30}, {1000, 500, 500, 500, 300}}),
    [](const auto& test) { return test.param.name; });

struct AdmitCase {
    const char* name;
    void (*change)(Envelope&);
    std::string_view reason;  // Empty: admitted.
};
class Admit : public testing::TestWithParam<AdmitCase> {};

TEST_P(Admit, says) {
    Envelope envelope = samples::envelope(1);
    GetParam().change(envelope);
    const Status got = admit(envelope, kNow, false, Limits{});
    EXPECT_EQ(got ? "" : got.error().reason, GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    table, Admit,
    testing::Values(
        AdmitCase{"plain", [](Envelope&) {}, ""},
        AdmitCase{"body_empty", [](Envelope& e) { e.body_bytes = 0; }, "BODY_EMPTY"},
        AdmitCase{"body_at_limit", [](Envelope& e) { e.body_bytes = 16384; }, ""},
        AdmitCase{"body_over_limit", [](Envelope& e) { e.body_bytes = 16385; }, "BODY_TOO_LARGE"},
        AdmitCase{"ttl_least", [](Envelope& e) { e.ttl = 1s; }, ""},
        AdmitCase{"ttl_too_short", [](Envelope& e) { e.ttl = 999ms; }, "TTL_OUT_OF_RANGE"},
        AdmitCase{"ttl_negative", [](Envelope& e) { e.ttl = -1ms; }, "TTL_OUT_OF_RANGE"},
        AdmitCase{"ttl_most", [](Envelope& e) { e.ttl = 72h; }, ""},
        AdmitCase{"ttl_too_long", [](Envelope& e) { e.ttl = 72h + 1ms; }, "TTL_OUT_OF_RANGE"},
        AdmitCase{"a_little_ahead", [](Envelope& e) { e.sent_at = kNow + 5min; }, ""},
        AdmitCase{"in_future", [](Envelope& e) { e.sent_at = kNow + 5min + 1ms; },
                  "SENT_IN_FUTURE"},
        AdmitCase{"to_nobody", [](Envelope& e) { e.destination = {}; }, "DESTINATION_INVALID"},
        AdmitCase{"to_area",
                  [](Envelope& e) { e.destination = {DestinationKind::kArea, {}, "sy"}; },
                  "AREA_UNSUPPORTED"},
        AdmitCase{"exercise_on_real_site", [](Envelope& e) { e.exercise = true; },
                  "EXERCISE_MISMATCH"},
        AdmitCase{"just_alive", [](Envelope& e) { e.sent_at = kNow - 12h + 1ms; }, ""},
        AdmitCase{"just_expired", [](Envelope& e) { e.sent_at = kNow - 12h; }, "MESSAGE_EXPIRED"},
        AdmitCase{"life_lives_longer",
                  [](Envelope& e) {
                      e.priority = Priority::kLifeCritical;
                      e.sent_at = kNow - 71h;
                  },
                  ""},
        AdmitCase{"first_wrong_counts",
                  [](Envelope& e) {
                      e.body_bytes = 0;
                      e.ttl = 1ms;
                  },
                  "BODY_EMPTY"}),
    [](const auto& test) { return test.param.name; });

/// Sends `rounds` frames of 1000 bytes of the classes that always have something, and says each one's share.
std::map<Priority, double> shares(const std::vector<Priority>& busy, int rounds) {
    ClassScheduler scheduler;
    std::array<bool, kPriorities> waiting{};
    for (const Priority priority : busy) waiting[rank(priority)] = true;
    std::map<Priority, double> got;
    for (int i = 0; i < rounds; ++i) {
        const Priority next = *scheduler.pick(waiting);
        scheduler.sent(next, 1000);
        got[next] += 1.0 / rounds;
    }
    return got;
}

TEST(ClassScheduler, gives_every_class_its_guarantee_when_all_are_busy) {
    const auto got =
        shares({Priority::kLifeCritical, Priority::kSafetyCritical, Priority::kOperational,
                Priority::kCommunication, Priority::kMaintenance},
               10'000);
    for (std::size_t i = 0; i < kPriorities; ++i)
        EXPECT_NEAR(got.at(priority_of_rank(i)), ClassScheduler::kShares[i], 0.02) << i;
}

TEST(ClassScheduler, gives_what_is_left_over_in_class_order) {
    const auto got = shares({Priority::kLifeCritical, Priority::kMaintenance}, 10'000);
    EXPECT_NEAR(got.at(Priority::kLifeCritical), 0.90, 0.02);
    EXPECT_NEAR(got.at(Priority::kMaintenance), 0.10, 0.02);
}

TEST(ClassScheduler, life_within_its_share_goes_at_once_whatever_the_backlog) {
    ClassScheduler scheduler;
    for (int i = 0; i < 5000; ++i) {
        std::array<bool, kPriorities> waiting{false, true, true, true, true};
        scheduler.sent(*scheduler.pick(waiting), 1000);
        if (i % 10 != 0) continue;
        waiting[0] =
            true;  // One life-critical frame in ten: a tenth of the link, of a guaranteed third.
        EXPECT_EQ(scheduler.pick(waiting), Priority::kLifeCritical) << i;
        scheduler.sent(Priority::kLifeCritical, 1000);
    }
}

TEST(ClassScheduler, picks_nothing_of_nothing) {
    EXPECT_FALSE(ClassScheduler().pick({}));
}

MeshChange chain(std::initializer_list<MeshLink> links, std::initializer_list<std::uint8_t> nodes) {
    MeshChange change{.version = 1, .full = true, .nodes = {}, .links = links};
    for (const std::uint8_t node : nodes) change.nodes.push_back({device(node), true});
    return change;
}

TEST(Mesh, takes_the_path_of_fewest_expected_transmissions) {
    Mesh mesh;
    // 1-3 directly at 20 % costs 5 transmissions; over 2 it costs 2.5.
    mesh.apply(
        chain({{device(1), device(3), 0.2}, {device(1), device(2), 1}, {device(2), device(3), 0.7}},
              {1, 2, 3}));
    mesh.route_from({device(1)});
    EXPECT_EQ(mesh.path_to(device(3)), (std::vector{device(1), device(2), device(3)}));
}

TEST(Mesh, begins_at_the_nearest_source) {
    Mesh mesh;
    mesh.apply(chain({{device(1), device(2), 1},
                      {device(2), device(3), 1},
                      {device(3), device(4), 1},
                      {device(4), device(5), 1}},
                     {1, 2, 3, 4, 5}));
    mesh.route_from({device(1), device(5)});
    EXPECT_EQ(*mesh.source_for(device(2)), device(1));
    EXPECT_EQ(*mesh.source_for(device(4)), device(5));
}

TEST(Mesh, does_not_pass_through_the_dead_or_over_gone_links) {
    Mesh mesh;
    mesh.apply(chain({{device(1), device(2), 1}, {device(2), device(3), 1}}, {1, 2, 3}));
    mesh.apply({.version = 2, .full = false, .nodes = {{device(2), false}}, .links = {}});
    mesh.route_from({device(1)});
    EXPECT_TRUE(mesh.path_to(device(3)).empty());
    mesh.apply({.version = 3,
                .full = false,
                .nodes = {{device(2), true}},
                .links = {{device(3), device(2), 0}}});
    mesh.route_from({device(1)});
    EXPECT_EQ(mesh.source_for(device(3)), nullptr);
    EXPECT_EQ(mesh.path_to(device(2)).size(), 2u);
    EXPECT_TRUE(mesh.path_to(device(99)).empty());
}

TEST(Mesh, a_full_change_forgets_what_was) {
    Mesh mesh;
    mesh.apply(chain({{device(1), device(2), 1}}, {1, 2}));
    mesh.apply({.version = 7, .full = true, .nodes = {{device(1), true}}, .links = {}});
    EXPECT_EQ(mesh.version(), 7u);
    EXPECT_FALSE(mesh.knows(device(2)));
}

}  // namespace
}  // namespace imece::messaging
