// Server streams as Server-Sent Events.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>

#include "gateway/api/json_codec.h"
#include "gateway/http/await.h"
#include "gateway/http/session.h"

namespace imece::gateway {
namespace {

/// A service that refuses does so at once: it is given this long, so that the refusal becomes an
/// HTTP status; after that the stream is open.
constexpr std::chrono::milliseconds kFirstAnswer{300};

using Incoming = std::unique_ptr<google::protobuf::Message>;

/// What the three parts of an event stream (the rpc, the socket, the timer) tell each other. All of it is
/// touched on the worker's thread only.
struct EventStream {
    explicit EventStream(asio::io_context& context) : wake(context) {}
    std::shared_ptr<UpstreamStream> rpc;
    asio::steady_timer wake;  ///< Cancelled when one of the below changes.
    std::optional<Incoming> incoming;
    bool closed = false;  ///< The client is gone.
    bool draining = false;
    bool reading = false;

    void notify() { wake.cancel(); }
};

asio::awaitable<void> fetch(std::shared_ptr<EventStream> events) {
    auto* const rpc = events->rpc.get();
    Incoming message =
        co_await answer_of<Incoming>([rpc](auto done) { rpc->read(std::move(done)); });
    events->incoming = std::move(message);
    events->reading = false;
    events->notify();
}

/// The client says nothing more on this connection; that a read ends means that it has left.
template <class Stream>
asio::awaitable<void> watch(std::shared_ptr<Session<Stream>> session,
                            std::shared_ptr<EventStream> events) {
    std::array<char, 512> ignored;
    while (true) {
        auto [error, size] =
            co_await session->stream().async_read_some(asio::buffer(ignored), kValue);
        if (error) break;
    }
    events->closed = true;
    events->notify();
}

void start_fetch(asio::io_context& context, const std::shared_ptr<EventStream>& events) {
    events->reading = true;
    asio::co_spawn(context, fetch(events), asio::detached);
}

asio::awaitable<void> wait(std::shared_ptr<EventStream> events, std::chrono::milliseconds most) {
    if (events->incoming || events->closed || events->draining) co_return;
    events->wake.expires_after(most);
    co_await events->wake.async_wait(kValue);
}

/// Wraps a piece of the stream as HTTP/1.1 wants it.
std::string chunk(std::string_view piece, bool chunked) {
    if (!chunked) return std::string(piece);
    std::array<char, 16> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
    std::string out(size.data(), end);
    out += "\r\n";
    out += piece;
    out += "\r\n";
    return out;
}

std::string event_of(const google::protobuf::Message& message, std::uint64_t id) {
    std::string text = "id: " + std::to_string(id) + "\ndata: ";
    write_json(message, Defaults::kWrite, text);
    return text + "\n\n";
}

/// Stops the rpc and hears what it came to.
asio::awaitable<std::expected<void, Failure>> finish(std::shared_ptr<EventStream> events,
                                                     bool cancel) {
    if (cancel) events->rpc->cancel();
    while (events->reading) {
        events->wake.expires_after(std::chrono::seconds(60));
        co_await events->wake.async_wait(kValue);
    }
    auto* const rpc = events->rpc.get();
    co_return co_await answer_of<std::expected<void, Failure>>(
        [rpc](auto done) { rpc->finish(std::move(done)); });
}

}  // namespace

template <class Stream>
asio::awaitable<bool> serve_events(std::shared_ptr<Session<Stream>> session, Visit visit) {
    Shared& shared = session->shared();
    asio::io_context& context = session->worker().context;
    const ApiCall& call = *visit.call();
    auto events = std::make_shared<EventStream>(context);
    events->rpc = shared.deps.upstream.open(*call.operation, call.head, call.request.get());
    session->hooks.drain = [events] {
        events->draining = true;
        events->notify();
    };
    session->hooks.abort = [session = session.get(), events] {
        session->socket().close();
        events->closed = true;
        events->notify();
    };
    session->socket().expires_never();
    asio::co_spawn(context, watch(session, events), asio::detached);
    start_fetch(context, events);
    co_await wait(events, kFirstAnswer);

    Framing framing = session->framing();
    framing.keep_alive = false;
    std::string out;
    const bool refused = events->incoming && *events->incoming == nullptr;
    if (refused) {
        const auto came_to = co_await finish(events, false);
        if (!came_to) {
            const Reply reply =
                shared.deps.edge.finish(visit, shared.deps.edge.refusal(visit, came_to.error()),
                                        std::chrono::steady_clock::now());
            write_head(reply, framing, session->worker().date(), out);
            co_await session->write(std::move(out), reply.body);
            session->hooks = {};
            co_return false;
        }
    }
    framing.stream = true;
    const bool chunked = !framing.http_1_0;
    const Reply opening = shared.deps.edge.finish(visit, Reply{200, "text/event-stream"},
                                                  std::chrono::steady_clock::now());
    write_head(opening, framing, session->worker().date(), out);
    bool alive = co_await session->write(std::move(out), chunk(": open\n\n", chunked));

    std::uint64_t id = 0;
    bool ended = refused;
    while (alive && !ended && !events->closed && !events->draining) {
        co_await wait(events, shared.config.heartbeat);
        if (events->closed || events->draining) break;
        if (!events->incoming) {
            alive = co_await session->write({}, chunk(": still here\n\n", chunked));
            continue;
        }
        const Incoming message = std::move(*events->incoming);
        events->incoming.reset();
        ended = message == nullptr;
        if (ended) break;
        // The next message is asked for only when this one is on its way: a slow reader slows its sender.
        alive = co_await session->write({}, chunk(event_of(*message, ++id), chunked));
        if (alive) start_fetch(context, events);
    }
    if (!refused) {
        const auto came_to = co_await finish(events, !ended);
        if (alive && ended && !came_to) {
            const Reply problem = shared.deps.edge.refusal(visit, came_to.error());
            alive = co_await session->write(
                {}, chunk("event: error\ndata: " + problem.body + "\n\n", chunked));
        }
    }
    if (alive && chunked) co_await session->write({}, "0\r\n\r\n");
    session->hooks = {};
    co_return false;
}

template asio::awaitable<bool> serve_events(std::shared_ptr<Session<PlainStream>>, Visit);
template asio::awaitable<bool> serve_events(std::shared_ptr<Session<TlsStream>>, Visit);

}  // namespace imece::gateway
