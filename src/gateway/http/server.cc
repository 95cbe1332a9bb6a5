#include "gateway/http/server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <vector>

#include "base/result.h"
#include "gateway/edge/reply.h"
#include "gateway/http/worker.h"
#include "runtime/observe/log.h"
#include "runtime/observe/metrics.h"

namespace imece::gateway {
namespace {

using asio::ip::tcp;

constexpr auto kValue = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds kAcceptPause{50};
constexpr std::chrono::milliseconds kAbortGrace{2000};

std::unexpected<Error> bad_config(std::string message) {
    return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID", std::move(message));
}

Result<tcp::endpoint> parse_listen(const std::string& listen) {
    const std::size_t colon = listen.rfind(':');
    std::string host = listen.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host == "localhost") host = "127.0.0.1";
    boost::system::error_code error;
    const auto address = asio::ip::make_address(host, error);
    unsigned port = 0;
    const char* const end = listen.data() + listen.size();
    if (colon == std::string::npos || error ||
        std::from_chars(listen.data() + colon + 1, end, port).ptr != end || port > 65535)
        return bad_config("gateway.listen is an address and a port, such as 127.0.0.1:8080");
    return tcp::endpoint(address, static_cast<asio::ip::port_type>(port));
}

Result<std::unique_ptr<asio::ssl::context>> make_tls(const HttpConfig& config) {
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    boost::system::error_code error;
    context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                             asio::ssl::context::no_tlsv1_1 | asio::ssl::context::no_compression,
                         error);
    context->use_certificate_chain_file(config.tls_certificate, error);
    if (error) return bad_config("gateway.tls_certificate cannot be read: " + error.message());
    context->use_private_key_file(config.tls_key, asio::ssl::context::pem, error);
    if (error) return bad_config("gateway.tls_key cannot be read: " + error.message());
    if (SSL_CTX_check_private_key(context->native_handle()) != 1)
        return bad_config("gateway.tls_key is not the key of gateway.tls_certificate");
    return context;
}

}  // namespace

void Worker::run() {
    const auto work = asio::make_work_guard(context);
    context.run();
}

void Worker::forget() {
    {
        const std::lock_guard lock(mutex_);
        --accepted_;
    }
    gone_.notify_all();
}

void Worker::drain_all() {
    // A connection that ends takes itself out of the set while we walk.
    const std::vector<Connection*> all(connections_.begin(), connections_.end());
    for (Connection* connection : all)
        if (connections_.contains(connection)) connection->drain();
}

void Worker::abort_all() {
    const std::vector<Connection*> all(connections_.begin(), connections_.end());
    for (Connection* connection : all)
        if (connections_.contains(connection)) connection->abort();
}

bool Worker::wait_until_empty(SteadyPoint until) {
    std::unique_lock lock(mutex_);
    return gone_.wait_until(lock, until, [&] { return accepted_ == 0; });
}

const std::string& Worker::date() {
    const TimePoint now = shared.deps.clock.now();
    const std::int64_t second = to_unix_ms(now) / 1000;
    if (second != date_second_) {
        date_second_ = second;
        date_ = http_date(now);
    }
    return date_;
}

struct HttpServer::State {
    State(HttpConfig config, Deps deps) : shared{std::move(config), deps} {}

    Shared shared;
    std::vector<std::unique_ptr<Worker>> workers;
    std::unique_ptr<tcp::acceptor> acceptor;
    std::vector<std::shared_ptr<void>> gauges;
    int port = 0;
    bool stopped = false;

    static asio::awaitable<void> accept(State& state);
};

asio::awaitable<void> HttpServer::State::accept(State& state) {
    std::size_t next = 0;
    asio::steady_timer pause(state.workers[0]->context);
    while (state.acceptor->is_open()) {
        Worker& worker = *state.workers[next++ % state.workers.size()];
        tcp::socket socket(worker.context);
        auto [error] = co_await state.acceptor->async_accept(socket, kValue);
        if (error == asio::error::operation_aborted) co_return;
        if (error) {
            // Out of descriptors, most likely: the listen queue holds the others meanwhile.
            pause.expires_after(kAcceptPause);
            co_await pause.async_wait(kValue);
            continue;
        }
        if (state.shared.connections.load() >= state.shared.config.connections_max) continue;
        ++state.shared.connections;
        worker.expect();
        asio::post(worker.context, [&worker, accepted = std::move(socket)]() mutable {
            start_session(worker, std::move(accepted));
        });
    }
}

HttpServer::HttpServer(HttpConfig config, Deps deps)
    : state_(std::make_unique<State>(std::move(config), deps)) {}

HttpServer::~HttpServer() {
    stop(std::chrono::milliseconds(0));
}

Status HttpServer::start() {
    State& state = *state_;
    const HttpConfig& config = state.shared.config;
    if (!config.tls_certificate.empty()) {
        IMECE_TRY(state.shared.tls, make_tls(config));
    }
    IMECE_TRY(const tcp::endpoint endpoint, parse_listen(config.listen));
    for (std::size_t i = 0; i < config.threads; ++i)
        state.workers.push_back(std::make_unique<Worker>(state.shared));

    boost::system::error_code error;
    state.acceptor = std::make_unique<tcp::acceptor>(state.workers[0]->context);
    state.acceptor->open(endpoint.protocol(), error);
    if (!error) state.acceptor->set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) state.acceptor->bind(endpoint, error);
    if (!error) state.acceptor->listen(asio::socket_base::max_listen_connections, error);
    if (error)
        return fail(ErrorCode::kUnavailable, "LISTEN_FAILED",
                    "cannot listen on " + config.listen + ": " + error.message());
    state.port = state.acceptor->local_endpoint().port();

    auto& metrics = state.shared.deps.metrics;
    const auto gauge = [&](const char* name, const char* help,
                           const std::atomic<std::size_t>& value) {
        state.gauges.push_back(
            metrics.gauge(name, help, {}, [&value] { return double(value.load()); }));
    };
    gauge("imece_gateway_connections", "Open connections", state.shared.connections);
    gauge("imece_gateway_websockets", "Open WebSockets", state.shared.sockets);
    gauge("imece_gateway_body_bytes", "Request bodies being held", state.shared.buffered_bytes);

    asio::co_spawn(state.workers[0]->context, State::accept(state), asio::detached);
    for (auto& worker : state.workers)
        worker->thread = std::thread([raw = worker.get()] { raw->run(); });
    runtime::log(
        runtime::LogLevel::kInfo, "http_listening",
        {{"address", config.listen}, {"port", state.port}, {"tls", bool(state.shared.tls)}});
    return {};
}

int HttpServer::port() const {
    return state_->port;
}

void HttpServer::stop(std::chrono::milliseconds grace) {
    State& state = *state_;
    if (state.stopped || state.workers.empty()) return;
    state.stopped = true;
    state.shared.draining = true;
    state.gauges.clear();
    if (state.workers[0]->thread.joinable()) {
        asio::post(state.workers[0]->context, [&state] {
            boost::system::error_code ignored;
            state.acceptor->close(ignored);
        });
        for (auto& worker : state.workers)
            asio::post(worker->context, [raw = worker.get()] { raw->drain_all(); });
        const auto until = std::chrono::steady_clock::now() + grace;
        bool all_gone = true;
        for (auto& worker : state.workers) all_gone = worker->wait_until_empty(until) && all_gone;
        if (!all_gone) {
            for (auto& worker : state.workers)
                asio::post(worker->context, [raw = worker.get()] { raw->abort_all(); });
            // Nobody may answer into a context that is gone.
            state.shared.deps.upstream.cancel_all();
            const auto end = std::chrono::steady_clock::now() + kAbortGrace;
            for (auto& worker : state.workers) worker->wait_until_empty(end);
        }
    }
    for (auto& worker : state.workers) {
        worker->context.stop();
        if (worker->thread.joinable()) worker->thread.join();
    }
    state.acceptor.reset();
}

}  // namespace imece::gateway
