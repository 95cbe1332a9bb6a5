// What both transports of a connection promise.
#include "sdk/cpp/connection.h"

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <optional>
#include <thread>
#include <vector>

#include "sdk/cpp/tests/event_loop.h"
#include "sdk/cpp/tests/fake_server.h"

namespace imece::sdk {
namespace {

using namespace std::chrono_literals;
namespace messaging = imece::messaging::v1;
namespace type = imece::type::v1;

std::vector<type::SignedEnvelope> messages(std::size_t count, std::size_t bytes = 100) {
    std::vector<type::SignedEnvelope> made(count);
    for (std::size_t i = 0; i < count; ++i)
        made[i].set_envelope(std::to_string(i) + std::string(bytes, '\x7f'));
    return made;
}

std::vector<type::SignedReceipt> receipts(std::size_t count) {
    std::vector<type::SignedReceipt> made(count);
    for (std::size_t i = 0; i < count; ++i) made[i].set_receipt("receipt " + std::to_string(i));
    return made;
}

/// Answers each frame item by item: the id of a result is what the item held.
void answer(Peer& peer, const messaging::ClientFrame& frame) {
    messaging::ServerFrame reply;
    if (frame.has_submit()) {
        auto& results = *reply.mutable_submit_results();
        results.set_request(frame.submit().request());
        for (const auto& one : frame.submit().messages())
            results.add_results()->set_message_id(
                one.envelope().substr(0, one.envelope().find('\x7f')));
    } else {
        auto& results = *reply.mutable_receipt_results();
        results.set_request(frame.receipts().request());
        for (const auto& one : frame.receipts().receipts())
            results.add_results()->set_message_id(one.receipt());
    }
    peer.write(reply);
}

Status answer_all(Peer& peer) {
    peer.welcome();
    for (messaging::ClientFrame frame; peer.read(frame);)
        if (frame.has_submit() || frame.has_receipts()) answer(peer, frame);
    return {};
}

enum class Transport { kWebSocket, kGrpc };

class ConnectionTest : public testing::TestWithParam<Transport> {
protected:
    void serve(Script script) {
        server_ = GetParam() == Transport::kGrpc ? make_fake_grpc_server(std::move(script))
                                                 : make_fake_websocket_server(std::move(script));
    }
    std::shared_ptr<Connection> connect(int port) {
        ConnectionHandlers handlers;
        handlers.on_open = [this](const auto& welcome) { device_id_ = welcome.device_id(); };
        handlers.on_submit_results = [this](std::uint64_t first, const auto& results) {
            for (const auto& one : results.results()) {
                numbers_.push_back(first++);
                ids_.push_back(one.message_id());
            }
        };
        handlers.on_receipt_results = [this](std::uint64_t first, const auto& results) {
            for (const auto& one : results.results())
                receipt_results_.emplace_back(first++, one.message_id());
        };
        handlers.on_deliveries = [this](messaging::Deliveries deliveries) {
            deliveries_.MergeFrom(deliveries);
        };
        handlers.on_status_updates = [this](const auto& updates) {
            for (const auto& update : updates.updates()) statuses_.push_back(update);
        };
        handlers.on_writable = [this] { ++writable_; };
        handlers.on_closed = [this, held = held_](const Error& why) {
            EXPECT_FALSE(closed_) << "closed twice";
            closed_ = why;
        };
        closed_.reset();
        const auto endpoint = Endpoint::parse("http://127.0.0.1:" + std::to_string(port));
        EXPECT_TRUE(endpoint);
        if (GetParam() == Transport::kWebSocket)
            return connect_websocket(io_, *endpoint, "token", options_, handlers);
        return connect_grpc(io_, endpoint->grpc_channel(port), "token", options_, handlers);
    }
    std::shared_ptr<Connection> connect() { return connect(server_->port()); }

    /// The reason of the end, once it has come.
    std::string_view end() {
        run_until(io_, [&] { return closed_.has_value(); });
        return closed_ ? closed_->reason : "none";
    }
    void close(Connection& connection) {
        connection.close();
        EXPECT_EQ(end(), "CONNECTION_CLOSED");
        EXPECT_EQ(closed_->code, ErrorCode::kCancelled);
    }

    boost::asio::io_context io_;
    std::unique_ptr<FakeServer> server_;
    ConnectionOptions options_;
    std::shared_ptr<int> held_ = std::make_shared<int>();
    std::string device_id_;
    std::vector<std::uint64_t> numbers_;
    std::vector<std::string> ids_;
    std::vector<std::pair<std::uint64_t, std::string>> receipt_results_;
    messaging::Deliveries deliveries_;
    std::vector<messaging::StatusUpdate> statuses_;
    int writable_ = 0;
    std::optional<Error> closed_;
};

INSTANTIATE_TEST_SUITE_P(transports, ConnectionTest,
                         testing::Values(Transport::kWebSocket, Transport::kGrpc),
                         [](const auto& test) {
                             return test.param == Transport::kGrpc ? "grpc" : "websocket";
                         });

TEST_P(ConnectionTest, says_hello_with_its_token_and_is_welcomed) {
    std::string authorization;
    messaging::Hello hello;
    serve([&](Peer& peer) -> Status {
        authorization = peer.authorization();
        hello = peer.welcome();
        messaging::ClientFrame frame;
        peer.read(frame);
        return {};
    });
    options_ = {.credit = 17, .carries = true, .capacity_bytes_per_s = 9600};
    const auto connection = connect();
    run_until(io_, [&] { return !device_id_.empty(); });
    EXPECT_EQ(device_id_, "00112233445566778899aabbccddeeff");
    EXPECT_TRUE(connection->writable());
    close(*connection);
    server_.reset();
    EXPECT_EQ(authorization, "Bearer token");
    EXPECT_EQ(hello.credit(), 17u);
    EXPECT_TRUE(hello.carries());
    EXPECT_EQ(hello.capacity_bytes_per_s(), 9600u);
}

TEST_P(ConnectionTest, sends_in_order_and_numbers_the_results) {
    serve(answer_all);
    const auto connection = connect();
    // Before the welcome: it waits.
    EXPECT_EQ(*connection->submit(messages(2)), 1u);
    run_until(io_, [&] { return ids_.size() == 2; });
    EXPECT_EQ(*connection->submit(messages(1)), 3u);
    EXPECT_EQ(*connection->submit(messages(2)), 4u);
    EXPECT_EQ(*connection->receipts(receipts(2)), 1u);
    run_until(io_, [&] { return ids_.size() == 5 && receipt_results_.size() == 2; });
    EXPECT_THAT(numbers_, testing::ElementsAre(1, 2, 3, 4, 5));
    EXPECT_THAT(ids_, testing::ElementsAre("0", "1", "0", "0", "1"));
    EXPECT_THAT(receipt_results_,
                testing::ElementsAre(testing::Pair(1, "receipt 0"), testing::Pair(2, "receipt 1")));
    close(*connection);
}

TEST_P(ConnectionTest, cuts_frames_at_their_limits) {
    std::atomic<std::size_t> items = 0;
    std::atomic<std::size_t> bytes = 0;
    serve([&](Peer& peer) -> Status {
        peer.welcome();
        for (messaging::ClientFrame frame; peer.read(frame);) {
            items = std::max(items.load(), std::size_t(frame.submit().messages_size()));
            bytes = std::max(bytes.load(), peer.last_frame_bytes());
            answer(peer, frame);
        }
        return {};
    });
    options_.queue_bytes_max = 64 << 20;
    const auto connection = connect();
    ASSERT_TRUE(connection->submit(messages(1000, 10)));
    ASSERT_TRUE(connection->submit(messages(200, 16'000)));
    run_until(io_, [&] { return ids_.size() == 1200; });
    EXPECT_EQ(items, kFrameItemsMax);
    EXPECT_LE(bytes, kFrameBytesMax + 1024);
    EXPECT_GE(bytes, kFrameBytesMax / 2);
    EXPECT_EQ(numbers_.back(), 1200u);
    close(*connection);
    server_.reset();  // Before what its script uses.
}

TEST_P(ConnectionTest, gathers_what_is_queued_while_frames_are_unanswered) {
    std::latch queued(1);
    std::atomic<std::size_t> read = 0;
    std::atomic<int> gathered = 0;
    serve([&](Peer& peer) -> Status {
        peer.welcome();
        std::vector<messaging::ClientFrame> unanswered(kFramesOpenMax);
        for (auto& frame : unanswered) {
            if (!peer.read(frame)) return {};
            ++read;
        }
        queued.wait();
        for (const auto& frame : unanswered) answer(peer, frame);
        for (messaging::ClientFrame frame; peer.read(frame);) {
            gathered = frame.submit().messages_size();
            answer(peer, frame);
        }
        return {};
    });
    const auto connection = connect();
    for (std::size_t i = 0; i < kFramesOpenMax; ++i) {
        ASSERT_TRUE(connection->submit(messages(1)));
        run_until(io_, [&] { return read == i + 1; });
    }
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(connection->submit(messages(1)));
        io_.poll();
    }
    queued.count_down();
    run_until(io_, [&] { return ids_.size() == kFramesOpenMax + 20; });
    EXPECT_EQ(gathered, 20);
    close(*connection);
    server_.reset();  // Before what its script uses.
}

TEST_P(ConnectionTest, refuses_what_fits_no_frame) {
    serve(answer_all);
    const auto connection = connect();
    EXPECT_EQ(connection->submit(messages(1, kFrameBytesMax)).error().reason, "FRAME_INVALID");
    EXPECT_EQ(connection->submit({}).error().reason, "FRAME_INVALID");
    EXPECT_EQ(connection->receipts({}).error().reason, "FRAME_INVALID");
    close(*connection);
}

TEST_P(ConnectionTest, pushes_back_and_says_when_there_is_room) {
    std::latch go(1);
    serve([&](Peer& peer) -> Status {
        peer.welcome();
        go.wait();  // Reads nothing: what is sent piles up on the way, then in the queue.
        for (messaging::ClientFrame frame; peer.read(frame);) answer(peer, frame);
        return {};
    });
    options_.queue_bytes_max = 256 * 1024;
    const auto connection = connect();
    run_until(io_, [&] { return !device_id_.empty(); });

    const auto batch = messages(10, 15'000);
    std::size_t queued = 0;
    Result<std::uint64_t> last = 0;
    for (int i = 0; i < 10'000 && (last = connection->submit(batch)); ++i) {
        queued += batch.size();
        io_.poll();
        io_.restart();
    }
    ASSERT_FALSE(last);
    EXPECT_EQ(last.error().reason, "SEND_QUEUE_FULL");
    EXPECT_EQ(last.error().code, ErrorCode::kResourceExhausted);
    EXPECT_FALSE(connection->writable());
    EXPECT_EQ(writable_, 0);

    go.count_down();
    run_until(io_, [&] { return writable_ == 1 && ids_.size() == queued; });
    EXPECT_TRUE(connection->writable());
    EXPECT_TRUE(connection->submit(batch));
    run_until(io_, [&] { return ids_.size() == queued + batch.size(); });
    EXPECT_EQ(writable_, 1);
    close(*connection);
    server_.reset();  // Before what its script uses.
}

TEST_P(ConnectionTest, one_batch_larger_than_the_queue_still_goes) {
    serve(answer_all);
    options_.queue_bytes_max = 1000;
    const auto connection = connect();
    EXPECT_TRUE(connection->submit(messages(100)));
    EXPECT_EQ(connection->submit(messages(1)).error().reason, "SEND_QUEUE_FULL");
    run_until(io_, [&] { return ids_.size() == 100 && writable_ == 1; });
    close(*connection);
}

TEST_P(ConnectionTest, brings_deliveries_status_and_takes_credit) {
    std::atomic<std::uint32_t> credit = 0;
    serve([&](Peer& peer) -> Status {
        peer.welcome();
        messaging::ServerFrame frame;
        for (int i = 0; i < 3; ++i) {
            auto& delivery = *frame.mutable_deliveries()->add_deliveries();
            delivery.mutable_message()->set_envelope("sealed");
            delivery.set_device_id("d" + std::to_string(i));
            delivery.add_path("p");
            delivery.set_attempt(2);
        }
        peer.write(frame);
        for (const auto state : {messaging::DELIVERED, messaging::EXPIRED})
            frame.mutable_status_updates()->add_updates()->set_state(state);
        peer.write(frame);
        peer.write({});  // A kind of frame that only a newer server knows.
        messaging::ClientFrame more;
        while (credit < 12 && peer.read(more)) credit += more.credit().add();
        return fail(ErrorCode::kUnavailable, "SHUTTING_DOWN", "done");
    });
    const auto connection = connect();
    run_until(io_, [&] { return statuses_.size() == 2; });
    ASSERT_EQ(deliveries_.deliveries_size(), 3);
    EXPECT_EQ(deliveries_.deliveries(2).device_id(), "d2");
    EXPECT_EQ(deliveries_.deliveries(2).message().envelope(), "sealed");
    EXPECT_EQ(deliveries_.deliveries(2).attempt(), 2u);
    EXPECT_EQ(statuses_[0].state(), messaging::DELIVERED);
    EXPECT_EQ(statuses_[1].state(), messaging::EXPIRED);
    EXPECT_TRUE(connection->add_credit(5));
    EXPECT_TRUE(connection->add_credit(7));
    EXPECT_EQ(end(), "SHUTTING_DOWN");
    EXPECT_EQ(credit, 12u);
    server_.reset();  // Before what its script uses.
}

TEST_P(ConnectionTest, ends_with_the_servers_reason) {
    const Error kReasons[] = {
        {ErrorCode::kAborted, "STREAM_REPLACED", "newer stream"},
        {ErrorCode::kInvalidArgument, "FRAME_INVALID", "hello first"},
        {ErrorCode::kUnauthenticated, "TOKEN_EXPIRED", "sign in again"},
    };
    for (const Error& reason : kReasons) {
        serve([&](Peer& peer) -> Status {
            peer.welcome();
            return std::unexpected(reason);
        });
        const auto connection = connect();
        EXPECT_EQ(end(), reason.reason);
        EXPECT_EQ(closed_->code, reason.code);
        EXPECT_EQ(closed_->message, reason.message);
        EXPECT_FALSE(connection->writable());
        EXPECT_EQ(connection->submit(messages(1)).error().reason, "CONNECTION_CLOSED");
        server_.reset();
    }
}

TEST_P(ConnectionTest, does_not_repeat_reasons_that_it_does_not_know) {
    serve([](Peer& peer) -> Status {
        peer.welcome();
        return fail(ErrorCode::kAborted, "NEW_FASHION", "what is this");
    });
    const auto connection = connect();
    EXPECT_EQ(end(), "PEER_ERROR");
}

TEST_P(ConnectionTest, is_made_anew_by_its_user) {
    std::atomic<int> came = 0;
    serve([&](Peer& peer) -> Status {
        if (++came > 1) return answer_all(peer);
        peer.welcome();
        messaging::ClientFrame frame;
        peer.read(frame);  // Takes the messages and goes without an answer.
        return fail(ErrorCode::kUnavailable, "SHUTTING_DOWN", "back soon");
    });
    const auto batch = messages(3);
    auto connection = connect();
    ASSERT_TRUE(connection->submit(batch));
    EXPECT_EQ(end(), "SHUTTING_DOWN");
    EXPECT_TRUE(ids_.empty());
    connection = connect();
    ASSERT_TRUE(connection->submit(batch));
    run_until(io_, [&] { return ids_.size() == 3; });
    close(*connection);
    server_.reset();  // Before what its script uses.
}

TEST_P(ConnectionTest, nobody_there_is_unreachable) {
    serve(answer_all);
    const int port = server_->port();
    server_.reset();
    const auto connection = connect(port);
    EXPECT_EQ(end(), "PEER_UNREACHABLE");
    EXPECT_EQ(closed_->code, ErrorCode::kUnavailable);
}

TEST_P(ConnectionTest, waits_for_a_welcome_only_so_long) {
    std::latch over(1);
    serve([&](Peer&) -> Status {
        over.wait();
        return {};
    });
    options_.open_timeout = 50ms;
    const auto connection = connect();
    EXPECT_EQ(end(), "DEADLINE_PASSED");
    over.count_down();
    server_.reset();  // Before what its script uses.
}

TEST_P(ConnectionTest, can_be_closed_at_once_and_more_than_once) {
    serve(answer_all);
    const auto connection = connect();
    connection->close();
    connection->close();
    EXPECT_EQ(connection->submit(messages(1)).error().reason, "CONNECTION_CLOSED");
    EXPECT_EQ(connection->receipts(receipts(1)).error().reason, "CONNECTION_CLOSED");
    EXPECT_EQ(connection->add_credit(1).error().reason, "CONNECTION_CLOSED");
    EXPECT_EQ(end(), "CONNECTION_CLOSED");
}

TEST_P(ConnectionTest, releases_its_handlers_at_the_end) {
    serve(answer_all);
    const auto connection = connect();
    run_until(io_, [&] { return !device_id_.empty(); });
    EXPECT_GT(held_.use_count(), 1);
    close(*connection);
    run_until(io_, [&] { return held_.use_count() == 1; });
}

struct BreaksContract {
    const char* name;
    std::function<void(Peer&)> act;
};

TEST_P(ConnectionTest, ends_when_the_server_breaks_the_contract) {
    const BreaksContract kCases[] = {
        {"deliveries before the welcome",
         [](Peer& peer) {
             messaging::ServerFrame frame;
             frame.mutable_deliveries();
             peer.write(frame);
         }},
        {"two welcomes",
         [](Peer& peer) {
             peer.welcome(), peer.write([] {
                 messaging::ServerFrame frame;
                 frame.mutable_welcome();
                 return frame;
             }());
         }},
        {"results of no request",
         [](Peer& peer) {
             peer.welcome();
             messaging::ServerFrame frame;
             frame.mutable_submit_results()->set_request(77);
             peer.write(frame);
         }},
        {"more results than items",
         [](Peer& peer) {
             peer.welcome();
             messaging::ClientFrame sent;
             peer.read(sent);
             messaging::ServerFrame frame;
             frame.mutable_submit_results()->set_request(sent.submit().request());
             for (int i = 0; i < 2; ++i) frame.mutable_submit_results()->add_results();
             peer.write(frame);
         }},
        {"receipt results for a submission",
         [](Peer& peer) {
             peer.welcome();
             messaging::ClientFrame sent;
             peer.read(sent);
             messaging::ServerFrame frame;
             frame.mutable_receipt_results()->set_request(sent.submit().request());
             peer.write(frame);
         }},
    };
    for (const BreaksContract& broken : kCases) {
        serve([&](Peer& peer) -> Status {
            broken.act(peer);
            for (messaging::ClientFrame frame; peer.read(frame);) {
            }
            return {};
        });
        const auto connection = connect();
        ASSERT_TRUE(connection->submit(messages(1)));
        EXPECT_EQ(end(), "ANSWER_MALFORMED") << broken.name;
        server_.reset();
    }
}

TEST_P(ConnectionTest, takes_results_in_pieces) {
    serve([](Peer& peer) -> Status {
        peer.welcome();
        messaging::ClientFrame sent;
        peer.read(sent);
        for (int i = 0; i < 3; ++i) {
            messaging::ServerFrame frame;
            frame.mutable_submit_results()->set_request(sent.submit().request());
            frame.mutable_submit_results()->add_results()->set_message_id(std::to_string(i));
            peer.write(frame);
        }
        peer.read(sent);
        return {};
    });
    const auto connection = connect();
    ASSERT_TRUE(connection->submit(messages(3)));
    run_until(io_, [&] { return ids_.size() == 3; });
    EXPECT_THAT(numbers_, testing::ElementsAre(1, 2, 3));
    close(*connection);
}

TEST_P(ConnectionTest, takes_calls_from_many_threads) {
    serve(answer_all);
    options_.queue_bytes_max = 64 << 20;
    const auto connection = connect();
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 100; ++i) EXPECT_TRUE(connection->submit(messages(1)));
        });
    run_until(io_, [&] { return ids_.size() == 400; });
    for (std::uint64_t i = 0; i < 400; ++i) EXPECT_EQ(numbers_[i], i + 1);
    close(*connection);
}

}  // namespace
}  // namespace imece::sdk
