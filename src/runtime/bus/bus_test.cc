// The embedded bus: a source's log, served as a stream and followed by a subscription, over the in-process channel.
#include <grpcpp/impl/service_type.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <set>

#include "base/result.h"
#include "runtime/auth/trust_store.h"
#include "runtime/bus/bus_service.h"
#include "runtime/bus/outbox.h"
#include "runtime/bus/subscription.h"
#include "runtime/module.h"
#include "runtime/observe/metrics.h"
#include "runtime/observe/tracer.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/server.h"
#include "testkit/fake_clock.h"

namespace imece::runtime {
namespace {

using namespace std::chrono_literals;

/// A log in memory.
class Log final : public OutboxReader {
public:
    explicit Log(Outboxes& outboxes) : outboxes_(outboxes) { outboxes.add("source", *this); }

    void append(int count = 1, const char* type = "thing.happened.v1") {
        {
            const std::scoped_lock lock(mutex_);
            for (int i = 0; i < count; ++i) {
                Event event;
                event.position = ++last_;
                event.id.bytes[15] = std::uint8_t(last_);
                event.type = type;
                event.subject = std::to_string(last_);
                event.actor = "user:ayse";
                event.trace_parent = trace_parent;
                event.data = "data " + std::to_string(last_);
                event.time = TimePoint(std::chrono::seconds(last_));
                events_.push_back(event);
            }
        }
        outboxes_.committed("source");
    }
    void trim(std::uint64_t up_to) {
        const std::scoped_lock lock(mutex_);
        trimmed_ = up_to;
        std::erase_if(events_, [&](const Event& event) { return event.position <= up_to; });
    }

    Result<std::vector<Event>> read_after(std::uint64_t position, std::size_t max) override {
        const std::scoped_lock lock(mutex_);
        if (position != 0 && position < trimmed_)
            return fail(ErrorCode::kOutOfRange, "POSITION_TRIMMED", "no longer kept");
        std::vector<Event> out;
        for (const Event& event : events_)
            if (event.position > position && out.size() < max) out.push_back(event);
        return out;
    }
    std::uint64_t last_position() override {
        const std::scoped_lock lock(mutex_);
        return last_;
    }

    std::string trace_parent = "00-trace";  ///< Of what is appended.

private:
    Outboxes& outboxes_;
    std::mutex mutex_;
    std::vector<Event> events_;
    std::uint64_t last_ = 0, trimmed_ = 0;
};

/// A consumer with a store of its own: applies each event with its position, as a service does.
class Consumer {
public:
    explicit Consumer(Process& process, std::vector<std::string> types = {},
                      bool background = false)
        : subscription_(process,
                        {.source = "source",
                         .as = "consumer",
                         .types = std::move(types),
                         .background = background,
                         .position = [this]() -> Result<std::uint64_t> {
                             const std::scoped_lock lock(mutex_);
                             return position_;
                         },
                         .apply = [this](std::span<const Event> events,
                                         std::uint64_t through) { return apply(events, through); },
                         .reset = [this]() -> Status {
                             const std::scoped_lock lock(mutex_);
                             position_ = 0;
                             ++resets_;
                             return {};
                         }}) {}

    void start() { subscription_.start(); }
    void stop() { subscription_.stop(); }
    void start_at(std::uint64_t position) {
        position_ = position;
        start();
    }
    /// The next `count` applications at `position` fail, as those of a store that is down.
    void fail_at(std::uint64_t position, int count) {
        const std::scoped_lock lock(mutex_);
        fails_at_ = position;
        fails_ = count;
    }
    bool wait_for(std::uint64_t position) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 20s, [&] { return position_ >= position; });
    }
    std::vector<Event> seen() {
        const std::scoped_lock lock(mutex_);
        return seen_;
    }
    int tries() const { return tries_; }
    int resets() const { return resets_; }
    std::uint64_t applied() const { return subscription_.applied(); }
    bool connected() const { return subscription_.connected(); }

private:
    Status apply(std::span<const Event> events, std::uint64_t through) {
        const std::scoped_lock lock(mutex_);
        for (const Event& event : events)
            if (auto done = apply(event); !done) return done;
        position_ = through;
        changed_.notify_all();
        return {};
    }
    Status apply(const Event& event) {
        ++tries_;
        if (event.position == fails_at_ && fails_ > 0) {
            --fails_;
            return fail(ErrorCode::kUnavailable, "STORE_DOWN", "on purpose");
        }
        seen_.push_back(event);
        position_ = event.position;
        return {};
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Event> seen_;
    std::uint64_t position_ = 0, fails_at_ = 0;
    int fails_ = 0, tries_ = 0, resets_ = 0;
    Subscription subscription_;
};

class Bus : public testing::Test {
protected:
    Bus() {
        server_.add("bus", *service_);
        EXPECT_TRUE(server_.start());
    }
    ~Bus() override {
        consumer_.stop();
        server_.stop(0ms);
    }
    static std::vector<std::uint64_t> positions(const std::vector<Event>& events) {
        std::vector<std::uint64_t> out;
        for (const Event& event : events) out.push_back(event.position);
        return out;
    }
    static std::vector<std::uint64_t> range(std::uint64_t first, std::uint64_t last) {
        std::vector<std::uint64_t> out;
        for (; first <= last; ++first) out.push_back(first);
        return out;
    }

    testkit::FakeClock clock_;
    SystemRandom random_;
    Metrics metrics_;
    Tracer tracer_{{}, random_, metrics_};
    Server server_{RpcConfig{.listen = ""}};
    Outboxes outboxes_;
    TrustStore trust_{clock_};
    Door door_{{.random = random_, .metrics = metrics_, .server = server_, .trust = trust_}};
    Log log_{outboxes_};
    std::unique_ptr<grpc::Service> service_ = make_bus_service(outboxes_, door_, server_);
    Process process_{clock_, random_, metrics_, server_, outboxes_, {"test", true, "0"},
                     ".",    &tracer_};
    Consumer consumer_{process_};
};

TEST_F(Bus, brings_what_was_there_and_then_what_comes_in_order) {
    log_.append(1000);  // More than one batch.
    consumer_.start();
    ASSERT_TRUE(consumer_.wait_for(1000));
    log_.append(3);
    log_.append();
    ASSERT_TRUE(consumer_.wait_for(1004));
    consumer_.stop();
    EXPECT_EQ(positions(consumer_.seen()), range(1, 1004));
    EXPECT_EQ(consumer_.applied(), 1004u);
}

TEST_F(Bus, brings_an_event_as_it_was_told) {
    log_.append();
    consumer_.start();
    ASSERT_TRUE(consumer_.wait_for(1));
    const Event got = consumer_.seen().front();
    const Event told = log_.read_after(0, 1)->front();
    EXPECT_EQ(got.id, told.id);
    EXPECT_EQ(got.type, told.type);
    EXPECT_EQ(got.subject, told.subject);
    EXPECT_EQ(got.time, told.time);
    EXPECT_EQ(got.trace_parent, told.trace_parent);
    EXPECT_EQ(got.actor, told.actor);
    EXPECT_EQ(got.data, told.data);
}

TEST_F(Bus, applying_what_a_followed_call_caused_is_a_span_with_a_link_to_it) {
    const std::string cause = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0";
    for (const char* sampled : {"1", "0"}) {
        log_.trace_parent = cause + sampled;
        log_.append();
    }
    consumer_.start();
    ASSERT_TRUE(consumer_.wait_for(2));
    consumer_.stop();
    tracer_.close();
    const auto spans = tracer_.take(10, 0ms);
    ASSERT_EQ(spans.size(), 1U);
    EXPECT_EQ(spans[0].name, "apply thing.happened.v1");
    ASSERT_EQ(spans[0].links.size(), 1U);
    EXPECT_EQ(spans[0].links[0].header(), cause + "1");
    EXPECT_NE(spans[0].context.trace_id, spans[0].links[0].trace_id);
}

TEST_F(Bus, tells_where_log_and_consumer_are) {
    const auto token = outboxes_.add_metrics(metrics_);
    log_.append(3);
    consumer_.start();
    ASSERT_TRUE(consumer_.wait_for(3));
    consumer_.stop();
    log_.append(2);
    const std::string text = metrics_.scrape();
    EXPECT_NE(text.find("imece_events_position{source=\"source\"} 5"), std::string::npos);
    EXPECT_NE(text.find("imece_events_applied_position{by=\"consumer\",source=\"source\"} 3"),
              std::string::npos);
}

TEST_F(Bus, goes_on_from_the_consumers_position) {
    log_.append(10);
    consumer_.start_at(7);
    ASSERT_TRUE(consumer_.wait_for(10));
    EXPECT_EQ(positions(consumer_.seen()), range(8, 10));
}

TEST_F(Bus, brings_an_event_again_until_it_is_applied_and_nothing_overtakes_it) {
    log_.append(5);
    consumer_.fail_at(3, 2);
    consumer_.start();
    ASSERT_TRUE(consumer_.wait_for(5));
    EXPECT_EQ(positions(consumer_.seen()), range(1, 5));
    EXPECT_EQ(consumer_.tries(), 7);
}

TEST_F(Bus, brings_only_the_types_that_are_wanted_and_says_how_far_it_is) {
    Consumer picky{process_, {"thing.ended.v1"}, true};
    log_.append(1, "thing.ended.v1");
    log_.append(999);
    picky.start();
    ASSERT_TRUE(picky.wait_for(1000));
    log_.append(1, "thing.ended.v1");
    log_.append(1, "thing.ended.v1");
    ASSERT_TRUE(picky.wait_for(1002));
    picky.stop();
    EXPECT_EQ(positions(picky.seen()), (std::vector<std::uint64_t>{1, 1001, 1002}));
    EXPECT_EQ(picky.applied(), 1002u);
}

TEST_F(Bus, tells_a_consumer_that_fell_behind_to_begin_anew) {
    log_.append(10);
    log_.trim(6);
    consumer_.start_at(3);
    ASSERT_TRUE(consumer_.wait_for(10));
    EXPECT_EQ(consumer_.resets(), 1);
    EXPECT_EQ(positions(consumer_.seen()), range(7, 10));
}

TEST_F(Bus, a_stop_ends_a_subscription_that_waits) {
    log_.append();
    EXPECT_FALSE(consumer_.connected());
    consumer_.start();
    ASSERT_TRUE(consumer_.wait_for(1));
    EXPECT_TRUE(consumer_.connected());
    consumer_.stop();
    EXPECT_FALSE(consumer_.connected());
    log_.append();
    EXPECT_EQ(positions(consumer_.seen()), range(1, 1));
}

TEST(Outboxes, wakes_who_waits_until_the_token_goes) {
    Outboxes outboxes;
    int woken = 0;
    auto token = outboxes.on_commit("source", [&] { ++woken; });
    outboxes.committed("source");
    outboxes.committed("another");
    EXPECT_EQ(woken, 1);
    token.reset();
    outboxes.committed("source");
    EXPECT_EQ(woken, 1);
}

}  // namespace
}  // namespace imece::runtime
