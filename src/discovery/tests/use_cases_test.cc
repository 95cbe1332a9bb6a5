#include <gtest/gtest.h>

#include "discovery/adapters/bus/device_events.h"
#include "discovery/adapters/bus/topology_event.h"
#include "discovery/adapters/rpc/report_codec.h"
#include "discovery/app/publish_topology.h"
#include "discovery/app/report_nodes.h"
#include "discovery/app/view_topology.h"
#include "discovery/tests/build.h"
#include "discovery/tests/memory_topology_store.h"
#include "discovery/tests/wire.h"
#include "imece/discovery/v1/events.pb.h"
#include "imece/identity/v1/events.pb.h"
#include "testkit/fake_clock.h"

namespace imece::discovery {
namespace {

/// One "process" over a disk that may be handed on to the next.
struct Site {
    explicit Site(std::shared_ptr<MemoryDisk> d, Timing timing = {}, TopologyLimits limits = {})
        : disk(std::move(d)), store(disk), live(timing, limits) {
        EXPECT_TRUE(publish.restore(decode_report));
    }
    void enrol(const Phone& phone, std::uint64_t position = 1) {
        ASSERT_TRUE(devices.enrolled(phone.id, phone.key.public_key(), position));
    }
    std::string_view send(const SignedReport& report, const Phone* by = nullptr) {
        const auto results = report_nodes({report}, by ? std::optional(by->id) : std::nullopt);
        EXPECT_EQ(results.size(), 1u);
        return results[0] ? "" : results[0].error().reason;
    }
    std::vector<v1::TopologyChanged> log() {
        std::vector<v1::TopologyChanged> out;
        for (const runtime::Event& event : *store.read_after(0, 1000))
            EXPECT_TRUE(out.emplace_back().ParseFromString(event.data));
        return out;
    }

    testkit::FakeClock clock{kStart};
    SeededRandom random{1};
    std::shared_ptr<MemoryDisk> disk;
    MemoryTopologyStore store;
    Live live;
    int woken = 0;
    PublishTopology publish{{live, store, clock, random, encode_delta},
                            {.interval = 200ms, .deltas_per_full = 3}};
    FollowDevices devices{live, store, [this] { ++woken; }};
    ReportNodes report_nodes{{live, clock, decode_report, [this] { ++woken; }}, ReportLimits{}};
    ViewTopology view{live, clock};
};

class UseCases : public testing::Test {
protected:
    Site site_{std::make_shared<MemoryDisk>()};
    const Phone a_{1};
    const Phone b_{2};
};

TEST_F(UseCases, a_report_is_taken_when_it_is_signed_by_an_enrolled_node) {
    EXPECT_EQ(site_.send(a_.report(1), &a_), "NODE_NOT_ENROLLED");
    site_.enrol(a_);
    EXPECT_EQ(site_.send(a_.report(1), &a_), "");
    EXPECT_EQ(site_.send(a_.report(1), &a_), "REPORT_STALE");
    EXPECT_EQ(site_.woken, 1);

    site_.enrol(b_);
    SignedReport forged = a_.report(2);
    forged.signature = b_.report(2).signature;
    EXPECT_EQ(site_.send(forged, &a_), "REPORT_SIGNATURE_INVALID");
    SignedReport changed = a_.report(2);
    changed.report.back() = static_cast<char>(changed.report.back() ^ 1);
    EXPECT_NE(site_.send(changed, &a_), "");
    EXPECT_EQ(site_.send({"not a report", std::string(64, 'x')}, &a_), "REPORT_MALFORMED");
    EXPECT_EQ(site_.send(a_.report(2, kStart + 1h), &a_), "REPORT_IN_FUTURE");
}

TEST_F(UseCases, each_report_of_a_call_has_its_own_result) {
    site_.enrol(a_);
    const auto results =
        site_.report_nodes({a_.report(1), b_.report(1), a_.report(2), {"?", ""}}, a_.id);
    ASSERT_EQ(results.size(), 4u);
    EXPECT_TRUE(results[0]);
    EXPECT_EQ(results[1].error().reason, "NODE_NOT_ENROLLED");
    EXPECT_TRUE(results[2]);
    EXPECT_EQ(results[3].error().reason, "REPORT_MALFORMED");
}

TEST_F(UseCases, a_carried_report_is_as_old_as_it_says) {
    site_.enrol(a_);
    site_.enrol(b_, 2);
    EXPECT_EQ(site_.send(b_.report(1, kStart - 70s), &a_), "");
    EXPECT_EQ(site_.view.node(b_.id, {})->state, NodeState::kSuspect);
    EXPECT_EQ(site_.send(a_.report(1, kStart - 70s), &a_), "");  // Its own: its clock is behind.
    EXPECT_EQ(site_.view.node(a_.id, {})->state, NodeState::kAlive);
}

TEST_F(UseCases, a_revoked_device_is_out_at_once) {
    site_.enrol(a_);
    ASSERT_EQ(site_.send(a_.report(1), &a_), "");
    ASSERT_TRUE(site_.devices.revoked(a_.id, 2));
    EXPECT_EQ(site_.view.node(a_.id, {}).error().reason, "NODE_UNKNOWN");
    EXPECT_EQ(site_.send(a_.report(2), &a_), "NODE_NOT_ENROLLED");
    ASSERT_TRUE(site_.publish.run());
    EXPECT_TRUE(site_.disk->reports.empty());
}

TEST_F(UseCases, places_are_blurred_but_for_those_who_need_them) {
    site_.enrol(a_);
    v1::NodeReport wire = a_.wire(1);
    wire.mutable_position()->set_latitude(37.57584);
    wire.mutable_position()->set_longitude(36.93721);
    ASSERT_EQ(site_.send(a_.sign(wire), &a_), "");
    const Position exact{37.57584, 36.93721};
    const Position rough{37.58, 36.94};
    const auto seen = [&](const Viewer& viewer) {
        const auto one = site_.view.node(a_.id, viewer);
        EXPECT_EQ(site_.view.nodes(0, "", viewer)->nodes.at(0).position, one->position);
        EXPECT_EQ(site_.view.snapshot(viewer).nodes.at(0).position, one->position);
        return *one->position;
    };
    EXPECT_EQ(seen({}), rough);
    EXPECT_EQ(seen({.device = b_.id}), rough);
    EXPECT_EQ(seen({.device = a_.id}), exact);
    EXPECT_EQ(seen({.sees_places = true}), exact);
}

TEST_F(UseCases, distances_are_those_of_places_that_the_viewer_may_see) {
    const auto stands = [&](const Phone& phone, double latitude, double longitude) {
        site_.enrol(phone);
        v1::NodeReport wire = phone.wire(1);
        wire.mutable_position()->set_latitude(latitude);
        wire.mutable_position()->set_longitude(longitude);
        ASSERT_EQ(site_.send(phone.sign(wire), &phone), "");
    };
    stands(a_, 37.5801, 36.9401);
    stands(b_, 37.5839, 36.9399);  // Some 400 m off, in the same hundredth of a degree.
    const auto geography = [&](const Viewer& viewer) {
        return site_.view.peers(a_.id, viewer)->at(0).geography;
    };
    EXPECT_EQ(geography({}), 1);
    EXPECT_EQ(geography({.device = a_.id}), 1);
    EXPECT_LT(geography({.sees_places = true}), 0.8);
}

TEST_F(UseCases, lists_in_pages) {
    std::vector<NodeId> ids;
    for (std::uint8_t i = 1; i <= 5; ++i) {
        const Phone phone(i);
        site_.enrol(phone, i);
        ASSERT_EQ(site_.send(phone.report(1), &phone), "");
        ids.push_back(phone.id);
    }
    std::ranges::sort(ids);
    std::vector<NodeId> got;
    std::string token;
    int pages = 0;
    do {
        const auto page = site_.view.nodes(2, token, {});
        ASSERT_TRUE(page);
        for (const NodeView& view : page->nodes) got.push_back(view.node);
        token = page->next;
        ++pages;
    } while (!token.empty());
    EXPECT_EQ(got, ids);
    EXPECT_EQ(pages, 3);
    EXPECT_EQ(site_.view.nodes(2, "x", {}).error().reason, "PAGE_TOKEN_INVALID");
}

TEST_F(UseCases, the_first_announcement_is_full_and_the_rest_are_gathered) {
    site_.enrol(a_);
    site_.enrol(b_, 2);
    ASSERT_EQ(site_.send(a_.report(1, kStart, {&b_}), &a_), "");
    auto next = site_.publish.run();
    ASSERT_TRUE(next);
    EXPECT_EQ(*next, kStart + 60s);  // Until something changes, or node a is suspect.

    site_.clock.advance(50ms);
    ASSERT_EQ(site_.send(b_.report(1), &b_), "");
    next = site_.publish.run();
    ASSERT_TRUE(next);
    EXPECT_EQ(*next, kStart + 200ms);
    ASSERT_EQ(site_.send(b_.report(2, kStart, {&a_}, 0.5), &b_), "");
    site_.clock.advance(150ms);
    ASSERT_TRUE(site_.publish.run());

    const auto log = site_.log();
    ASSERT_EQ(log.size(), 2u);
    EXPECT_EQ(log[0].base_version(), 0u);
    EXPECT_EQ(log[0].nodes_size(), 1);
    EXPECT_EQ(log[1].base_version(), log[0].version());
    ASSERT_EQ(log[1].nodes_size(), 1);
    EXPECT_EQ(log[1].nodes(0).state(), v1::ALIVE);
    ASSERT_EQ(log[1].links_size(), 1);
    EXPECT_EQ(log[1].links(0).quality(), 0.5);
}

TEST_F(UseCases, time_alone_is_announced) {
    site_.enrol(a_);
    ASSERT_EQ(site_.send(a_.report(1), &a_), "");
    std::vector<v1::NodeState> states;
    for (int i = 0; i < 3; ++i) {
        const auto next = site_.publish.run();
        ASSERT_TRUE(next && *next);
        states.push_back(site_.log().back().nodes(0).state());
        site_.clock.set(**next);
    }
    EXPECT_EQ(states, (std::vector{v1::ALIVE, v1::SUSPECT, v1::DEAD}));
}

TEST_F(UseCases, a_heartbeat_without_news_is_saved_and_not_announced) {
    site_.enrol(a_);
    ASSERT_EQ(site_.send(a_.report(1), &a_), "");
    ASSERT_TRUE(site_.publish.run());
    site_.clock.advance(30s);
    ASSERT_EQ(site_.send(a_.report(2), &a_), "");
    ASSERT_TRUE(site_.publish.run());
    EXPECT_EQ(site_.log().size(), 1u);
    EXPECT_EQ(site_.disk->reports.at(a_.id).heard_at, kStart + 30s);
}

TEST_F(UseCases, what_could_not_be_stored_goes_first_next_time) {
    site_.enrol(a_);
    site_.enrol(b_, 2);
    ASSERT_TRUE(site_.publish.run());
    site_.clock.advance(1s);
    site_.store.down = true;
    ASSERT_EQ(site_.send(a_.report(1), &a_), "");
    EXPECT_EQ(site_.publish.run().error().reason, "STORE_DOWN");
    ASSERT_EQ(site_.send(b_.report(1), &b_), "");
    EXPECT_EQ(site_.publish.run().error().reason, "STORE_DOWN");
    site_.store.down = false;
    for (int i = 0; i < 2; ++i) {
        const auto next = site_.publish.run();
        ASSERT_TRUE(next && *next);
        site_.clock.set(**next);
    }
    const auto log = site_.log();
    ASSERT_EQ(log.size(), 3u);
    EXPECT_EQ(log[1].base_version(), log[0].version());
    EXPECT_EQ(log[2].base_version(), log[1].version());
    EXPECT_EQ(site_.disk->reports.size(), 2u);
}

TEST_F(UseCases, after_so_many_deltas_comes_a_full_one) {
    site_.enrol(a_);
    std::vector<bool> full;
    for (std::uint64_t i = 1; i <= 9; ++i) {
        v1::NodeReport wire = a_.wire(i);
        wire.set_has_uplink(i % 2 == 1);
        ASSERT_EQ(site_.send(a_.sign(wire), &a_), "");
        ASSERT_TRUE(site_.publish.run());
        full.push_back(site_.log().back().base_version() == 0);
        site_.clock.advance(1s);
    }
    EXPECT_EQ(full, (std::vector{true, false, false, false, true, false, false, false, true}));
    EXPECT_EQ(site_.log().size(), 5u);
    EXPECT_EQ(site_.store.read_after(0, 1)->front().position, 5u);
}

TEST_F(UseCases, a_restart_knows_the_last_reports) {
    site_.enrol(a_, 1);
    site_.enrol(b_, 2);
    ASSERT_EQ(site_.send(a_.report(1, kStart, {&b_}), &a_), "");
    ASSERT_EQ(site_.send(b_.report(7, kStart, {&a_}), &b_), "");
    ASSERT_TRUE(site_.publish.run());
    // Left behind by a commit that was under way when the device was revoked.
    const Phone stranger(3);
    site_.disk->reports[stranger.id] = {stranger.id, kStart, stranger.report(1).report};

    Site next(site_.disk);
    next.clock.advance(65s);
    const Snapshot snapshot = next.view.snapshot({});
    ASSERT_EQ(snapshot.nodes.size(), 2u);
    EXPECT_EQ(snapshot.links.size(), 1u);
    EXPECT_EQ(snapshot.nodes[0].state, NodeState::kSuspect);
    EXPECT_EQ(next.send(b_.report(7), &b_), "REPORT_STALE");
    EXPECT_EQ(next.send(b_.report(8), &b_), "");
    ASSERT_TRUE(next.publish.run());
    const auto log = next.log();
    ASSERT_EQ(log.size(), 2u);
    EXPECT_EQ(log[1].base_version(), 0u);
    EXPECT_EQ(log[1].version(), log[0].version() + 1);
    EXPECT_EQ(log[1].nodes_size(), 2);
}

TEST_F(UseCases, forgotten_nodes_leave_the_store_and_are_told) {
    Site site(std::make_shared<MemoryDisk>(), {.forget_after = 1h});
    site.enrol(a_);
    ASSERT_EQ(site.send(a_.report(1), &a_), "");
    ASSERT_TRUE(site.publish.run());
    site.clock.advance(1h + 90s);
    ASSERT_TRUE(site.publish.run());
    EXPECT_TRUE(site.disk->reports.empty());
    ASSERT_EQ(site.log().back().nodes_size(), 1);
    EXPECT_EQ(site.log().back().nodes(0).state(), v1::NODE_STATE_UNSPECIFIED);
}

TEST_F(UseCases, identitys_events_are_followed) {
    imece::identity::v1::DeviceEnrolled enrolled;
    enrolled.set_device_id(std::string(text_of(a_.id.view())));
    enrolled.set_public_key(std::string(text_of(a_.key.public_key())));
    runtime::Event event{
        .type = "device.enrolled.v1", .data = enrolled.SerializeAsString(), .position = 4};
    ASSERT_TRUE(apply_device_event(event, site_.devices));
    EXPECT_EQ(site_.store.bus_position(), 4u);
    EXPECT_EQ(site_.send(a_.report(1), &a_), "");

    event.position = 5;
    event.type = "user.created.v1";
    ASSERT_TRUE(apply_device_event(event, site_.devices));
    event.type = "device.enrolled.v1";
    event.data = "\x01";
    ASSERT_TRUE(apply_device_event(event, site_.devices));  // Does not read: passed by.

    imece::identity::v1::DeviceRevoked revoked;
    revoked.set_device_id(std::string(text_of(a_.id.view())));
    event = {.type = "device.revoked.v1", .data = revoked.SerializeAsString(), .position = 6};
    ASSERT_TRUE(apply_device_event(event, site_.devices));
    EXPECT_EQ(site_.store.bus_position(), 6u);
    EXPECT_EQ(site_.send(a_.report(2), &a_), "NODE_NOT_ENROLLED");

    site_.enrol(b_, 7);
    ASSERT_TRUE(site_.devices.forget_all());
    EXPECT_EQ(site_.store.bus_position(), 0u);
    EXPECT_EQ(site_.send(b_.report(1), &b_), "NODE_NOT_ENROLLED");
}

TEST_F(UseCases, a_device_is_not_believed_before_it_is_stored) {
    site_.store.down = true;
    EXPECT_FALSE(site_.devices.enrolled(a_.id, a_.key.public_key(), 1));
    EXPECT_EQ(site_.send(a_.report(1), &a_), "NODE_NOT_ENROLLED");
}

}  // namespace
}  // namespace imece::discovery
