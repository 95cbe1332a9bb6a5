#include "bench/envoy.h"

#include <google/protobuf/descriptor.pb.h>

#include <boost/json.hpp>
#include <fstream>
#include <map>
#include <set>

#include "base/result.h"
#include "gateway/api/contracts.h"

namespace imece::bench {
namespace {

namespace pb = google::protobuf;

/// $NAME is filled in. The rate is more than any machine reads: it is counted, and never met.
constexpr std::string_view kConfig = R"json({
  "static_resources": {
    "listeners": [{
      "address": {"socket_address": {"address": "127.0.0.1", "port_value": $HTTP_PORT}},
      "filter_chains": [{"filters": [{
        "name": "http",
        "typed_config": {
          "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
          "stat_prefix": "http",
          "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/"}, "route": {"cluster": "services", "timeout": "30s"}}]}]},
          "http_filters": [
            {"name": "jwt", "typed_config": {
              "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
              "providers": {"site": {"issuer": $ISSUER, "forward": true,
                                     "local_jwks": {"inline_string": $JWKS},
                                     "jwt_cache_config": {"jwt_cache_size": 1000}}},
              "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "site"}}]}},
            {"name": "rate", "typed_config": {
              "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
              "stat_prefix": "rate",
              "token_bucket": {"max_tokens": 1000000, "tokens_per_fill": 1000000, "fill_interval": "1s"},
              "filter_enabled": {"default_value": {"numerator": 100, "denominator": "HUNDRED"}},
              "filter_enforced": {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}}},
            {"name": "transcoder", "typed_config": {
              "@type": "type.googleapis.com/envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder",
              "proto_descriptor": $CONTRACTS, "services": $SERVICES,
              "print_options": {"always_print_primitive_fields": true}}},
            {"name": "router", "typed_config": {
              "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]
        }}]}]
    }],
    "clusters": [{
      "name": "services", "type": "STATIC",
      "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}}}},
      "load_assignment": {"cluster_name": "services", "endpoints": [{"lb_endpoints": [
        {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": $GRPC_PORT}}}}]}]}
    }]
  }
})json";

std::string filled(std::string text, const std::map<std::string, std::string>& values) {
    for (const auto& [name, value] : values)
        for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos;
             at += value.size())
            text.replace(at, name.size(), value);
    return text;
}

std::string quoted(const std::string& text) {
    return boost::json::serialize(boost::json::string(text));
}

void add_with_imports(const pb::FileDescriptor& file, std::set<std::string>& known,
                      pb::FileDescriptorSet& out) {
    if (!known.insert(file.name()).second) return;
    for (int i = 0; i < file.dependency_count(); ++i)
        add_with_imports(*file.dependency(i), known, out);
    file.CopyTo(out.add_file());
}

}  // namespace

Result<Envoy> start_envoy(const EnvoySetup& setup) {
    pb::FileDescriptorSet contracts;
    std::set<std::string> known;
    boost::json::array services;
    for (const auto* service : gateway::contracts()) {
        add_with_imports(*service->file(), known, contracts);
        services.emplace_back(boost::json::string(service->full_name()));
    }
    const auto contract_file = setup.dir / "contracts.pb";
    const auto config_file = setup.dir / "envoy.json";
    std::string port = free_port();
    std::ofstream(contract_file, std::ios::binary) << contracts.SerializeAsString();
    std::ofstream(config_file) << filled(std::string(kConfig),
                                         {{"$HTTP_PORT", port},
                                          {"$GRPC_PORT", setup.grpc_port},
                                          {"$ISSUER", quoted(setup.issuer)},
                                          {"$JWKS", quoted(setup.jwks)},
                                          {"$CONTRACTS", quoted(contract_file.string())},
                                          {"$SERVICES", boost::json::serialize(services)}});
    IMECE_TRY(Process process,
              Process::start({.program = setup.program,
                              .arguments = {"-c", config_file.string(), "--concurrency", "2",
                                            "--disable-hot-restart", "--log-level", "warning"},
                              .log = setup.dir / "envoy.log"}));
    return Envoy{std::move(process), std::move(port)};
}

}  // namespace imece::bench
