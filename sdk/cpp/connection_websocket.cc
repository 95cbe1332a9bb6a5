#include <boost/asio/dispatch.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "sdk/cpp/connection_core.h"
#include "sdk/cpp/frame_json.h"
#include "sdk/cpp/open_stream.h"
#include "sdk/cpp/peer_error.h"

namespace imece::sdk {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

constexpr std::chrono::seconds kCloseTimeout{5};
// Buffers that one large frame has grown are given back: a process holds thousands of connections.
constexpr std::size_t kBufferKept = 16 * 1024;

template <class Stream>
class WebSocketConnection final : public ConnectionCore {
public:
    WebSocketConnection(asio::io_context& io, Endpoint endpoint, std::string token,
                        ConnectionOptions options, ConnectionHandlers handlers)
        : ConnectionCore(io, options, std::move(handlers)),
          endpoint_(std::move(endpoint)),
          token_(std::move(token)),
          resolver_(strand()),
          socket_(make_stream<Stream>(strand(), endpoint_)) {}

    void start() {
        asio::dispatch(strand(), [self = self()] {
            if (self->finished()) return;
            self->starting();
            open_stream(self->socket_.next_layer(), self->resolver_, self->endpoint_,
                        [self](error_code bad) { bad ? self->lost(bad) : self->shake_hands(); });
        });
    }

private:
    std::shared_ptr<WebSocketConnection> self() {
        return std::static_pointer_cast<WebSocketConnection>(shared_from_this());
    }

    void shake_hands() {
        if (finished()) return;
        socket_.set_option(websocket::stream_base::timeout{.handshake_timeout = kCloseTimeout,
                                                           .idle_timeout = options().idle_timeout,
                                                           .keep_alive_pings = true});
        socket_.set_option(
            websocket::stream_base::decorator([this](websocket::request_type& request) {
                request.set(http::field::authorization, "Bearer " + token_);
                request.set(http::field::user_agent, "imece-sdk-cpp");
            }));
        socket_.read_message_max(options().frame_bytes_in_max);
        socket_.auto_fragment(false);
        socket_.text(true);
        socket_.async_handshake(answer_, endpoint_.authority(), "/v1/connect",
                                [self = self()](error_code bad) {
                                    if (bad) return self->refused(bad);
                                    if (self->finished()) return;
                                    self->up_ = true;
                                    self->answer_ = {};
                                    self->say_hello();
                                    self->read();
                                });
    }

    void refused(const error_code& why) {
        if (why != websocket::error::upgrade_declined) return lost(why);
        finish(problem_of(int(answer_.result_int()), answer_.body()).error);
    }

    void send(imece::messaging::v1::ClientFrame& frame) override {
        out_.clear();
        if (out_.capacity() > kBufferKept) out_.shrink_to_fit();
        append_json(out_, frame);
        socket_.async_write(asio::buffer(out_), [self = self()](error_code bad, std::size_t) {
            bad ? self->lost(bad) : self->sent();
        });
    }

    void read() {
        socket_.async_read(in_, [self = self()](error_code bad, std::size_t) {
            if (bad) return self->lost(bad);
            const auto data = self->in_.cdata();
            const bool more = self->take(
                parse_server_frame({static_cast<const char*>(data.data()), data.size()}));
            self->in_.clear();
            if (self->in_.capacity() > kBufferKept) self->in_.shrink_to_fit();
            if (more) self->read();
        });
    }

    void lost(const error_code& why) {
        if (finished()) return;
        up_ = false;
        if (why == websocket::error::message_too_big)
            return finish({ErrorCode::kUnknown, "ANSWER_MALFORMED", "a frame is over the limit"});
        const std::string said(socket_.reason().reason.c_str());
        if (why == websocket::error::closed && !said.empty()) return finish(error_of_close(said));
        finish({ErrorCode::kUnavailable, "PEER_UNREACHABLE",
                "no connection to " + endpoint_.authority() + ": " + why.message()});
    }

    void end() override {
        resolver_.cancel();
        if (up_) {
            // The peer is told; whether it answers is not waited for.
            socket_.async_close(websocket::close_code::normal, [self = self()](error_code) {});
        } else {
            error_code ignored;
            boost::beast::get_lowest_layer(socket_).close(ignored);
        }
        ended();
    }

    const Endpoint endpoint_;
    const std::string token_;
    asio::ip::tcp::resolver resolver_;
    websocket::stream<Stream, false> socket_;  ///< No compression: sealed bodies do not compress.
    websocket::response_type answer_;
    boost::beast::flat_buffer in_;
    std::string out_;
    bool up_ = false;
};

template <class Stream>
std::shared_ptr<Connection> open_over(asio::io_context& io, const Endpoint& endpoint,
                                      std::string token, ConnectionOptions options,
                                      ConnectionHandlers handlers) {
    auto connection = std::make_shared<WebSocketConnection<Stream>>(io, endpoint, std::move(token),
                                                                    options, std::move(handlers));
    connection->start();
    return connection;
}

}  // namespace

std::shared_ptr<Connection> connect_websocket(asio::io_context& io, const Endpoint& endpoint,
                                              std::string access_token, ConnectionOptions options,
                                              ConnectionHandlers handlers) {
    const auto open = endpoint.tls() ? &open_over<TlsStream> : &open_over<TcpSocket>;
    return open(io, endpoint, std::move(access_token), options, std::move(handlers));
}

}  // namespace imece::sdk
