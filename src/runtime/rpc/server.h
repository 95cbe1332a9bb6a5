// The gRPC server of the process, and the way to its peers.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "runtime/config/table.h"

namespace grpc {
class Channel;
class ClientContext;
class Service;
}  // namespace grpc

namespace imece::runtime {

class Door;

/// The metadata of vouch_for_trace().
inline constexpr const char* kTraceVoucher = "imece-trace-voucher";

/// The `[rpc]` table.
struct RpcConfig {
    std::string listen =
        "127.0.0.1:7310";         ///< host:port; port 0 picks a free one; empty: in-process only.
    std::string tls_certificate;  ///< PEM file; needed off loopback.
    std::string tls_key;          ///< PEM file, not readable by others.
    std::string services;         ///< host:port of the process that runs what this one does not.
    std::string services_ca;      ///< PEM file: who signed that process's certificate.
    std::string secret_file;      ///< By what it holds the site's processes know each other.
    void describe(ConfigTable& table);
};

/// One server a process: every service of the process registers here. Health (grpc.health.v1) and reflection are served beside them.
class Server {
public:
    explicit Server(RpcConfig config);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Before start(). `service` outlives the server's stop(). `name` is the module's ("identity").
    void add(std::string_view name, grpc::Service& service);
    /// Errors: kUnavailable LISTEN_FAILED; kInvalidArgument CONFIG_INVALID for an unreadable TLS file
    /// and for a secret that others may read or that is too short.
    Status start();
    /// Refuses new calls at once, gives those in flight until `grace`, then cancels them.
    void stop(std::chrono::milliseconds grace);

    /// The channel to a service of this site: in-process where this process runs it or no other is
    /// configured, else to RpcConfig::services. After start().
    std::shared_ptr<grpc::Channel> channel(std::string_view service);
    /// Marks an outgoing call as made by this site's service `name`.
    void sign_as_service(grpc::ClientContext& context, std::string_view name) const;
    /// Vouches for the sampled flag of the call's "traceparent", as only a process of this site can: the call itself is made for
    /// somebody else.
    void vouch_for_trace(grpc::ClientContext& context) const;
    /// True when `metadata_value` was made by one of these two of this process, or of one with the
    /// same secret file.
    bool is_service(std::string_view metadata_value) const;

    int port() const;  ///< 0 while not listening.
    /// True from the beginning of stop(): long streams end by themselves.
    bool stopping() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace imece::runtime
