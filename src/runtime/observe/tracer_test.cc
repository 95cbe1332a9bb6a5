#include "runtime/observe/tracer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace imece::runtime {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class TracerTest : public testing::Test {
protected:
    static Span span(std::string name) { return {.name = std::move(name)}; }

    SeededRandom random_{1};
    Metrics metrics_;
    Tracer tracer_{{.share = 0.25, .queue_max = 3}, random_, metrics_};
};

TEST_F(TracerTest, follows_the_share_of_new_traces) {
    int followed = 0;
    for (int i = 0; i < 4000; ++i) followed += tracer_.choose() ? 1 : 0;
    EXPECT_NEAR(followed, 1000, 100);
    Tracer none({.share = 0}, random_, metrics_);
    Tracer all({.share = 1}, random_, metrics_);
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(none.choose());
        EXPECT_TRUE(all.choose());
    }
}

TEST_F(TracerTest, a_child_names_its_parent) {
    const TraceContext root = tracer_.root();
    const TraceContext child = tracer_.child(root);
    EXPECT_TRUE(root.sampled);
    EXPECT_EQ(root.parent_id, TraceContext{}.parent_id);
    EXPECT_EQ(child.trace_id, root.trace_id);
    EXPECT_EQ(child.parent_id, root.span_id);
    EXPECT_NE(child.span_id, root.span_id);
    EXPECT_TRUE(child.sampled);
}

TEST_F(TracerTest, a_full_queue_drops_and_counts) {
    for (const char* name : {"a", "b", "c", "d", "e"}) tracer_.finish(span(name));
    EXPECT_THAT(metrics_.scrape(), HasSubstr("imece_trace_spans_dropped_total 2"));
    const auto taken = tracer_.take(10, 0ms);
    ASSERT_EQ(taken.size(), 3U);
    EXPECT_EQ(taken.front().name, "a");
    EXPECT_EQ(taken.back().name, "c");
    tracer_.finish(span("f"));
    EXPECT_EQ(tracer_.take(10, 0ms).size(), 1U);
}

TEST_F(TracerTest, a_batch_is_taken_as_soon_as_it_is_whole) {
    auto batch = std::async(std::launch::async, [this] { return tracer_.take(2, 1h); });
    tracer_.finish(span("a"));
    tracer_.finish(span("b"));
    EXPECT_EQ(batch.get().size(), 2U);
}

TEST_F(TracerTest, what_is_left_at_the_end_can_be_taken) {
    tracer_.finish(span("a"));
    tracer_.close();
    EXPECT_EQ(tracer_.take(10, 1h).size(), 1U);
    EXPECT_TRUE(tracer_.take(10, 1h).empty());
    tracer_.finish(span("b"));
    EXPECT_TRUE(tracer_.take(10, 1h).empty());
    EXPECT_THAT(metrics_.scrape(), HasSubstr("imece_trace_spans_dropped_total 1"));
}

}  // namespace
}  // namespace imece::runtime
