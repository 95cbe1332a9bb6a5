// A WebSocket joined to a stream both ways.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "gateway/api/json_codec.h"
#include "gateway/http/await.h"
#include "gateway/http/session.h"

namespace imece::gateway {
namespace {

namespace websocket = beast::websocket;

/// A buffer that a large frame has grown is given back after it.
constexpr std::size_t kKeptBytes = 16 * 1024;
/// For the peer to answer our good-bye, or to hang up after its own.
constexpr std::chrono::seconds kClose{2};

using Incoming = std::unique_ptr<google::protobuf::Message>;
using CameTo = std::expected<void, Failure>;

/// What both directions share. Touched on the worker's thread only.
template <class Stream>
struct Link {
    using Socket =
        websocket::stream<Stream, false>;  // No compression: sealed bodies do not compress.

    Link(std::shared_ptr<Session<Stream>> of)
        : session(std::move(of)),
          socket(session->take_stream()),
          pause(session->worker().context),
          patience(session->worker().context) {}
    ~Link() { --session->shared().sockets; }

    std::shared_ptr<Session<Stream>> session;
    Socket socket;
    asio::steady_timer pause;
    asio::steady_timer
        patience;  ///< With one write: pings find who is gone, not who does not read.
    std::shared_ptr<UpstreamStream> rpc;
    std::unique_ptr<google::protobuf::Message> frame;
    std::string principal;
    std::optional<Error> refusal;  ///< Ours, which goes before what the rpc came to.
    bool unsupported = false;      ///< The refusal is of a binary frame.
    bool finished = false;         ///< Nothing may be written to the rpc any more.

    void stop(std::optional<Error> why) {
        if (why && !refusal) refusal = std::move(why);
        pause.cancel();
        if (!finished) rpc->cancel();
    }
};

/// Frames of the phone, each read only when the one before was taken.
template <class Stream>
asio::awaitable<void> pump_up(std::shared_ptr<Link<Stream>> link) {
    beast::flat_buffer buffer;
    Edge& edge = link->session->shared().deps.edge;
    while (!link->finished) {
        auto [error, size] = co_await link->socket.async_read(buffer, kValue);
        if (error == websocket::error::message_too_big)
            co_return link->stop(Error{ErrorCode::kInvalidArgument, "REQUEST_TOO_LARGE",
                                       "a frame is over the limit"});
        if (error) co_return link->stop(std::nullopt);
        if (!link->socket.got_text()) {
            link->unsupported = true;
            co_return link->stop(
                Error{ErrorCode::kInvalidArgument, "BODY_NOT_JSON", "frames are text"});
        }
        const auto wait = edge.frame_pause(link->principal, std::chrono::steady_clock::now());
        if (wait.count() > 0) {
            link->pause.expires_after(wait);
            co_await link->pause.async_wait(kValue);
        }
        link->frame->Clear();
        const auto bytes = buffer.cdata();
        const Status read =
            read_json({static_cast<const char*>(bytes.data()), bytes.size()}, *link->frame);
        buffer.consume(buffer.size());
        if (buffer.capacity() > kKeptBytes) buffer.shrink_to_fit();
        if (!read) co_return link->stop(read.error());
        if (link->finished) co_return;
        auto* const raw = link.get();
        const bool taken = co_await answer_of<bool>(
            [raw](auto done) { raw->rpc->write(*raw->frame, std::move(done)); });
        if (!taken) co_return;
    }
}

/// Frames for the phone, each asked for only when the one before was sent.
template <class Stream>
asio::awaitable<void> pump_down(std::shared_ptr<Link<Stream>> link) {
    auto* const rpc = link->rpc.get();
    std::string text;
    while (true) {
        const Incoming message =
            co_await answer_of<Incoming>([rpc](auto done) { rpc->read(std::move(done)); });
        if (message == nullptr) co_return;
        text.clear();
        write_json(*message, Defaults::kOmit, text);
        link->patience.expires_after(link->session->shared().config.transfer_timeout);
        link->patience.async_wait([link](beast::error_code cancelled) {
            if (!cancelled) beast::get_lowest_layer(link->socket).close();
        });
        auto [error, size] = co_await link->socket.async_write(asio::buffer(text), kValue);
        link->patience.cancel();
        if (text.capacity() > kKeptBytes) text.shrink_to_fit();
        if (error) co_return link->stop(std::nullopt);
    }
}

template <class Stream>
void set_options(Link<Stream>& link, const Visit& visit) {
    const HttpConfig& config = link.session->shared().config;
    auto& socket = link.socket;
    beast::get_lowest_layer(socket).expires_never();  // The WebSocket has timers of its own.
    socket.set_option(
        websocket::stream_base::timeout{config.header_timeout, config.idle_timeout, true});
    socket.set_option(websocket::stream_base::decorator(
        [trace = visit.trace.header(),
         protocol = visit.outcome.index() == 1 && std::get<ApiCall>(visit.outcome).socket_protocol](
            websocket::response_type& response) {
            response.set("traceparent", trace);
            if (protocol) response.set(beast::http::field::sec_websocket_protocol, "imece.v1");
        }));
    socket.read_message_max(config.frame_bytes_max);
    socket.auto_fragment(false);
    socket.text(true);
}

template <class Stream>
websocket::close_reason reason_of(const Link<Stream>& link, const CameTo& came_to) {
    const auto reason = [](const Error& error, int code) {
        return websocket::close_reason(static_cast<websocket::close_code>(code), close_text(error));
    };
    if (link.unsupported) return reason(*link.refusal, websocket::close_code::unknown_data);
    if (link.refusal) return reason(*link.refusal, close_code(*link.refusal));
    if (!came_to) return reason(came_to.error().error, close_code(came_to.error().error));
    return {websocket::close_code::normal};
}

}  // namespace

template <class Stream>
asio::awaitable<void> serve_socket(std::shared_ptr<Session<Stream>> session, HttpRequest request,
                                   Visit visit) {
    Shared& shared = session->shared();
    ++shared.sockets;
    auto link = std::make_shared<Link<Stream>>(session);
    const ApiCall& call = *visit.call();
    set_options(*link, visit);
    session->hooks.abort = [raw = link.get()] { beast::get_lowest_layer(raw->socket).close(); };
    auto [refused] = co_await link->socket.async_accept(request, kValue);
    if (refused) {
        session->hooks = {};
        co_return;
    }
    link->socket.set_option(
        websocket::stream_base::timeout{kClose, shared.config.idle_timeout, true});
    link->socket.control_callback([raw = link.get()](websocket::frame_type kind, const auto&) {
        if (kind != websocket::frame_type::close) return;
        beast::get_lowest_layer(raw->socket).expires_after(kClose);
        raw->stop(std::nullopt);
    });
    shared.deps.edge.finish(visit, Reply{200}, std::chrono::steady_clock::now());

    link->principal = call.principal;
    link->frame.reset(call.operation->request->New());
    link->rpc = shared.deps.upstream.open(*call.operation, call.head, nullptr);
    session->hooks.drain = [raw = link.get()] {
        raw->stop(Error{ErrorCode::kUnavailable, "SHUTTING_DOWN", "the process is draining"});
    };
    session->hooks.abort = [raw = link.get()] {
        beast::get_lowest_layer(raw->socket).close();
        raw->stop(std::nullopt);
    };
    if (shared.draining) session->hooks.drain();
    asio::co_spawn(session->worker().context, pump_up(link), asio::detached);
    co_await pump_down(link);

    link->finished = true;
    auto* const rpc = link->rpc.get();
    const CameTo came_to =
        co_await answer_of<CameTo>([rpc](auto done) { rpc->finish(std::move(done)); });
    session->hooks.drain = {};
    session->hooks.abort = [raw = link.get()] { beast::get_lowest_layer(raw->socket).close(); };
    co_await link->socket.async_close(reason_of(*link, came_to), kValue);
    link->pause.cancel();
    beast::get_lowest_layer(link->socket).close();
    session->hooks = {};
}

template asio::awaitable<void> serve_socket(std::shared_ptr<Session<PlainStream>>, HttpRequest,
                                            Visit);
template asio::awaitable<void> serve_socket(std::shared_ptr<Session<TlsStream>>, HttpRequest,
                                            Visit);

}  // namespace imece::gateway
