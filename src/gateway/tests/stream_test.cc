// Event streams and WebSockets over a real socket: slow readers, peers that leave, the end.
#include <thread>

#include "gateway/tests/http_fixture.h"
#include "imece/messaging/v1/messaging.pb.h"

namespace imece::gateway {
namespace {

using namespace std::chrono_literals;
namespace pb = imece::messaging::v1;

class Streams : public HttpFixture {
protected:
    static std::unique_ptr<pb::Delivery> delivery(std::uint32_t attempt, std::size_t bytes = 0) {
        auto made = std::make_unique<pb::Delivery>();
        made->set_attempt(attempt);
        made->mutable_message()->set_envelope(std::string(bytes, 'x'));
        return made;
    }
    static std::unique_ptr<pb::ServerFrame> frame(std::uint32_t attempt, std::size_t bytes = 0) {
        auto made = std::make_unique<pb::ServerFrame>();
        *made->mutable_deliveries()->add_deliveries() = *delivery(attempt, bytes);
        return made;
    }
    std::unique_ptr<RawClient> listen() {
        auto client = std::make_unique<RawClient>(server_->port());
        client->send(get("/v1/messages:stream", kToken));
        return client;
    }
    std::unique_ptr<RawClient> upgrade() {
        auto client = std::make_unique<RawClient>(server_->port());
        client->send(get("/v1/connect", std::string(kToken) +
                                            "upgrade: websocket\r\nconnection: upgrade\r\n"
                                            "sec-websocket-version: 13\r\n"
                                            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
        EXPECT_TRUE(client->until("\r\n\r\n").starts_with("HTTP/1.1 101"));
        return client;
    }
    /// Answers to others, so many that the workers have done all that they can for `stream`.
    void settle(FakeStream& stream) {
        RawClient other(server_->port());
        for (int before = -1; before != stream.reads();) {
            before = stream.reads();
            for (int i = 0; i < 200; ++i) ASSERT_EQ(other.ask(get("/v1/site")).status, 200);
        }
    }
};

// More than the kernel's buffers of one connection hold.
constexpr std::uint32_t kMany = 200;
constexpr std::size_t kLarge = 256 * 1024;

TEST_F(Streams, events_come_one_by_one_and_end) {
    start();
    const auto client = listen();
    const auto stream = upstream_.stream(0);
    stream->push(delivery(1));
    const std::string head = client->until("\r\n\r\n");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK")) << head;
    EXPECT_NE(head.find("text/event-stream"), std::string::npos);
    client->until("id: 1\ndata: ");
    EXPECT_NE(client->until("\n\n").find(R"("attempt":1)"), std::string::npos);
    stream->push(delivery(2));
    client->until("id: 2\ndata: ");
    stream->end();
    EXPECT_TRUE(client->rest().ends_with("0\r\n\r\n"));
}

TEST_F(Streams, a_refusal_before_the_first_event_is_a_status) {
    upstream_.on_open = [](FakeStream& stream) {
        stream.end(std::unexpected(
            Failure{Error{ErrorCode::kPermissionDenied, "ROLE_MISSING", "not yours"}, {}}));
    };
    start();
    const auto got = listen()->response();
    EXPECT_EQ(got.status, 403);
    EXPECT_EQ(reason(got), "ROLE_MISSING");
}

TEST_F(Streams, a_failure_after_it_is_an_event) {
    start();
    const auto client = listen();
    const auto stream = upstream_.stream(0);
    stream->push(delivery(1));
    client->until("id: 1\ndata: ");
    stream->end(std::unexpected(
        Failure{Error{ErrorCode::kUnauthenticated, "TOKEN_EXPIRED", "sign in again"}, {}}));
    client->until("event: error\ndata: ");
    EXPECT_NE(client->rest().find("TOKEN_EXPIRED"), std::string::npos);
}

TEST_F(Streams, a_reader_that_leaves_ends_the_call) {
    start();
    auto client = listen();
    const auto stream = upstream_.stream(0);
    stream->push(delivery(1));
    client->until("id: 1\ndata: ");
    client.reset();
    EXPECT_TRUE(stream->wait_cancelled());
    EXPECT_TRUE(stream->wait_finished());
}

TEST_F(Streams, a_slow_reader_slows_its_sender_alone_and_loses_nothing) {
    start();
    const auto client = listen();
    const auto stream = upstream_.stream(0);
    for (std::uint32_t i = 1; i <= kMany; ++i) stream->push(delivery(i, kLarge));
    settle(*stream);
    EXPECT_GT(stream->queued(), 0);
    for (std::uint32_t i = 1; i <= kMany; ++i) {
        client->until("id: " + std::to_string(i) + "\ndata: ");
        EXPECT_NE(client->until("\n\n").find("\"attempt\":" + std::to_string(i) + "}"),
                  std::string::npos);
    }
}

TEST_F(Streams, a_reader_that_stands_still_is_let_go) {
    config_.transfer_timeout = 200ms;
    start();
    const auto client = listen();
    const auto stream = upstream_.stream(0);
    for (std::uint32_t i = 1; i <= kMany; ++i) stream->push(delivery(i, kLarge));
    EXPECT_TRUE(stream->wait_cancelled());
    EXPECT_TRUE(stream->wait_finished());
}

TEST_F(Streams, a_drain_ends_event_streams_at_once) {
    start();
    const auto client = listen();
    const auto stream = upstream_.stream(0);
    stream->push(delivery(1));
    client->until("id: 1\ndata: ");
    const auto began = std::chrono::steady_clock::now();
    server_->stop(10s);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
    EXPECT_TRUE(stream->wait_finished());
    EXPECT_TRUE(client->rest().ends_with("0\r\n\r\n"));
}

TEST_F(Streams, a_websocket_carries_both_ways) {
    start();
    const auto client = upgrade();
    const auto stream = upstream_.stream(0);
    client->send_frame(R"({"hello":{"credit":7}})");
    EXPECT_EQ(stream->written(0), "hello { credit: 7 }");
    stream->push(frame(3));
    const auto got = client->frame();
    EXPECT_EQ(got.kind, 1);
    EXPECT_NE(got.payload.find(R"("attempt":3)"), std::string::npos);
    stream->end(std::unexpected(
        Failure{Error{ErrorCode::kAborted, "STREAM_REPLACED", "a newer connection"}, {}}));
    const auto last = client->frame();
    EXPECT_EQ(last.kind, 8);
    EXPECT_NE(last.payload.find("STREAM_REPLACED"), std::string::npos);
}

TEST_F(Streams, a_websocket_that_is_closed_ends_the_call) {
    start();
    const auto client = upgrade();
    const auto stream = upstream_.stream(0);
    client->send_frame("\x03\xe8", 0x88);  // 1000, normal.
    EXPECT_EQ(client->frame().kind, 8);
    EXPECT_TRUE(stream->wait_cancelled());
    EXPECT_TRUE(stream->wait_finished());
}

TEST_F(Streams, a_websocket_whose_process_dies_ends_the_call) {
    start();
    auto client = upgrade();
    const auto stream = upstream_.stream(0);
    client.reset();
    EXPECT_TRUE(stream->wait_cancelled());
    EXPECT_TRUE(stream->wait_finished());
}

TEST_F(Streams, a_websocket_that_answers_no_ping_is_let_go) {
    config_.idle_timeout = 200ms;
    start();
    const auto client = upgrade();
    const auto stream = upstream_.stream(0);
    EXPECT_EQ(client->frame().kind, 9);
    EXPECT_TRUE(stream->wait_cancelled());
    EXPECT_TRUE(stream->wait_finished());
}

TEST_F(Streams, a_slow_websocket_slows_its_sender_alone_and_loses_nothing) {
    start();
    const auto client = upgrade();
    const auto stream = upstream_.stream(0);
    // A client's frame() reads at most 64 KiB.
    constexpr std::uint32_t kFrames = 2000;
    for (std::uint32_t i = 1; i <= kFrames; ++i) stream->push(frame(i, 40'000));
    settle(*stream);
    EXPECT_GT(stream->queued(), 0);
    for (std::uint32_t i = 1; i <= kFrames; ++i) {
        const auto got = client->frame();
        ASSERT_EQ(got.kind, 1) << i;
        ASSERT_NE(got.payload.find("\"attempt\":" + std::to_string(i) + "}"), std::string::npos);
    }
}

TEST_F(Streams, a_websocket_that_talks_but_does_not_read_is_let_go) {
    config_.transfer_timeout = 200ms;
    start();
    const auto client = upgrade();
    const auto stream = upstream_.stream(0);
    for (std::uint32_t i = 1; i <= kMany; ++i) stream->push(frame(i, kLarge));
    client->send_frame(R"({"hello":{"credit":7}})");
    EXPECT_TRUE(stream->wait_cancelled());
    EXPECT_TRUE(stream->wait_finished());
}

TEST_F(Streams, a_drain_says_why_a_websocket_ends) {
    start();
    const auto client = upgrade();
    const auto stream = upstream_.stream(0);
    const auto began = std::chrono::steady_clock::now();
    std::jthread stopping([&] { server_->stop(10s); });
    const auto last = client->frame();
    EXPECT_EQ(last.kind, 8);
    EXPECT_NE(last.payload.find("SHUTTING_DOWN"), std::string::npos);
    client->send_frame(last.payload.substr(0, 2), 0x88);
    stopping.join();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
    EXPECT_TRUE(stream->wait_finished());
}

}  // namespace
}  // namespace imece::gateway
