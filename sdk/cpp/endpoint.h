// Where a backend is, and how to trust it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace boost::asio::ssl {
class context;
}
namespace grpc {
class Channel;
}

namespace imece::sdk {

/// A backend's address, read once and shared by every client and connection that goes there.
class Endpoint {
public:
    /// Takes "http://127.0.0.1:8080" or "https://site.example"; a path after the host is refused.
    /// `ca_file` is a PEM file of the authorities to trust; empty: the system's.
    /// Errors: kInvalidArgument URL_INVALID; CONFIG_INVALID for a CA file that cannot be read.
    static Result<Endpoint> parse(std::string_view url, const std::filesystem::path& ca_file = {});

    const std::string& host() const { return host_; }
    const std::string& port() const { return port_; }
    /// host:port, as the Host header says it.
    const std::string& authority() const { return authority_; }
    /// Null for plain HTTP.
    const std::shared_ptr<boost::asio::ssl::context>& tls() const { return tls_; }

    /// The channel to the same backend's gRPC `port` (Site.grpc_port), with the same trust. All
    /// connections of a process should share one.
    std::shared_ptr<grpc::Channel> grpc_channel(int port) const;

private:
    Endpoint() = default;
    std::string host_;
    std::string port_;
    std::string authority_;
    std::string ca_pem_;
    std::shared_ptr<boost::asio::ssl::context> tls_;
};

}  // namespace imece::sdk
