// Envoy before our services, as somebody would set it up who did without our gateway.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "bench/process.h"

namespace imece::bench {

struct EnvoySetup {
    std::filesystem::path program;
    std::filesystem::path dir;  ///< For its files.
    std::string grpc_port;      ///< Of the services.
    std::string issuer;         ///< Of the site's tokens.
    std::string jwks;           ///< The site's GET /v1/jwks.
};
struct Envoy {
    Process process;
    std::string http_port;
};

/// Two workers, as the gateway has; JWT verification with its cache of good tokens, a local rate
/// limit that never refuses, the gRPC-JSON transcoder with the same contracts and the same defaults
/// written. Errors: kUnavailable PEER_UNREACHABLE.
Result<Envoy> start_envoy(const EnvoySetup& setup);

}  // namespace imece::bench
