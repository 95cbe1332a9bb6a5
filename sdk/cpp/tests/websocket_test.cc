// What only a WebSocket can meet.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <functional>
#include <optional>
#include <thread>

#include "sdk/cpp/connection.h"
#include "sdk/cpp/tests/event_loop.h"

namespace imece::sdk {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;

using Socket = websocket::stream<tcp::socket, false>;

/// Takes one TCP connection, does something with it, and says how the client's connection ended.
class WebSocketTest : public testing::Test {
protected:
    Error end_after(const std::function<void(tcp::socket)>& act) {
        asio::io_context server_io;
        tcp::acceptor acceptor(server_io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        const std::jthread server([&] { act(acceptor.accept()); });
        std::optional<Error> closed;
        ConnectionHandlers handlers;
        handlers.on_closed = [&](const Error& why) { closed = why; };
        asio::io_context io;
        const auto endpoint =
            Endpoint::parse("http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()));
        const auto connection = connect_websocket(io, *endpoint, "token", options_, handlers);
        run_until(io, [&] { return closed.has_value(); });
        connection->close();
        return *closed;
    }
    ConnectionOptions options_;
};

void accept_and_send(tcp::socket socket, std::string_view text, bool binary = false) {
    Socket stream(std::move(socket));
    stream.accept();
    stream.binary(binary);
    beast::error_code ignored;
    stream.write(asio::buffer(text.data(), text.size()), ignored);
    beast::flat_buffer buffer;
    while (!ignored) stream.read(buffer, ignored);
}

void refuse(tcp::socket& socket, http::status status, const std::string& body) {
    beast::flat_buffer buffer;
    http::request<http::string_body> request;
    http::read(socket, buffer, request);
    http::response<http::string_body> response(status, 11, body);
    response.set(http::field::content_type, "application/problem+json");
    response.prepare_payload();
    http::write(socket, response);
}

TEST_F(WebSocketTest, a_refused_upgrade_has_the_problems_reason) {
    const Error why = end_after([](tcp::socket socket) {
        refuse(socket, http::status::unauthorized,
               R"({"type":"/docs/errors#TOKEN_EXPIRED","code":"UNAUTHENTICATED",)"
               R"("reason":"TOKEN_EXPIRED","detail":"the token is past its time"})");
    });
    EXPECT_EQ(why.reason, "TOKEN_EXPIRED");
    EXPECT_EQ(why.code, ErrorCode::kUnauthenticated);
    EXPECT_EQ(why.message, "the token is past its time");
}

TEST_F(WebSocketTest, a_refusal_without_a_problem_has_the_status) {
    const Error why = end_after(
        [](tcp::socket socket) { refuse(socket, http::status::service_unavailable, "busy"); });
    EXPECT_EQ(why.reason, "PEER_ERROR");
    EXPECT_EQ(why.code, ErrorCode::kUnavailable);
}

TEST_F(WebSocketTest, what_is_no_http_is_unreachable) {
    const Error why = end_after([](tcp::socket socket) {
        asio::write(socket, asio::buffer("220 mail.example ESMTP\r\n", 24));
    });
    EXPECT_EQ(why.reason, "PEER_UNREACHABLE");
}

TEST_F(WebSocketTest, frames_that_are_no_json_end_it) {
    for (const char* text : {"hello", "{", "[1]", R"({"welcome":7})"}) {
        const Error why =
            end_after([&](tcp::socket socket) { accept_and_send(std::move(socket), text); });
        EXPECT_EQ(why.reason, "ANSWER_MALFORMED") << text;
    }
}

TEST_F(WebSocketTest, a_frame_over_the_limit_ends_it) {
    options_.frame_bytes_in_max = 1000;
    const std::string text(2000, ' ');
    const Error why =
        end_after([&](tcp::socket socket) { accept_and_send(std::move(socket), text); });
    EXPECT_EQ(why.reason, "ANSWER_MALFORMED");
}

TEST_F(WebSocketTest, a_peer_that_falls_silent_is_given_up) {
    options_.idle_timeout = std::chrono::milliseconds(200);
    const Error why = end_after([](tcp::socket socket) {
        beast::flat_buffer buffer;
        Socket stream(std::move(socket));
        stream.accept();
        stream.text(true);
        stream.write(asio::buffer(std::string(R"({"welcome":{}})")));
        // Takes bytes, but answers no ping; ends when the client gives up.
        char bytes[256];
        beast::error_code bad;
        while (!bad) stream.next_layer().read_some(asio::buffer(bytes), bad);
    });
    EXPECT_EQ(why.reason, "PEER_UNREACHABLE");
}

}  // namespace
}  // namespace imece::sdk
