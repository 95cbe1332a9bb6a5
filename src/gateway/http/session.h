// One connection, from its first byte to its last. Internal to http/.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/edge/edge.h"
#include "gateway/http/head.h"
#include "gateway/http/worker.h"

namespace imece::gateway {

namespace beast = boost::beast;

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

/// Errors come back as values: `auto [error, size] = co_await …(kValue)`.
inline constexpr auto kValue = asio::as_tuple(asio::use_awaitable);

template <class Stream>
class Session final : public Connection, public std::enable_shared_from_this<Session<Stream>> {
public:
    Session(Worker& worker, Stream stream, const asio::ip::tcp::endpoint& peer);
    ~Session() override;

    static asio::awaitable<void> run(std::shared_ptr<Session> self);
    void drain() override;
    void abort() override;

    Worker& worker() { return worker_; }
    Shared& shared() { return worker_.shared; }
    Stream& stream() { return stream_; }
    /// Hands the socket over for good: from here on only the hooks know of it.
    Stream take_stream() {
        taken_ = true;
        return std::move(stream_);
    }
    auto& socket() { return beast::get_lowest_layer(stream_); }

    /// While a stream or WebSocket runs, it hears of the end by these.
    struct Hooks {
        std::function<void()> drain;
        std::function<void()> abort;
    };
    Hooks hooks;

    /// Writes head and body, or a piece of a stream. False when the peer is gone.
    asio::awaitable<bool> write(std::string head, std::string body);
    Framing framing() const;

private:
    using Parser = beast::http::request_parser<beast::http::string_body>;

    asio::awaitable<bool> handshake();
    asio::awaitable<bool> serve_one();
    asio::awaitable<bool> wait_for_bytes();
    asio::awaitable<bool> read_body(Parser& parser, Visit& visit);
    asio::awaitable<bool> respond(Parser& parser, Visit& visit);
    asio::awaitable<bool> send(Reply reply);
    asio::awaitable<void> refuse_parse(beast::error_code error);
    asio::awaitable<void> linger();
    /// Room for a body among those of all connections; false when there is none.
    bool reserve(std::size_t bytes);
    void release();

    Worker& worker_;
    Stream stream_;
    beast::flat_buffer buffer_;
    std::string address_;
    bool loopback_ = false;
    bool taken_ = false;
    bool idle_ = true;   ///< Between requests.
    bool first_ = true;  ///< No request has come yet.
    bool keep_alive_ = false;
    bool head_only_ = false;
    bool http_1_0_ = false;
    std::size_t reserved_ = 0;
};

/// Sends what `visit`'s call streams as Server-Sent Events, until either side ends. True when the
/// connection can serve another request.
template <class Stream>
asio::awaitable<bool> serve_events(std::shared_ptr<Session<Stream>> session, Visit visit);

/// Upgrades the connection and joins it to `visit`'s call, until either side ends.
template <class Stream>
asio::awaitable<void> serve_socket(std::shared_ptr<Session<Stream>> session, HttpRequest request,
                                   Visit visit);

}  // namespace imece::gateway
