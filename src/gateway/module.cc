#include "gateway/module.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>

#include "base/result.h"
#include "gateway/api/contracts.h"
#include "gateway/docs/pages.h"
#include "gateway/http/server.h"
#include "gateway/rpc/forwarder.h"
#include "gateway/rpc/grpc_upstream.h"
#include "runtime/auth/trust_store.h"
#include "runtime/files/certificate.h"
#include "runtime/rpc/server.h"
#include "runtime/settings/settings.h"

namespace imece::gateway {
namespace {

bool is_loopback(const std::string& listen) {
    return listen.starts_with("127.") || listen.starts_with("localhost:") ||
           listen.starts_with("[::1]:");
}

void describe_size(runtime::ConfigTable& table, std::string_view key, std::size_t& value,
                   std::uint64_t least, std::uint64_t most, std::string_view help) {
    std::uint64_t number = value;
    table.number(key, number, least, most, help);
    value = number;
}

Rate rate_of(const runtime::Settings& settings, const std::string& whose, const Rate& otherwise) {
    return {.per_second = settings.number("gateway." + whose + "_rate", otherwise.per_second),
            .burst = settings.number("gateway." + whose + "_burst", otherwise.burst)};
}

/// Empty without traces: then there is nothing to vouch for.
Mark voucher(const runtime::Process& process) {
    if (process.tracer == nullptr) return {};
    return [&server = process.server](grpc::ClientContext& context, std::string_view service) {
        server.vouch_for_trace(context, service);
    };
}

/// Every service that has events serves its own log by it.
constexpr std::string_view kEachHasOne = "imece.bus.v1.BusService";

/// Null for what the edge does not speak for.
std::shared_ptr<grpc::Channel> channel_to(runtime::Server& server, std::string_view service,
                                          std::string_view of) {
    const auto peers = server.services_of_peers();
    if (service == kEachHasOne && std::ranges::find(peers, of) != peers.end())
        return server.channel(of);
    for (const auto* contract : contracts())
        if (contract->full_name() == service) return server.channel(module_of(*contract));
    return nullptr;
}

class GatewayModule final : public Gateway {
public:
    GatewayModule(runtime::Process& process, const Config& config, runtime::TrustStore& trust,
                  runtime::Settings& settings, std::function<Status()> ready, Transcoder transcoder)
        : config_(config),
          transcoder_(std::move(transcoder)),
          upstream_(make_grpc_upstream(
              [&process](std::string_view service) { return process.server.channel(service); },
              voucher(process))),
          edge_(config.limits,
                Edge::Deps{transcoder_, process.random, process.metrics,
                           [&trust](std::string_view token) { return trust.verify_token(token); },
                           std::move(ready),
                           make_pages(transcoder_, process.site.version, console_files()),
                           [&settings](const runtime::TokenClaims& claims) {
                               return settings.is_on("gateway.web_sockets",
                                                     {.id = claims.kind + ":" + claims.subject,
                                                      .roles = claims.roles});
                           },
                           process.tracer}),
          server_(config.http, {edge_, *upstream_, process.clock, process.metrics}),
          forwarder_(make_forwarder([&process](std::string_view service, std::string_view of) {
              return channel_to(process.server, service, of);
          })),
          rates_(settings.on_change([this](const runtime::Settings& now) {
              const EdgeLimits& limits = config_.limits;
              edge_.set_rates({.principal = rate_of(now, "principal", limits.principal),
                               .address = rate_of(now, "address", limits.address),
                               .anonymous = rate_of(now, "anonymous", limits.anonymous)});
          })) {
        certificate_ = runtime::add_certificate_metric(process.metrics, "gateway",
                                                       config.http.tls_certificate);
        if (!process.server.services_of_peers().empty()) process.server.add_others(*forwarder_);
    }

    Status start() override { return server_.start(); }
    /// Requests in flight still need their services: the edge closes before the process's server does.
    void drain() override { server_.stop(config_.drain_grace); }
    void stop() override { server_.stop(std::chrono::milliseconds(0)); }
    int port() const override { return server_.port(); }

private:
    Config config_;
    Transcoder transcoder_;
    std::unique_ptr<Upstream> upstream_;
    Edge edge_;
    HttpServer server_;
    std::unique_ptr<grpc::CallbackGenericService> forwarder_;
    std::shared_ptr<void> rates_;
    std::shared_ptr<void> certificate_;
};

}  // namespace

void Config::describe(runtime::ConfigTable& table) {
    table.text("listen", http.listen, "address:port of the HTTP edge; port 0 picks a free one");
    table.text("tls_certificate", http.tls_certificate, "PEM file, the chain; needed off loopback");
    table.text("tls_key", http.tls_key, "PEM file, the certificate's private key");
    describe_size(table, "threads", http.threads, 1, 64, "I/O threads");
    describe_size(table, "connections_max", http.connections_max, 1, 1'000'000,
                  "open connections at most");
    describe_size(table, "header_bytes_max", http.header_bytes_max, 1024, 1 << 20,
                  "bytes of a request's head at most");
    describe_size(table, "body_bytes_max", limits.body_bytes_max, 1024, 64 << 20,
                  "bytes of a request's body at most");
    describe_size(table, "frame_bytes_max", http.frame_bytes_max, 1024, 64 << 20,
                  "bytes of a WebSocket message at most");
    describe_size(table, "buffered_bytes_max", http.buffered_bytes_max, 1 << 20,
                  std::uint64_t(1) << 34, "bytes of all bodies being served at most");
    using std::chrono::milliseconds;
    const milliseconds ms{1}, hour{3'600'000};
    table.duration("header_timeout", http.header_timeout, ms, hour,
                   "for a request's whole head, and for the TLS handshake");
    table.duration("idle_timeout", http.idle_timeout, ms, hour,
                   "between requests; a quiet WebSocket is pinged at half");
    table.duration("transfer_timeout", http.transfer_timeout, ms, hour,
                   "for a body in, or an answer out");
    table.duration("heartbeat", http.heartbeat, ms, hour,
                   "between comments on a quiet event stream");
    table.duration("timeout", limits.timeout, ms, hour,
                   "for an answer where the caller names no x-timeout-ms");
    table.duration("timeout_max", limits.timeout_max, ms, hour, "x-timeout-ms at most");
    table.duration("drain_grace", drain_grace, milliseconds(0), hour,
                   "for requests in flight when the process ends");
    const auto rate = [&](std::string_view key, std::string_view burst_key, Rate& of,
                          std::string_view whose) {
        table.number(key, of.per_second, 1, 1'000'000,
                     "calls a second by one " + std::string(whose));
        table.number(burst_key, of.burst, 1, 10'000'000,
                     "calls at once by one quiet " + std::string(whose));
    };
    rate("principal_rate", "principal_burst", limits.principal, "principal");
    rate("address_rate", "address_burst", limits.address, "address");
    rate("anonymous_rate", "anonymous_burst", limits.anonymous, "address without a token");
    describe_size(table, "callers_max", limits.slots, 64, 1 << 24,
                  "callers whose rate is remembered");
    table.flag("metrics_public", limits.metrics_public,
               "serves /metrics to others than this machine");
    table.text("cors_origins", limits.cors_origins,
               "origins whose pages may call, comma-separated; empty: none");
    table.require(http.tls_certificate.empty() == http.tls_key.empty(),
                  "tls_certificate and tls_key go together");
    table.require(
        is_loopback(http.listen) || !http.tls_certificate.empty(),
        "off loopback only TLS is served: set tls_certificate and tls_key, or listen on 127.0.0.1");
    table.require(limits.timeout <= limits.timeout_max, "timeout is at most timeout_max");
    table.require(limits.cors_origins.find('*') == std::string::npos,
                  "cors_origins names origins, not '*'");
}

Result<std::unique_ptr<Gateway>> make(runtime::Process& process, const Config& config,
                                      runtime::TrustStore& trust, runtime::Settings& settings,
                                      std::function<Status()> ready) {
    IMECE_TRY(
        Transcoder transcoder,
        Transcoder::make(contracts(), *google::protobuf::MessageFactory::generated_factory()));
    return std::unique_ptr<Gateway>(std::make_unique<GatewayModule>(
        process, config, trust, settings, std::move(ready), std::move(transcoder)));
}

}  // namespace imece::gateway
