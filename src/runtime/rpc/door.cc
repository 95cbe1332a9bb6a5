#include "runtime/rpc/door.h"

#include <algorithm>
#include <unordered_map>

#include "base/result.h"
#include "imece/api/v1/options.pb.h"
#include "imece/api/v1/reasons.pb.h"
#include "runtime/auth/trust_store.h"
#include "runtime/observe/log.h"
#include "runtime/observe/metrics.h"
#include "runtime/observe/tracer.h"
#include "runtime/rpc/gate.h"
#include "runtime/rpc/server.h"

namespace imece::runtime {

using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;
using imece::api::v1::Actor;
using imece::api::v1::MethodRules;

/// What the door knows of a method, looked up once.
struct MethodInfo {
    std::string name;  ///< "imece.identity.v1.IdentityService.Login".
    MethodRules rules;
    Histogram* seconds = nullptr;
    std::array<Counter*, 17> calls{};  ///< By status code.
};

namespace {

constexpr std::string_view kBearer = "Bearer ";
/// Where a caller sets no deadline it gets this one: nothing waits for ever.
constexpr std::chrono::seconds kDeadlineMax{60};

std::string_view metadata(const grpc::ServerContextBase& context, std::string_view key) {
    const auto& all = context.client_metadata();
    const auto found = all.find(grpc::string_ref(key.data(), key.size()));
    if (found == all.end()) return {};
    return {found->second.data(), found->second.size()};
}

SteadyPoint deadline_of(const grpc::ServerContextBase& context) {
    const auto now = std::chrono::steady_clock::now();
    const auto left = context.deadline() - std::chrono::system_clock::now();
    // An absent deadline is the far future: compare before adding, or it overflows.
    return left < kDeadlineMax
               ? now + std::chrono::duration_cast<std::chrono::steady_clock::duration>(left)
               : now + kDeadlineMax;
}

Principal principal_of(const TokenClaims& claims) {
    Principal principal;
    principal.kind = claims.kind == "device" ? Principal::Kind::kDevice : Principal::Kind::kUser;
    principal.subject = claims.subject;
    principal.session_id = claims.session_id;
    principal.carrier = claims.carrier;
    for (const std::string& name : claims.roles) {
        imece::type::v1::Role role{};
        if (imece::type::v1::Role_Parse(name, &role)) principal.roles.insert(role);
    }
    return principal;
}

bool matches(Actor actor, const Principal& principal) {
    using Kind = Principal::Kind;
    switch (actor) {
        case imece::api::v1::ANYONE: return true;
        case imece::api::v1::DEVICE: return principal.kind == Kind::kDevice;
        case imece::api::v1::SERVICE: return principal.kind == Kind::kService;
        case imece::api::v1::CITIZEN: return principal.has(imece::type::v1::CITIZEN);
        case imece::api::v1::RESPONDER: return principal.has(imece::type::v1::RESPONDER);
        case imece::api::v1::DISPATCHER: return principal.has(imece::type::v1::DISPATCHER);
        case imece::api::v1::OPERATOR: return principal.has(imece::type::v1::OPERATOR);
        default: return false;
    }
}

Status authorise(const MethodRules& rules, const Principal& principal) {
    const auto& allow = rules.allow();
    const bool anyone = std::ranges::find(allow, int(imece::api::v1::ANYONE)) != allow.end();
    if (anyone) return {};
    if (principal.kind == Principal::Kind::kAnonymous)
        return fail(ErrorCode::kUnauthenticated, "TOKEN_MISSING",
                    "this call needs an access token");
    if (allow.empty() ||
        std::ranges::any_of(allow, [&](int actor) { return matches(Actor(actor), principal); }))
        return {};
    return fail(ErrorCode::kPermissionDenied, "ROLE_MISSING", "your role does not allow this call");
}

}  // namespace

struct Door::State {
    explicit State(Deps d) : deps(d), gate(d.calls_in_flight_max) {}
    Deps deps;
    AdmissionGate gate;
    std::unordered_map<std::string, MethodInfo> by_name;
    std::unordered_map<const google::protobuf::Descriptor*, MethodInfo*> by_request;
    std::unordered_map<std::string_view, Counter*> by_reason;  ///< All that there are.
    std::shared_ptr<void> gauge;
};

namespace {

MethodInfo describe(const MethodDescriptor& method, Metrics& metrics) {
    MethodInfo info;
    info.name = method.full_name();
    info.rules = method.options().GetExtension(imece::api::v1::rules);
    const Labels labels{{"method", info.name}};
    info.seconds =
        &metrics.seconds("imece_rpc_seconds", "Time from a call's entry to its answer.", labels);
    for (int code = 0; code <= 16; ++code)
        info.calls[std::size_t(code)] = &metrics.counter(
            "imece_rpc_calls_total", "Calls by method and status.",
            {{"method", info.name},
             {"code", code == 0 ? "OK" : std::string(code_name(ErrorCode(code)))}});
    return info;
}

}  // namespace

Door::Door(Deps deps) : state_(std::make_unique<State>(deps)) {
    // Every service linked into the process: each request type belongs to one method, so it names it.
    static constexpr const char* kServices[] = {"imece.identity.v1.IdentityService",
                                                "imece.identity.v1.CheckInService",
                                                "imece.discovery.v1.DiscoveryService",
                                                "imece.messaging.v1.MessageService",
                                                "imece.bus.v1.BusService",
                                                "imece.trust.v1.TrustService",
                                                "imece.site.v1.SiteService",
                                                "imece.join.v1.JoinService",
                                                "imece.security.v1.AuditService",
                                                "imece.security.v1.CertificateService",
                                                "imece.ledger.v1.LedgerService",
                                                "imece.ledger.v1.EmergencyService",
                                                "imece.analytics.v1.AnalyticsService",
                                                "imece.config.v1.ConfigService",
                                                "imece.config.v1.SecretService",
                                                "imece.process.v1.ProcessService"};
    for (const char* name : kServices) {
        const auto* service = DescriptorPool::generated_pool()->FindServiceByName(name);
        if (service == nullptr) continue;  // Not linked into this executable.
        for (int i = 0; i < service->method_count(); ++i) {
            const MethodDescriptor& method = *service->method(i);
            MethodInfo& info = state_->by_name[method.full_name()] = describe(method, deps.metrics);
            state_->by_request[method.input_type()] = &info;
        }
    }
    // Each is there from the start, or a rule on its increase would miss the first.
    const auto& reasons = *imece::api::v1::Reason_descriptor();
    for (int i = 0; i < reasons.value_count(); ++i)
        state_->by_reason[reasons.value(i)->name()] =
            &deps.metrics.counter("imece_rpc_errors_total", "Calls that failed, by reason.",
                                  {{"reason", reasons.value(i)->name()}});
    state_->gauge =
        deps.metrics.gauge("imece_rpc_in_flight", "Unary calls being answered.", {},
                           [state = state_.get()] { return double(state->gate.in_flight()); });
}

Door::~Door() = default;

void Door::limit_calls(std::uint32_t in_flight_max) {
    state_->gate.limit(in_flight_max);
}

Result<Call> Door::check(const grpc::ServerContextBase& context, const MethodInfo& method,
                         const google::protobuf::Message* request) {
    Call call;
    call.deadline = deadline_of(context);
    call.trace = continue_trace(metadata(context, "traceparent"), state_->deps.random);
    const std::string_view authorization = metadata(context, "authorization");
    if (authorization.starts_with(kBearer)) {
        IMECE_TRY(const TokenClaims claims,
                  state_->deps.trust.verify_token(authorization.substr(kBearer.size())));
        call.principal = principal_of(claims);
    } else if (std::string service = state_->deps.server.service_of(context, authorization);
               !service.empty()) {
        call.principal.kind = Principal::Kind::kService;
        call.principal.subject = std::move(service);
    } else if (!authorization.empty()) {
        return fail(ErrorCode::kUnauthenticated, "TOKEN_INVALID", "send 'Bearer <access token>'");
    }
    call.trace.sampled = state_->deps.tracer != nullptr && follows(context, call);
    IMECE_CHECK(authorise(method.rules, call.principal));
    if (request != nullptr) IMECE_CHECK(validate(*request));
    return call;
}

bool Door::follows(const grpc::ServerContextBase& context, const Call& call) const {
    const bool from_inside =
        call.principal.kind == Principal::Kind::kService ||
        !state_->deps.server.service_of(context, metadata(context, kTraceVoucher)).empty();
    return from_inside ? call.trace.sampled : state_->deps.tracer->choose();
}

void Door::finish_span(const MethodInfo& method, const TraceContext& context,
                       std::chrono::steady_clock::duration took, const Status& status) const {
    Span span{.context = context, .name = method.name, .kind = Span::Kind::kServer};
    span.name[span.name.rfind('.')] = '/';
    span.ended = wall_now();
    span.began = span.ended - took;
    span.attributes = {
        {"rpc.system", "grpc"},
        {"rpc.grpc.status_code", std::to_string(status ? 0 : int(status.error().code))}};
    if (!status) span.error = status.error().reason;
    state_->deps.tracer->finish(std::move(span));
}

Result<Call> Door::open_stream(grpc::CallbackServerContext& context, std::string_view method,
                               const google::protobuf::Message* request) {
    const MethodInfo& info = state_->by_name.at(std::string(method));
    Result<Call> call = check(context, info, request);
    // That it was opened: a stream may stay open for days, and what comes on it has spans of its own.
    if (call && call->trace.sampled) finish_span(info, call->trace, {}, {});
    info.calls[call ? 0 : std::size_t(call.error().code)]->add();
    return call;
}

Door::Visit::Visit(Door& door, grpc::ServerContext& context,
                   const google::protobuf::Message& request, imece::type::v1::Priority priority)
    : door_(door),
      context_(context),
      method_(*door.state_->by_request.at(request.GetDescriptor())),
      entered_(std::chrono::steady_clock::now()),
      call_(fail(ErrorCode::kResourceExhausted, "OVERLOADED",
                 "too many calls at this moment; try again shortly")),
      trace_({}) {
    in_gate_ = door.state_->gate.enter(priority);
    if (in_gate_) call_ = door.check(context, method_, &request);
    if (call_) trace_.rename(call_->trace.trace_id_text());
}

Door::Visit::~Visit() {
    if (in_gate_) door_.state_->gate.leave();
}

grpc::Status Door::Visit::leave(const Status& status) {
    const auto took = std::chrono::steady_clock::now() - entered_;
    method_.seconds->observe(std::chrono::duration<double>(took).count());
    method_.calls[status ? 0 : std::size_t(status.error().code)]->add();
    if (call_) context_.AddInitialMetadata("traceparent", call_->trace.header());
    if (call_ && call_->trace.sampled) door_.finish_span(method_, call_->trace, took, status);
    if (status) return grpc::Status::OK;
    const Error& error = status.error();
    if (const auto known = door_.state_->by_reason.find(error.reason);
        known != door_.state_->by_reason.end())
        known->second->add();
    const bool ours = error.code == ErrorCode::kInternal || error.code == ErrorCode::kDataLoss ||
                      error.code == ErrorCode::kUnknown;
    log(ours ? LogLevel::kError : LogLevel::kDebug, "call_failed",
        {{"method", method_.name}, {"reason", error.reason}, {"message", error.message}});
    return to_grpc(error);
}

}  // namespace imece::runtime
