#include "gateway/http/session.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include "gateway/http/await.h"

namespace imece::gateway {
namespace {

namespace http = beast::http;

constexpr std::size_t kReadBytes = 4096;
constexpr std::size_t kBufferBytesMax = 64 * 1024;
/// A refused body up to this size is read and thrown away, so that the connection can go on.
constexpr std::size_t kDiscardBytesMax = 64 * 1024;
/// Bodies up to this size need no place in the common budget.
constexpr std::size_t kSmallBody = 16 * 1024;
constexpr std::chrono::seconds kLinger{2};
constexpr std::size_t kLingerBytes = 4u << 20;

SteadyPoint now() {
    return std::chrono::steady_clock::now();
}

/// One caller is an IPv4 address, or the /64 that one IPv6 subscriber holds.
std::string rate_address(const asio::ip::address& address) {
    if (address.is_v4()) return address.to_string();
    auto v6 = address.to_v6();
    if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
    auto bytes = v6.to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t(0));
    return asio::ip::address_v6(bytes).to_string();
}

Error too_large(std::string message) {
    return {ErrorCode::kInvalidArgument, "REQUEST_TOO_LARGE", std::move(message)};
}

}  // namespace

template <class Stream>
Session<Stream>::Session(Worker& worker, Stream stream, const asio::ip::tcp::endpoint& peer)
    : worker_(worker),
      stream_(std::move(stream)),
      buffer_(kBufferBytesMax + worker.shared.config.header_bytes_max),
      address_(rate_address(peer.address())),
      loopback_(peer.address().is_loopback()) {
    worker_.add(*this);
}

template <class Stream>
Session<Stream>::~Session() {
    release();
    worker_.remove(*this);
    --shared().connections;
    worker_.forget();
}

template <class Stream>
asio::awaitable<void> Session<Stream>::run(std::shared_ptr<Session> self) {
    if (!co_await self->handshake()) co_return;
    while (co_await self->serve_one()) self->release();
    if (self->taken_) co_return;
    beast::error_code ignored;
    self->socket().socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    self->socket().close();
}

template <class Stream>
void Session<Stream>::drain() {
    if (hooks.drain)
        hooks.drain();
    else if (idle_ && !taken_)
        socket().close();
}

template <class Stream>
void Session<Stream>::abort() {
    if (hooks.abort)
        hooks.abort();
    else if (!taken_)
        socket().close();
}

template <>
asio::awaitable<bool> Session<PlainStream>::handshake() {
    co_return true;
}

template <>
asio::awaitable<bool> Session<TlsStream>::handshake() {
    socket().expires_after(shared().config.header_timeout);
    auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kValue);
    co_return !error;
}

template <class Stream>
asio::awaitable<bool> Session<Stream>::wait_for_bytes() {
    if (buffer_.size() > 0) co_return true;
    // Who connects has something to say; only who has asked before may keep us waiting.
    socket().expires_after(first_ ? shared().config.header_timeout : shared().config.idle_timeout);
    auto [error, size] = co_await stream_.async_read_some(buffer_.prepare(kReadBytes), kValue);
    if (error) co_return false;
    buffer_.commit(size);
    co_return true;
}

template <class Stream>
asio::awaitable<bool> Session<Stream>::serve_one() {
    idle_ = true;
    if (shared().draining || !co_await wait_for_bytes()) co_return false;
    idle_ = false;
    first_ = false;
    keep_alive_ = false;
    head_only_ = http_1_0_ = false;

    socket().expires_after(shared().config.header_timeout);
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(shared().config.header_bytes_max));
    parser.body_limit(shared().deps.edge.limits().body_bytes_max);
    auto [error, size] = co_await http::async_read_header(stream_, buffer_, parser, kValue);
    if (error) {
        co_await refuse_parse(error);
        co_return false;
    }
    const HttpRequest& request = parser.get();
    http_1_0_ = request.version() < 11;
    head_only_ = request.method() == http::verb::head;
    if (const auto good = check_head(request); !good) {
        co_await send(shared().deps.edge.refuse_head(good.error(), 400));
        co_await linger();
        co_return false;
    }
    keep_alive_ = parser.keep_alive();
    RequestHead head = head_of(request);
    head.address = address_;
    head.loopback = loopback_;
    Visit visit = shared().deps.edge.admit(head, now());
    if (!parser.is_done() && !co_await read_body(parser, visit)) co_return false;
    shared().deps.edge.take_body(visit, head.content_type, request.body());
    co_return co_await respond(parser, visit);
}

template <class Stream>
asio::awaitable<bool> Session<Stream>::read_body(Parser& parser, Visit& visit) {
    Edge& edge = shared().deps.edge;
    const std::size_t size = parser.content_length().value_or(edge.limits().body_bytes_max);
    const bool refused = visit.call() == nullptr;
    const bool waits = beast::iequals(parser.get()[http::field::expect], "100-continue");
    if (!refused && !reserve(size)) {
        visit.outcome = edge.refusal(visit, {Error{ErrorCode::kResourceExhausted, "OVERLOADED",
                                                   "too many request bodies at this moment"},
                                             std::chrono::seconds(1)});
    }
    if (visit.call() == nullptr && (waits || size > kDiscardBytesMax)) {
        keep_alive_ = false;
        co_await send(edge.finish(visit, std::get<Reply>(visit.outcome), now()));
        co_await linger();
        co_return false;
    }
    socket().expires_after(shared().config.transfer_timeout);
    if (waits) {
        static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        auto [error, sent] = co_await asio::async_write(stream_, asio::buffer(kContinue), kValue);
        if (error) co_return false;
    }
    auto [error, read] = co_await http::async_read(stream_, buffer_, parser, kValue);
    if (error) {
        co_await refuse_parse(error);
        co_return false;
    }
    co_return true;
}

template <class Stream>
asio::awaitable<bool> Session<Stream>::respond(Parser& parser, Visit& visit) {
    Edge& edge = shared().deps.edge;
    ApiCall* const call = visit.call();
    if (call == nullptr)
        co_return co_await send(
            edge.finish(visit, std::move(std::get<Reply>(visit.outcome)), now()));
    if (call->socket) {
        auto self = this->shared_from_this();
        co_await serve_socket(self, parser.release(), std::move(visit));
        co_return false;
    }
    if (call->operation->server_stream) {
        auto self = this->shared_from_this();
        co_return co_await serve_events(self, std::move(visit));
    }
    Upstream& upstream = shared().deps.upstream;
    const Answer answer = co_await answer_of<Answer>([&upstream, call](auto done) {
        upstream.call(*call->operation, call->head, *call->request, std::move(done));
    });
    co_return co_await send(edge.answer(visit, answer, now()));
}

template <class Stream>
asio::awaitable<void> Session<Stream>::refuse_parse(beast::error_code error) {
    Edge& edge = shared().deps.edge;
    // A peer that left, or was too slow (its socket is closed by now), gets no answer.
    if (error.category() != beast::error_code(http::error::bad_method).category()) co_return;
    if (error == http::error::end_of_stream || error == http::error::partial_message) co_return;
    keep_alive_ = false;
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        co_await send(
            edge.refuse_head(too_large("the head is over " +
                                       std::to_string(shared().config.header_bytes_max) + " bytes"),
                             431));
    else if (error == http::error::body_limit)
        co_await send(
            edge.refuse_head(too_large("the body is over " +
                                       std::to_string(edge.limits().body_bytes_max) + " bytes"),
                             413));
    else
        co_await send(edge.refuse_head(
            {ErrorCode::kInvalidArgument, "HTTP_MALFORMED", "malformed HTTP: " + error.message()},
            400));
    co_await linger();
}

template <class Stream>
Framing Session<Stream>::framing() const {
    Framing framing;
    framing.keep_alive = keep_alive_ && !worker_.shared.draining;
    framing.head_only = head_only_;
    framing.http_1_0 = http_1_0_;
    framing.tls = std::is_same_v<Stream, TlsStream>;
    return framing;
}

template <class Stream>
asio::awaitable<bool> Session<Stream>::send(Reply reply) {
    const Framing frame = framing();
    std::string head;
    head.reserve(1024);
    write_head(reply, frame, worker_.date(), head);
    if (frame.head_only) reply.body.clear();
    const bool sent = co_await write(std::move(head), std::move(reply.body));
    co_return sent&& frame.keep_alive;
}

template <class Stream>
asio::awaitable<bool> Session<Stream>::write(std::string head, std::string body) {
    socket().expires_after(shared().config.transfer_timeout);
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(head), asio::buffer(body)};
    auto [error, size] = co_await asio::async_write(stream_, buffers, kValue);
    co_return !error;
}

/// Closing a socket with unread bytes resets it, and the peer may lose our answer: read some more first.
template <class Stream>
asio::awaitable<void> Session<Stream>::linger() {
    beast::error_code ignored;
    socket().socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    socket().expires_after(kLinger);
    buffer_.clear();
    for (std::size_t total = 0; total < kLingerBytes;) {
        auto [error, size] = co_await socket().async_read_some(buffer_.prepare(kReadBytes), kValue);
        if (error) break;
        total += size;
    }
}

template <class Stream>
bool Session<Stream>::reserve(std::size_t bytes) {
    if (bytes <= kSmallBody) return true;
    if (shared().buffered_bytes.fetch_add(bytes) + bytes > shared().config.buffered_bytes_max) {
        shared().buffered_bytes -= bytes;
        return false;
    }
    reserved_ = bytes;
    return true;
}

template <class Stream>
void Session<Stream>::release() {
    shared().buffered_bytes -= reserved_;
    reserved_ = 0;
}

template class Session<PlainStream>;
template class Session<TlsStream>;

namespace {

template <class Stream>
void spawn(Worker& worker, Stream stream, const asio::ip::tcp::endpoint& peer) {
    auto session = std::make_shared<Session<Stream>>(worker, std::move(stream), peer);
    asio::co_spawn(worker.context, Session<Stream>::run(std::move(session)), asio::detached);
}

}  // namespace

void start_session(Worker& worker, asio::ip::tcp::socket socket) {
    beast::error_code error;
    const auto peer = socket.remote_endpoint(error);
    if (error) {
        --worker.shared.connections;
        worker.forget();
        return;
    }
    socket.set_option(asio::ip::tcp::no_delay(true), error);
    if (worker.shared.tls)
        spawn(worker, TlsStream(std::move(socket), *worker.shared.tls), peer);
    else
        spawn(worker, PlainStream(std::move(socket)), peer);
}

}  // namespace imece::gateway
