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
class CallbackGenericService;
class Channel;
class ClientContext;
class ServerContextBase;
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
    std::string
        peer_listen;  ///< host:port for the site's other processes; empty: there are none that call.
    std::string peers;             ///< Where they are, as parse_peers() reads it.
    std::string join_secret_file;  ///< By what it holds this process gets its certificate.
    std::chrono::milliseconds token_grace{3'600'000};  ///< See TrustOptions.
    std::string member_dir;  ///< Where MemberFiles lie; empty: serve.cc names a place.
    void describe(ConfigTable& table);
};

/// One server a process: every service of the process registers here. Health (grpc.health.v1) and reflection are served beside them.
///
/// A process that runs without its neighbours has a second port, for them: there TLS proves who calls (Members), and only who is a
/// service by its certificate is one. On the first port, where phones and uplink nodes come in, nobody is.
class Server {
public:
    /// `site` names the site in its processes' certificates.
    explicit Server(RpcConfig config, std::string site = {});
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Before start(). `service` outlives the server's stop(). `name` is the module's ("identity").
    void add(std::string_view name, grpc::Service& service);
    /// Before start(): who answers calls of services that are not registered. Outlives the server's stop().
    void add_others(grpc::CallbackGenericService& others);
    /// Errors: kUnavailable LISTEN_FAILED; kInvalidArgument CONFIG_INVALID for an unreadable TLS file.
    Status start();
    /// Refuses new calls at once, gives those in flight until `grace`, then cancels them.
    void stop(std::chrono::milliseconds grace);

    /// The channel to a service of this site: to the peer that has it, else in-process. After start().
    std::shared_ptr<grpc::Channel> channel(std::string_view service);
    /// As channel(), where neither end knows the other yet.
    std::shared_ptr<grpc::Channel> unnamed_channel(std::string_view service);
    /// What this process runs, and its peers do.
    std::vector<std::string> services_of_peers() const;

    /// Marks a call to `service` as made by this site's service `name`.
    void sign_as_service(grpc::ClientContext& context, std::string_view service,
                         std::string_view name) const;
    /// Vouches for the sampled flag of the call's "traceparent", as only a process of this site can: the call itself is made for
    /// somebody else.
    void vouch_for_trace(grpc::ClientContext& context, std::string_view service) const;
    /// Which service of this site made `metadata_value`, by one of these two: of this process, or by the caller's certificate.
    /// Empty: none did.
    std::string service_of(const grpc::ServerContextBase& context,
                           std::string_view metadata_value) const;

    int port() const;  ///< 0 while not listening.
    /// True from the beginning of stop(): long streams end by themselves.
    bool stopping() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace imece::runtime
