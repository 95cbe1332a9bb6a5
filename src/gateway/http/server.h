// The listening side of the edge: HTTP/1.1, Server-Sent Events and WebSockets, plain or over TLS.
#pragma once

#include <chrono>
#include <memory>

#include "base/clock.h"
#include "base/error.h"
#include "gateway/http/config.h"

namespace imece::runtime {
class Metrics;
}

namespace imece::gateway {

class Edge;
class Upstream;

/// A connection stays on one of the server's threads for life, so that none of its state needs a
/// lock; nothing on these threads ever waits for a service.
///
/// Requests of one connection are served one after the other, pipelined or not. A connection is closed after a
/// malformed or oversized head, and silently when its head does not come in time.
class HttpServer {
public:
    struct Deps {
        Edge& edge;
        Upstream& upstream;
        const Clock& clock;
        runtime::Metrics& metrics;
    };
    HttpServer(HttpConfig config, Deps deps);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Errors: kUnavailable LISTEN_FAILED; kInvalidArgument CONFIG_INVALID for the address or the TLS files.
    Status start();
    int port() const;
    /// Accepts no more, closes idle connections, ends event streams and WebSockets (1001), lets
    /// requests in flight finish within `grace`, then cuts them off. May be called twice.
    void stop(std::chrono::milliseconds grace);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace imece::gateway
