// What the edge decides about a request, without any socket: who, how often, which operation, what to say.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/random.h"
#include "gateway/api/problem.h"
#include "gateway/api/transcoder.h"
#include "gateway/api/uri.h"
#include "gateway/edge/page.h"
#include "gateway/edge/rate_limit.h"
#include "gateway/edge/reply.h"
#include "gateway/edge/upstream.h"
#include "runtime/auth/jwt.h"
#include "runtime/observe/metrics.h"
#include "runtime/observe/trace.h"
#include "runtime/observe/tracer.h"

namespace imece::gateway {

/// The least that a caller may ask for by x-timeout-ms: with less, a busy site answers nothing but 504.
inline constexpr std::chrono::milliseconds kTimeoutMin{1'000};

struct EdgeLimits {
    Rate principal{100, 400};
    Rate address{5000, 10000};
    Rate anonymous{1000, 3000};  ///< Calls without a good token, by address, beside the one above.
    std::size_t slots = 16384;   ///< Callers remembered, by each of the three.
    std::chrono::milliseconds timeout{30'000};
    std::chrono::milliseconds timeout_max{60'000};
    std::size_t body_bytes_max = 1 << 20;
    bool metrics_public = false;
    std::string cors_origins;  ///< Comma-separated; empty: none.
};

/// What the socket side knows of a request once its head was read. Views into that head.
struct RequestHead {
    std::string_view method;
    std::string_view target;
    std::string_view authorization;
    std::string_view content_type;
    std::string_view trace_parent;
    std::string_view timeout_ms;  ///< x-timeout-ms
    std::string_view origin;
    std::string_view preflight_method;  ///< access-control-request-method
    std::string_view socket_protocols;  ///< sec-websocket-protocol
    std::string_view accept_encoding;
    std::string_view if_none_match;
    bool upgrade = false;      ///< To a WebSocket.
    std::string_view address;  ///< The peer's, for its rate: an IPv4, or an IPv6 /64.
    bool loopback = false;
};

/// A request that may go on to its service.
struct ApiCall {
    const Operation* operation = nullptr;
    std::unique_ptr<google::protobuf::Message> request;
    CallHead head;
    std::string principal;         ///< "user:…", "device:…", or empty.
    bool socket = false;           ///< The WebSocket.
    bool socket_protocol = false;  ///< The client asked for the protocol "imece.v1".
};

/// Where a request stands. `trace` and `origin` go into whatever is answered.
struct Visit {
    runtime::TraceContext trace;
    std::string origin;  ///< Allowed by CORS; empty otherwise.
    SteadyPoint entered;
    std::string label = "other";  ///< For metrics: the rpc's name, or what was served.
    std::variant<Reply, ApiCall> outcome;

    ApiCall* call() { return std::get_if<ApiCall>(&outcome); }
};

/// Thread-safe.
class Edge {
public:
    struct Deps {
        const Transcoder& transcoder;
        Random& random;
        runtime::Metrics& metrics;
        /// As TrustStore::verify_token.
        std::function<Result<runtime::TokenClaims>(std::string_view)> verify;
        /// OK when the process can serve; the message says what is missing.
        std::function<Status()> ready;
        /// Path → what is served there to GET.
        Pages pages;
        /// Whether the token's holder may open a WebSocket now. Empty: everybody may.
        std::function<bool(const runtime::TokenClaims&)> may_connect = {};
        runtime::Tracer* tracer = nullptr;  ///< Null: no trace is followed.
    };
    Edge(EdgeLimits limits, Deps deps);

    const EdgeLimits& limits() const { return limits_; }
    struct Rates {
        Rate principal, address, anonymous;
    };
    /// From the next call on, instead of those among the limits. Any thread.
    void set_rates(const Rates& rates);

    /// Decides on a head at `now`. An ApiCall still wants its body (take_body).
    Visit admit(const RequestHead& head, SteadyPoint now);
    /// Reads the body into the call; on trouble the outcome becomes the refusal.
    void take_body(Visit& visit, std::string_view content_type, std::string_view body);

    /// The service's answer as a reply. Counts the visit.
    Reply answer(const Visit& visit, const Answer& answer, SteadyPoint now);
    /// The outcome's reply, or any refusal after it. Counts the visit.
    Reply finish(const Visit& visit, Reply reply, SteadyPoint now);
    Reply refusal(const Visit& visit, const Failure& failure) const;
    /// For a connection whose head never became a request.
    Reply refuse_head(const Error& error, int status);

    /// For one frame up a WebSocket: how long to wait before the next is read.
    std::chrono::nanoseconds frame_pause(const std::string& principal, SteadyPoint now);

private:
    using Outcome = std::variant<Reply, ApiCall>;
    Outcome decide(const RequestHead& head, Visit& visit, SteadyPoint now);
    std::optional<Reply> own_route(const RequestHead& head, std::string_view path, Visit& visit);
    Outcome api_call(const RequestHead& head, const Target& target, Visit& visit, SteadyPoint now);
    Result<std::chrono::milliseconds> timeout_of(std::string_view text) const;
    bool allows_origin(std::string_view origin) const;
    Reply preflight(const RequestHead& head, std::string_view path) const;
    void count(const Visit& visit, int status, SteadyPoint now);
    void finish_span(const Visit& visit, int status, SteadyPoint now);

    EdgeLimits limits_;
    Deps deps_;
    RateLimit principals_;
    RateLimit addresses_;
    RateLimit anonymous_;
    struct Meter {
        runtime::Counter* by_class[6] = {};
        runtime::Histogram* seconds = nullptr;
    };
    std::map<std::string, Meter, std::less<>> meters_;
    runtime::Counter& limited_;
};

}  // namespace imece::gateway
