// The other processes of the site: where they are, and the proof that they are it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace grpc {
class Channel;
class ServerCredentials;
namespace experimental {
class FileWatcherCertificateProvider;
}
}  // namespace grpc

namespace imece::runtime {

/// A process's key and certificate (PEM, the leaf first), and the root that it trusts; named as Kubernetes names them in a TLS secret.
/// Who renews them replaces each as a whole; they are read again within a second.
struct MemberFiles {
    std::filesystem::path key, certificate, root;
    static MemberFiles in(const std::filesystem::path& directory);
};

/// The services of one other process, and its address:port.
struct Peer {
    std::vector<std::string> services;
    std::string address;
};
/// "identity=10.0.0.1:7311, messaging+ledger=10.0.0.2:7311". Errors: kInvalidArgument CONFIG_INVALID.
Result<std::vector<Peer>> parse_peers(std::string_view text);

/// Mutual TLS with the other processes of one site, by the files that are there at the time.
class Members {
public:
    Members(std::string site, const MemberFiles& files);
    /// The other end shows a certificate of the site for one of the peer's services, or there is no connection.
    std::shared_ptr<grpc::Channel> dial(const Peer& peer) const;
    /// Who shows a certificate shows one of the site. Who shows none is nobody.
    std::shared_ptr<grpc::ServerCredentials> credentials() const;

private:
    std::string site_;
    std::shared_ptr<grpc::experimental::FileWatcherCertificateProvider> watched_;
};

/// To a process that we cannot know yet, nor it us: what is said there proves itself.
std::shared_ptr<grpc::Channel> dial_unnamed(const Peer& peer);

/// "spiffe://SITE/service/NAME" → NAME; empty for anything else.
std::string_view service_in(std::string_view spiffe_id, std::string_view site);

}  // namespace imece::runtime
