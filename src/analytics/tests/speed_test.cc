// Prints how fast events are counted and the overview is had; fails only far beyond what is promised, 20,000 a second
// and 5 ms.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <ctime>

#include "analytics/adapters/bus/facts.h"
#include "analytics/adapters/store_sqlite/sqlite_rollups.h"
#include "analytics/app/view_delivery.h"
#include "analytics/tests/samples.h"
#include "imece/messaging/v1/events.pb.h"
#include "runtime/rpc/time.h"
#include "testkit/fake_clock.h"
#include "testkit/temp_dir.h"

namespace imece::analytics {
namespace {

using namespace std::chrono_literals;
using samples::kHour;
namespace pb = imece::messaging::v1;

constexpr std::size_t kFrame = 256;  ///< Events that come together from a busy source.

double seconds_since(SteadyPoint began) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

/// Accepted and, some frames later, delivered: as a busy messaging's log has it.
std::vector<runtime::Event> events(std::uint32_t messages) {
    std::vector<runtime::Event> out;
    const auto add = [&](const char* type, const google::protobuf::Message& data) {
        runtime::Event event;
        event.type = type;
        event.data = data.SerializeAsString();
        event.position = out.size() + 1;
        out.push_back(std::move(event));
    };
    constexpr std::uint32_t kInFlight = 1000;
    for (std::uint32_t i = 0; i < messages + kInFlight; ++i) {
        const auto at = [](std::uint32_t n) {
            return runtime::to_proto(kHour + n * 100us / 1ms * 1ms);
        };
        const auto id = [](std::uint32_t n) {
            return std::string(text_of(samples::message(n).view()));
        };
        const auto priority = [](std::uint32_t n) { return imece::type::v1::Priority(1 + n % 5); };
        if (i < messages) {
            pb::MessageAccepted accepted;
            accepted.set_message_id(id(i));
            accepted.set_priority(priority(i));
            *accepted.mutable_accepted_at() = at(i);
            accepted.set_copies(1);
            add("message.accepted.v1", accepted);
        }
        if (i < kInFlight) continue;
        pb::MessageDelivered delivered;
        delivered.set_message_id(id(i - kInFlight));
        delivered.set_priority(priority(i - kInFlight));
        *delivered.mutable_accepted_at() = at(i - kInFlight);
        *delivered.mutable_reachable_at() = at(i - kInFlight);
        *delivered.mutable_delivered_at() = at(i);
        delivered.mutable_receipt()->set_receipt(std::string(60, 'r'));
        delivered.mutable_receipt()->set_signature(std::string(64, 's'));
        add("message.delivered.v1", delivered);
    }
    return out;
}

class Speed : public testing::Test {
protected:
    testkit::TempDir directory_;
    std::unique_ptr<RollupStore> store_ = *make_sqlite_rollups(directory_.path() / "analytics.db");
    testkit::FakeClock clock_{kHour + 1h};
    CountMessages count_{{*store_, clock_}, {.site_is_exercise = false, .keep_for = 30 * 24h}};
    FollowTopology follow_{*store_};
    ViewOverview view_{{.store = *store_,
                        .clock = clock_,
                        .messages = count_,
                        .topology = follow_,
                        .connected = [](const std::string&) { return true; }},
                       {}};
};

TEST_F(Speed, is_enough_for_a_busy_site) {
    const std::vector<runtime::Event> log = events(50'000);
    const auto began = std::chrono::steady_clock::now();
    for (std::size_t done = 0; done < log.size(); done += kFrame) {
        std::vector<MessageFact> facts;
        const std::size_t end = std::min(done + kFrame, log.size());
        for (std::size_t i = done; i < end; ++i) facts.push_back(*message_fact(log[i]));
        ASSERT_TRUE(count_(facts, {log[end - 1].position, log[end - 1].time}));
    }
    const double rate = double(log.size()) / seconds_since(began);
    std::printf("%.0f events/s\n", rate);
    EXPECT_GT(rate, 4000);
    std::uint64_t delivered = 0;
    for (const ClassStanding& one : view_(2h)->classes) delivered += one.tally.delivered;
    EXPECT_EQ(delivered, 50'000u);
}

TEST_F(Speed, is_enough_with_a_month_of_numbers) {
    std::uint32_t message = 0;
    for (std::uint64_t day = 0; day < 30; ++day) {
        Counts counts;
        for (int minute = 0; minute < 1440; ++minute)
            for (std::size_t i = 0; i < kPriorities; ++i)
                for (int n = 0; n < 8; ++n) {
                    const TimePoint at = kHour + day * 24h + minute * 1min;
                    const Duration after = 1ms * (message * 7919 % 100'000);
                    counts.add(samples::ended(++message, MessageFact::Kind::kDelivered, after, at,
                                              priority_of_rank(i)));
                }
        counts.ended.clear();
        ASSERT_TRUE(store_->add(counts, {day + 1, kHour}));
    }
    clock_.set(kHour + 30 * 24h - 17min);
    for (const Duration window : {Duration(1h), Duration(24h), Duration(168h)}) {
        ASSERT_TRUE(view_(window));
        const std::clock_t began = std::clock();  // Of this process: others may be busy.
        constexpr int kTimes = 20;
        for (int i = 0; i < kTimes; ++i) ASSERT_TRUE(view_(window));
        const double ms = double(std::clock() - began) / CLOCKS_PER_SEC / kTimes * 1000;
        std::printf("%ld h: %.2f ms\n", long(window / 1h), ms);
        EXPECT_LT(ms, 50) << window.count();
    }
}

}  // namespace
}  // namespace imece::analytics
