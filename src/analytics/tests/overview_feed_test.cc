// Watching: who is told when, and what a slow watcher gets.
#include "analytics/adapters/rpc/overview_feed.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <utility>

namespace imece::analytics {
namespace {

using namespace std::chrono_literals;
namespace pb = imece::analytics::v1;

/// A server that serves the feed alone. Each overview carries its number as the window.
class Feed : public testing::Test {
protected:
    class Service final : public pb::AnalyticsService::WithCallbackMethod_WatchOverview<
                              pb::AnalyticsService::Service> {
    public:
        OverviewFeed* feed = nullptr;
        grpc::ServerWriteReactor<pb::Overview>* WatchOverview(
            grpc::CallbackServerContext*, const pb::WatchOverviewRequest* request) override {
            return feed->open(std::chrono::seconds(request->window_s()));
        }
    };

    void serve(std::chrono::milliseconds every, int looks_until_told) {
        feed_ = std::make_unique<OverviewFeed>(OverviewFeed::Deps{
            .overview = [this](Duration) -> Result<OverviewFeed::Message> {
                auto message = std::make_shared<pb::Overview>();
                message->set_window_s(++made_);
                message->add_islands()->set_island_id(std::string(padding_, 'x'));
                made_.notify_all();
                return message;
            },
            .state = [this] { return std::to_string(changes_ ? ++looks_ : looks_.load()); },
            .every = every,
            .looks_until_told = looks_until_told});
        service_.feed = feed_.get();
        grpc::ServerBuilder builder;
        builder.RegisterService(&service_);
        server_ = builder.BuildAndStart();
        stub_ = pb::AnalyticsService::NewStub(server_->InProcessChannel({}));
        context_.set_deadline(std::chrono::system_clock::now() + 30s);
        reader_ = stub_->WatchOverview(&context_, pb::WatchOverviewRequest());
    }
    ~Feed() override {
        context_.TryCancel();
        if (reader_) reader_->Finish();
        server_->Shutdown();
    }
    void wait_until_made(std::uint32_t count) {
        for (std::uint32_t made = made_; made < count; made = made_) made_.wait(made);
    }

    std::size_t padding_ = 0;
    bool changes_ = true;
    std::atomic<std::uint32_t> made_{0};
    std::atomic<int> looks_{0};
    std::unique_ptr<OverviewFeed> feed_;
    Service service_;
    std::unique_ptr<grpc::Server> server_;
    std::unique_ptr<pb::AnalyticsService::Stub> stub_;
    grpc::ClientContext context_;
    std::unique_ptr<grpc::ClientReader<pb::Overview>> reader_;
    pb::Overview got_;
};

TEST_F(Feed, a_slow_watcher_gets_the_newest) {
    padding_ = 200'000;  // More than a stream takes in advance.
    serve(1ms, 15);
    wait_until_made(200);
    std::uint32_t read = 0;
    while (got_.window_s() < 200 && reader_->Read(&got_)) ++read;
    EXPECT_GE(got_.window_s(), 200u);
    EXPECT_LT(read, 100u);
}

TEST_F(Feed, tells_now_and_then_that_nothing_has_changed) {
    changes_ = false;
    serve(1ms, 5);
    for (std::uint32_t number = 1; number <= 3; ++number) {
        ASSERT_TRUE(reader_->Read(&got_));
        EXPECT_EQ(got_.window_s(), number);
    }
    EXPECT_LE(made_, 5u);  // It is not even asked for in between.
}

TEST_F(Feed, a_drain_ends_the_streams) {
    serve(1ms, 15);
    ASSERT_TRUE(reader_->Read(&got_));
    feed_->drain();
    while (reader_->Read(&got_)) {
    }
    EXPECT_EQ(std::exchange(reader_, nullptr)->Finish().error_code(),
              grpc::StatusCode::UNAVAILABLE);
    grpc::ClientContext context;
    auto late = stub_->WatchOverview(&context, pb::WatchOverviewRequest());
    EXPECT_FALSE(late->Read(&got_));
    EXPECT_EQ(late->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace imece::analytics
