// Event streams and WebSockets over real sockets.
#include "gateway/tests/http_fixture.h"
#include "imece/messaging/v1/messaging.pb.h"

namespace imece::gateway {
namespace {

using namespace std::chrono_literals;
namespace messaging = imece::messaging::v1;

std::unique_ptr<messaging::Delivery> delivery(const std::string& device, std::size_t bytes = 0) {
    auto made = std::make_unique<messaging::Delivery>();
    made->set_device_id(device);
    made->mutable_message()->set_envelope(std::string(bytes, 'x'));
    return made;
}

class Events : public HttpFixture {
protected:
    std::string open(const std::string& more = "") {
        return get("/v1/messages:stream?credit=8", std::string(kToken) + more);
    }
    /// One chunk of the body.
    static std::string chunk(RawClient& client) {
        const std::string size = client.until("\r\n");
        const std::string piece = client.exactly(std::stoul(size, nullptr, 16));
        client.exactly(2);
        return piece;
    }
};

TEST_F(Events, come_one_by_one_and_end_cleanly) {
    start();
    RawClient client(server_->port());
    client.send(open());
    const auto stream = upstream_.stream(0);
    stream->push(delivery("d1"));
    const auto head = client.response();
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("content-type"), "text/event-stream");
    EXPECT_EQ(head.header("transfer-encoding"), "chunked");
    EXPECT_EQ(chunk(client), ": open\n\n");
    EXPECT_EQ(chunk(client),
              "id: 1\ndata: "
              "{\"message\":{\"envelope\":\"\",\"signature\":\"\"},\"deviceId\":\"d1\",\"path\":[],"
              "\"attempt\":0}\n\n");
    stream->push(delivery("d2"));
    EXPECT_TRUE(chunk(client).starts_with("id: 2\ndata: {"));
    stream->end();
    EXPECT_EQ(client.rest(), "0\r\n\r\n");
}

TEST_F(Events, open_with_the_status_of_an_early_refusal) {
    upstream_.on_open = [](FakeStream& stream) {
        stream.end(std::unexpected(
            Failure{Error{ErrorCode::kPermissionDenied, "ROLE_MISSING", "devices only"}, {}}));
    };
    start();
    RawClient client(server_->port());
    const auto got = client.ask(open());
    EXPECT_EQ(got.status, 403);
    EXPECT_EQ(reason(got), "ROLE_MISSING");
}

TEST_F(Events, tell_a_late_failure_as_an_event) {
    config_.heartbeat = 50ms;
    start();
    RawClient client(server_->port());
    client.send(open());
    EXPECT_EQ(client.response().status, 200);  // Nothing came: the stream is open all the same.
    EXPECT_EQ(chunk(client), ": open\n\n");
    EXPECT_EQ(chunk(client), ": still here\n\n");
    upstream_.stream(0)->end(
        std::unexpected(Failure{Error{ErrorCode::kAborted, "STREAM_REPLACED", "a newer one"}, {}}));
    const std::string rest = client.rest();
    EXPECT_NE(rest.find("event: error\ndata: {\"type\":\"/docs/errors#STREAM_REPLACED\""),
              std::string::npos)
        << rest;
    EXPECT_TRUE(rest.ends_with("0\r\n\r\n"));
}

TEST_F(Events, stop_their_service_when_the_client_leaves) {
    start();
    {
        RawClient client(server_->port());
        client.send(open());
        upstream_.stream(0)->push(delivery("d1"));
        EXPECT_EQ(client.response().status, 200);
    }
    EXPECT_TRUE(upstream_.stream(0)->wait_cancelled());
    EXPECT_TRUE(upstream_.stream(0)->wait_finished());
}

TEST_F(Events, end_when_the_process_drains) {
    start();
    RawClient client(server_->port());
    client.send(open());
    upstream_.stream(0)->push(delivery("d1"));
    EXPECT_EQ(client.response().status, 200);
    std::jthread stopping([&] { server_->stop(10s); });
    EXPECT_TRUE(client.rest().ends_with("0\r\n\r\n"));
}

TEST_F(Events, slow_their_service_down_to_the_readers_pace) {
    start();
    RawClient client(server_->port());
    client.receive_buffer(4096);
    client.send(open());
    const auto stream = upstream_.stream(0);
    constexpr int kMessages = 400;
    for (int i = 0; i < kMessages; ++i) stream->push(delivery("d", 48 * 1024));
    stream->end();
    // What is not read stays with the service: the socket's buffers hold a few MB at most.
    EXPECT_EQ(client.response().status, 200);
    EXPECT_EQ(chunk(client), ": open\n\n");
    EXPECT_GT(stream->queued(), 100u);
    int events = 0;
    const std::string rest = client.rest();
    for (std::size_t at = rest.find("id: "); at != std::string::npos;
         at = rest.find("id: ", at + 1))
        ++events;
    EXPECT_EQ(events, kMessages);
    EXPECT_EQ(stream->queued(), 0u);
}

TEST_F(Events, are_cut_where_the_reader_never_reads) {
    config_.transfer_timeout = 200ms;
    start();
    RawClient client(server_->port());
    client.receive_buffer(4096);
    client.send(open());
    const auto stream = upstream_.stream(0);
    for (int i = 0; i < 400; ++i) stream->push(delivery("d", 48 * 1024));
    EXPECT_TRUE(stream->wait_cancelled());
}

class Socket : public HttpFixture {
protected:
    static std::string upgrade(const std::string& more) {
        return get("/v1/connect",
                   "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
                   "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                       more);
    }
    std::unique_ptr<RawClient> connect(const std::string& more = kToken) {
        auto client = std::make_unique<RawClient>(server_->port());
        client->send(upgrade(more));
        accepted_ = client->response();
        EXPECT_EQ(accepted_.status, 101) << accepted_.head << accepted_.body;
        return client;
    }
    RawClient::Response accepted_;
};

TEST_F(Socket, carries_frames_both_ways) {
    start();
    auto client = connect();
    EXPECT_EQ(accepted_.header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    const auto stream = upstream_.stream(0);
    client->send_frame(R"({"hello":{"credit":8}})");
    EXPECT_EQ(stream->written(0), "hello { credit: 8 }");
    client->send_frame(
        R"({"submit":{"request":"7","messages":[{"envelope":"AAEC","signature":"AA=="}]}})");
    EXPECT_EQ(stream->written(1),
              R"(submit { request: 7 messages { envelope: "\000\001\002" signature: "\000" } })");
    auto frame = std::make_unique<messaging::ServerFrame>();
    frame->mutable_welcome()->set_device_id("d1");
    stream->push(std::move(frame));
    const auto got = client->frame();
    EXPECT_EQ(got.kind, 1);
    EXPECT_EQ(got.payload, R"({"welcome":{"deviceId":"d1"}})");
    stream->end();
    const auto closed = client->frame();
    EXPECT_EQ(closed.kind, 8);
    EXPECT_EQ(closed.close_code(), 1000);
}

TEST_F(Socket, takes_a_browsers_token_from_the_protocols) {
    start();
    auto client = connect("sec-websocket-protocol: imece.v1, bearer.good\r\n");
    EXPECT_EQ(accepted_.header("Sec-WebSocket-Protocol"), "imece.v1");
}

TEST_F(Socket, is_refused_as_http_without_a_good_token) {
    start();
    for (const char* bad : {"", "authorization: Bearer bad\r\n",
                            "sec-websocket-protocol: imece.v1, bearer.bad\r\n"}) {
        RawClient client(server_->port());
        const auto got = client.ask(upgrade(bad));
        EXPECT_EQ(got.status, 401) << bad;
        EXPECT_EQ(got.header("content-type"), "application/problem+json");
    }
    RawClient client(server_->port());
    EXPECT_EQ(client.ask(get("/v1/connect", kToken)).status, 426);
}

struct BadFrame {
    const char* name;
    std::string payload;
    std::uint8_t first;
    int code;
    std::string_view text;
};
class BadFrames : public Socket, public testing::WithParamInterface<BadFrame> {};
TEST_P(BadFrames, close_with_the_reason) {
    config_.frame_bytes_max = 20'000;
    start();
    auto client = connect();
    client->send_frame(GetParam().payload, GetParam().first);
    const auto closed = client->frame();
    EXPECT_EQ(closed.kind, 8);
    EXPECT_EQ(closed.close_code(), GetParam().code);
    EXPECT_TRUE(closed.payload.substr(std::min<std::size_t>(2, closed.payload.size()))
                    .starts_with(GetParam().text))
        << closed.payload;
    EXPECT_TRUE(upstream_.stream(0)->wait_finished());
}
INSTANTIATE_TEST_SUITE_P(
    table, BadFrames,
    testing::Values(
        BadFrame{"no_json", "{hello}", 0x81, 4003, "BODY_NOT_JSON: "},
        BadFrame{"unknown_field", R"({"nope":{}})", 0x81, 4003,
                 "BODY_MISMATCH: unknown field 'nope'"},
        BadFrame{"two_of_a_oneof", R"({"hello":{},"credit":{}})", 0x81, 4003, "BODY_MISMATCH: "},
        BadFrame{"key_twice", R"({"hello":{},"hello":{}})", 0x81, 4003, "BODY_NOT_JSON: "},
        BadFrame{"binary", "{}", 0x82, 1003, "BODY_NOT_JSON: frames are text"},
        BadFrame{"too_large", std::string(20'001, ' '), 0x81, 1009, ""},
        BadFrame{"bad_utf8", "\"\xff\"", 0x81, 1007, ""}),
    [](const auto& test) { return test.param.name; });

TEST_F(Socket, closes_with_the_services_reason) {
    start();
    auto client = connect();
    upstream_.stream(0)->end(std::unexpected(
        Failure{Error{ErrorCode::kAborted, "STREAM_REPLACED", "a newer stream"}, {}}));
    const auto closed = client->frame();
    EXPECT_EQ(closed.close_code(), 4010);
    EXPECT_EQ(closed.payload.substr(2), "STREAM_REPLACED: a newer stream");
}

TEST_F(Socket, stops_its_service_when_the_client_leaves) {
    start();
    connect().reset();
    EXPECT_TRUE(upstream_.stream(0)->wait_cancelled());
    auto client = connect();
    client->send_frame(std::string("\x03\xe8", 2), 0x88);
    EXPECT_EQ(client->frame().close_code(), 1000);
    EXPECT_TRUE(upstream_.stream(1)->wait_finished());
}

TEST_F(Socket, closes_with_1001_when_the_process_drains) {
    start();
    auto client = connect();
    std::jthread stopping([&] { server_->stop(10s); });
    const auto closed = client->frame();
    EXPECT_EQ(closed.close_code(), 1001);
    EXPECT_TRUE(closed.payload.substr(2).starts_with("SHUTTING_DOWN"));
    client->send_frame(closed.payload, 0x88);
}

TEST_F(Socket, pings_the_quiet_and_lets_go_of_the_dead) {
    config_.idle_timeout = 200ms;
    start();
    auto client = connect();
    EXPECT_EQ(client->frame().kind, 9);
    EXPECT_TRUE(upstream_.stream(0)->wait_cancelled());  // No pong came.
}

TEST_F(Socket, reads_no_faster_than_the_principal_may) {
    limits_.principal = {20, 2};  // One for the upgrade.
    start();
    auto client = connect();
    const auto from = std::chrono::steady_clock::now();
    for (int i = 0; i < 6; ++i) client->send_frame(R"({"credit":{"add":1}})");
    EXPECT_EQ(upstream_.stream(0)->written(5), "credit { add: 1 }");
    EXPECT_GE(std::chrono::steady_clock::now() - from, 200ms);
}

TEST_F(Socket, keeps_two_hundred_connections_on_little_memory) {
    start();
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 200; ++i)
        clients.push_back(connect("authorization: Bearer good" + std::to_string(i) + "\r\n"));
    for (int i = 0; i < 200; ++i) {
        clients[std::size_t(i)]->send_frame(R"({"credit":{"add":1}})");
        EXPECT_EQ(upstream_.stream(std::size_t(i))->written(0), "credit { add: 1 }");
    }
    EXPECT_NE(metrics_.scrape().find("imece_gateway_websockets 200"), std::string::npos);
}

}  // namespace
}  // namespace imece::gateway
