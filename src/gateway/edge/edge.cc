#include "gateway/edge/edge.h"

#include <algorithm>
#include <charconv>

#include "base/result.h"
#include "gateway/api/contracts.h"
#include "gateway/api/json_codec.h"
#include "gateway/edge/field_value.h"

namespace imece::gateway {
namespace {

constexpr std::string_view kProblem = "application/problem+json";
constexpr std::string_view kSocketProtocol = "imece.v1";
constexpr std::string_view kBearerProtocol = "bearer.";

/// The token of "Bearer …"; empty without the header. Errors: kUnauthenticated TOKEN_INVALID.
Result<std::string_view> bearer_token(std::string_view authorization) {
    if (authorization.empty()) return std::string_view();
    const std::size_t space = authorization.find(' ');
    const std::string_view token =
        space == std::string_view::npos ? "" : trimmed(authorization.substr(space));
    if (!same_word(authorization.substr(0, space), "bearer") || token.empty())
        return fail(ErrorCode::kUnauthenticated, "TOKEN_INVALID",
                    "write 'authorization: Bearer <access token>'");
    return token;
}

/// Browsers cannot set headers on a WebSocket: the token comes among the protocols they offer.
std::string_view protocol_token(std::string_view protocols) {
    std::string_view token;
    any_item(protocols, [&](std::string_view item) {
        if (!item.starts_with(kBearerProtocol)) return false;
        token = item.substr(kBearerProtocol.size());
        return true;
    });
    return token;
}

bool is_json(std::string_view content_type) {
    const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
    if (!same_word(type, "application/json")) return false;
    const std::size_t charset = content_type.find("charset=");
    if (charset == std::string_view::npos) return true;
    std::string_view name = content_type.substr(charset + 8);
    if (name.starts_with('"')) name.remove_prefix(1);
    return same_word(name.substr(0, 5), "utf-8");
}

Failure limited(std::chrono::nanoseconds wait, std::string_view whose) {
    return {Error{ErrorCode::kResourceExhausted, "RATE_LIMITED",
                  "too many calls by this " + std::string(whose)},
            std::chrono::ceil<std::chrono::milliseconds>(wait)};
}

}  // namespace

Edge::Edge(EdgeLimits limits, Deps deps)
    : limits_(std::move(limits)),
      deps_(std::move(deps)),
      principals_(limits_.principal, limits_.slots, deps_.random),
      addresses_(limits_.address, limits_.slots, deps_.random),
      anonymous_(limits_.anonymous, limits_.slots, deps_.random),
      limited_(deps_.metrics.counter("imece_gateway_rate_limited_total",
                                     "Calls refused because their caller came too often")) {
    const auto meter = [&](const std::string& label) {
        Meter made;
        for (int group = 1; group < 6; ++group)
            made.by_class[group] = &deps_.metrics.counter(
                "imece_gateway_requests_total", "HTTP requests answered",
                {{"route", label}, {"status", std::to_string(group) + "xx"}});
        made.seconds =
            &deps_.metrics.seconds("imece_gateway_request_seconds",
                                   "From a request's head to its answer", {{"route", label}});
        meters_.emplace(label, made);
    };
    for (const auto& operation : deps_.transcoder.operations())
        if (!meters_.contains(operation->method->name())) meter(operation->method->name());
    for (const char* label : {"other", "page", "Connect"}) meter(label);
}

void Edge::set_rates(const Rates& rates) {
    principals_.set(rates.principal);
    addresses_.set(rates.address);
    anonymous_.set(rates.anonymous);
}

Visit Edge::admit(const RequestHead& head, SteadyPoint now) {
    Visit visit;
    visit.trace = runtime::continue_trace(head.trace_parent, deps_.random);
    visit.trace.sampled = deps_.tracer != nullptr && deps_.tracer->choose();
    visit.entered = now;
    if (!head.origin.empty() && allows_origin(head.origin)) visit.origin = head.origin;
    visit.outcome = decide(head, visit, now);
    return visit;
}

Edge::Outcome Edge::decide(const RequestHead& head, Visit& visit, SteadyPoint now) {
    if (const auto wait = addresses_.take(head.address, now)) {
        limited_.add();
        return refusal(visit, limited(*wait, "address"));
    }
    const auto target = split_target(head.target);
    if (!target) return refusal(visit, {target.error(), {}});
    if (head.method == "OPTIONS" && !visit.origin.empty() && !head.preflight_method.empty())
        return preflight(head, target->path);
    if (auto own = own_route(head, target->path, visit)) return std::move(*own);
    return api_call(head, *target, visit, now);
}

std::optional<Reply> Edge::own_route(const RequestHead& head, std::string_view path, Visit& visit) {
    const bool metrics = path == "/metrics" && (head.loopback || limits_.metrics_public);
    const auto page = deps_.pages.find(path);
    if (!metrics && path != "/healthz" && path != "/readyz" && page == deps_.pages.end())
        return std::nullopt;
    visit.label = "page";
    if (head.method != "GET" && head.method != "HEAD") {
        Reply refused = refusal(
            visit,
            {Error{ErrorCode::kUnimplemented, "METHOD_NOT_ALLOWED", "this path takes GET"}, {}});
        refused.headers.emplace_back("allow", "GET, HEAD");
        return refused;
    }
    if (metrics)
        return Reply{200, "text/plain; version=0.0.4; charset=utf-8", deps_.metrics.scrape()};
    if (path == "/healthz") return Reply{200, "application/json", R"({"status":"ok"})"};
    if (path == "/readyz") {
        const Status ready = deps_.ready ? deps_.ready() : Status();
        if (!ready) return refusal(visit, {ready.error(), std::chrono::seconds(1)});
        return Reply{200, "application/json", R"({"status":"ready"})"};
    }
    return reply_of(page->second, head.accept_encoding, head.if_none_match);
}

Edge::Outcome Edge::api_call(const RequestHead& head, const Target& target, Visit& visit,
                             SteadyPoint now) {
    const auto refuse = [&](Error error) -> Outcome {
        return refusal(visit, {std::move(error), {}});
    };

    const bool socket = target.path == kSocketPath;
    auto token = bearer_token(head.authorization);
    if (token && token->empty() && socket) token = protocol_token(head.socket_protocols);
    Result<runtime::TokenClaims> claims =
        fail(ErrorCode::kUnauthenticated, "TOKEN_MISSING", "no token");
    if (!token)
        claims = std::unexpected(token.error());
    else if (!token->empty())
        claims = deps_.verify(*token);

    // Without a good token the address answers for the call: guessing tokens costs us signature checks.
    const bool signed_in = claims.has_value();
    const std::string principal = signed_in ? claims->kind + ":" + claims->subject : std::string();
    if (const auto wait =
            signed_in ? principals_.take(principal, now) : anonymous_.take(head.address, now)) {
        limited_.add();
        return refusal(visit, limited(*wait, signed_in ? "principal" : "address without a token"));
    }
    if (!signed_in && claims.error().reason != "TOKEN_MISSING") return refuse(claims.error());

    ApiCall call;
    call.principal = principal;
    if (signed_in) call.head.authorization = "Bearer " + std::string(*token);
    call.head.trace_parent = visit.trace.header();

    if (socket) {
        visit.label = "Connect";
        if (head.method != "GET" || !head.upgrade) {
            const Error error{ErrorCode::kUnimplemented, "METHOD_NOT_ALLOWED",
                              "this path takes GET with an upgrade to a WebSocket"};
            Reply refused{426, kProblem, problem_json(error, 426, visit.trace.trace_id_text())};
            refused.headers.emplace_back("upgrade", "websocket");
            refused.headers.emplace_back("allow", "GET");
            return refused;
        }
        if (!signed_in) return refuse(claims.error());
        if (deps_.may_connect && !deps_.may_connect(*claims))
            return refuse({ErrorCode::kFailedPrecondition, "FEATURE_OFF",
                           "WebSockets are turned off here: use calls, and GET "
                           "/v1/messages:stream"});
        call.operation = deps_.transcoder.find_rpc(kSocketRpc);
        call.socket = true;
        call.socket_protocol = any_item(
            head.socket_protocols, [](std::string_view item) { return item == kSocketProtocol; });
        return call;
    }

    auto match = deps_.transcoder.route(head.method == "HEAD" ? "GET" : head.method, target.path);
    if (!match) {
        Reply refused = refusal(visit, {match.error(), {}});
        if (refused.status == 405)
            refused.headers.emplace_back("allow", deps_.transcoder.allowed(target.path));
        return refused;
    }
    if (head.method == "HEAD" && match->operation->server_stream) {
        Reply refused = refusal(
            visit,
            {Error{ErrorCode::kUnimplemented, "METHOD_NOT_ALLOWED", "a stream has no HEAD"}, {}});
        refused.headers.emplace_back("allow", "GET");
        return refused;
    }
    call.operation = match->operation;
    visit.label = call.operation->method->name();
    if (!signed_in && !call.operation->anyone) return refuse(claims.error());
    auto request = deps_.transcoder.bind(*match, target.query);
    if (!request) return refuse(request.error());
    call.request = std::move(*request);
    if (!call.operation->server_stream) {
        const auto timeout = timeout_of(head.timeout_ms);
        if (!timeout) return refuse(timeout.error());
        call.head.timeout = *timeout;
    }
    return call;
}

void Edge::take_body(Visit& visit, std::string_view content_type, std::string_view body) {
    ApiCall* const call = visit.call();
    if (call == nullptr || call->socket) return;
    if (!body.empty() && call->operation->takes_body() && !is_json(content_type)) {
        visit.outcome = refusal(visit, {Error{ErrorCode::kInvalidArgument, "MEDIA_TYPE_UNSUPPORTED",
                                              "send 'content-type: application/json'"},
                                        {}});
        return;
    }
    if (const auto bound = deps_.transcoder.bind_body(*call->operation, body, *call->request);
        !bound)
        visit.outcome = refusal(visit, {bound.error(), {}});
}

Reply Edge::answer(const Visit& visit, const Answer& answer, SteadyPoint now) {
    const auto* call = std::get_if<ApiCall>(&visit.outcome);
    if (!answer) return finish(visit, refusal(visit, answer.error()), now);
    Reply reply{call->operation->success_status};
    reply.body.reserve(512);
    write_json(**answer, Defaults::kWrite, reply.body);
    return finish(visit, std::move(reply), now);
}

Reply Edge::finish(const Visit& visit, Reply reply, SteadyPoint now) {
    reply.headers.emplace_back("traceparent", visit.trace.header());
    if (!visit.origin.empty()) {
        reply.headers.emplace_back("access-control-allow-origin", visit.origin);
        reply.headers.emplace_back("access-control-expose-headers", "traceparent, retry-after");
    }
    if (!limits_.cors_origins.empty()) reply.headers.emplace_back("vary", "origin");
    count(visit, reply.status, now);
    if (visit.trace.sampled) finish_span(visit, reply.status, now);
    return reply;
}

void Edge::finish_span(const Visit& visit, int status, SteadyPoint now) {
    runtime::Span span{.context = visit.trace,
                       .name = "HTTP " + visit.label,
                       .kind = runtime::Span::Kind::kServer,
                       .began = {},
                       .ended = runtime::wall_now()};
    span.began = span.ended - (now - visit.entered);
    span.attributes = {{"http.route", visit.label},
                       {"http.response.status_code", std::to_string(status)}};
    // Only what is our fault is an error of the server's span.
    if (status >= 500) span.error = std::to_string(status);
    deps_.tracer->finish(std::move(span));
}

Reply Edge::refusal(const Visit& visit, const Failure& failure) const {
    const int status = http_status(failure.error);
    Reply reply{status, kProblem, problem_json(failure.error, status, visit.trace.trace_id_text())};
    if (status == 401)
        reply.headers.emplace_back(
            "www-authenticate",
            failure.error.reason.starts_with("TOKEN_") && failure.error.reason != "TOKEN_MISSING"
                ? R"(Bearer realm="imece", error="invalid_token")"
                : R"(Bearer realm="imece")");
    if (failure.retry_after && (status == 429 || status == 503)) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(*failure.retry_after).count();
        reply.headers.emplace_back("retry-after",
                                   std::to_string(std::max<std::int64_t>(seconds, 1)));
    }
    return reply;
}

Reply Edge::refuse_head(const Error& error, int status) {
    const auto trace = runtime::continue_trace({}, deps_.random);
    return Reply{status, kProblem, problem_json(error, status, trace.trace_id_text())};
}

std::chrono::nanoseconds Edge::frame_pause(const std::string& principal, SteadyPoint now) {
    return principals_.take(principal, now).value_or(std::chrono::nanoseconds(0));
}

Result<std::chrono::milliseconds> Edge::timeout_of(std::string_view text) const {
    if (text.empty()) return limits_.timeout;
    std::int64_t ms = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, ms);
    if (error != std::errc() || stop != end || ms < kTimeoutMin.count() ||
        ms > limits_.timeout_max.count())
        return fail(ErrorCode::kInvalidArgument, "HTTP_MALFORMED",
                    "x-timeout-ms is a number from " + std::to_string(kTimeoutMin.count()) +
                        " to " + std::to_string(limits_.timeout_max.count()));
    return std::chrono::milliseconds(ms);
}

bool Edge::allows_origin(std::string_view origin) const {
    return any_item(limits_.cors_origins, [&](std::string_view item) { return item == origin; });
}

Reply Edge::preflight(const RequestHead& head, std::string_view path) const {
    Reply reply{204};
    const std::string allowed = deps_.transcoder.allowed(path);
    reply.headers.emplace_back("access-control-allow-methods",
                               allowed.empty() ? std::string(head.preflight_method) : allowed);
    reply.headers.emplace_back("access-control-allow-headers",
                               "authorization, content-type, traceparent, x-timeout-ms");
    reply.headers.emplace_back("access-control-max-age", "600");
    return reply;
}

void Edge::count(const Visit& visit, int status, SteadyPoint now) {
    const Meter& meter = meters_.find(visit.label)->second;
    if (auto* counter = meter.by_class[std::clamp(status / 100, 1, 5)]) counter->add();
    meter.seconds->observe(std::chrono::duration<double>(now - visit.entered).count());
}

}  // namespace imece::gateway
