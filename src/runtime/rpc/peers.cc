#include "runtime/rpc/peers.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <functional>

namespace imece::runtime {
namespace {

namespace tls = grpc::experimental;

/// The least that gRPC takes.
constexpr unsigned kReadAgainS = 1;
/// A restarted process is there again soon after it.
constexpr int kReconnectMaxMs = 2'000;

std::unexpected<Error> invalid(const std::string& what) {
    return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID", what);
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t";
    const auto begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(by, begin), text.size());
        parts.push_back(trimmed(text.substr(begin, end - begin)));
        begin = end + 1;
    }
    return parts;
}

/// Whom a channel may reach.
class OneOf final : public tls::ExternalCertificateVerifier {
public:
    OneOf(std::string site, std::vector<std::string> services)
        : site_(std::move(site)), services_(std::move(services)) {}

    bool Verify(tls::TlsCustomVerificationCheckRequest* request,
                std::function<void(grpc::Status)> /*later*/, grpc::Status* now) override {
        for (const grpc::string_ref& uri : request->uri_names())
            if (std::ranges::find(services_, service_in({uri.data(), uri.size()}, site_)) !=
                services_.end())
                return true;
        *now = grpc::Status(grpc::StatusCode::UNAUTHENTICATED,
                            "the other end is not " + services_.front() + " of " + site_);
        return true;
    }
    void Cancel(tls::TlsCustomVerificationCheckRequest* /*request*/) override {}

private:
    std::string site_;
    std::vector<std::string> services_;
};

std::shared_ptr<grpc::Channel> dial(const Peer& peer, tls::TlsChannelCredentialsOptions how) {
    how.set_check_call_host(false);  // Processes are known by their names, not by their addresses.
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride(peer.services.front());
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
    return grpc::CreateCustomChannel(peer.address, tls::TlsCredentials(how), arguments);
}

}  // namespace

MemberFiles MemberFiles::in(const std::filesystem::path& directory) {
    return {.key = directory / "tls.key",
            .certificate = directory / "tls.crt",
            .root = directory / "ca.crt"};
}

Result<std::vector<Peer>> parse_peers(std::string_view text) {
    std::vector<Peer> peers;
    if (trimmed(text).empty()) return peers;
    for (const std::string_view part : split(text, ',')) {
        const std::size_t equals = part.find('=');
        const std::string_view address =
            equals == std::string_view::npos ? "" : trimmed(part.substr(equals + 1));
        if (address.find(':') == std::string_view::npos)
            return invalid("'" + std::string(part) + "' is not SERVICE=address:port");
        Peer peer{.services = {}, .address = std::string(address)};
        for (const std::string_view service : split(part.substr(0, equals), '+')) {
            if (service.empty())
                return invalid("'" + std::string(part) + "' is not SERVICE=address:port");
            const bool twice = std::ranges::any_of(peers, [&](const Peer& other) {
                return std::ranges::find(other.services, service) != other.services.end();
            });
            if (twice) return invalid("'" + std::string(service) + "' is in two places");
            peer.services.emplace_back(service);
        }
        peers.push_back(std::move(peer));
    }
    return peers;
}

Members::Members(std::string site, const MemberFiles& files)
    : site_(std::move(site)),
      watched_(std::make_shared<tls::FileWatcherCertificateProvider>(files.key, files.certificate,
                                                                     files.root, kReadAgainS)) {}

std::shared_ptr<grpc::Channel> Members::dial(const Peer& peer) const {
    tls::TlsChannelCredentialsOptions how;
    how.set_certificate_provider(watched_);
    how.watch_root_certs();
    how.watch_identity_key_cert_pairs();
    how.set_certificate_verifier(
        tls::ExternalCertificateVerifier::Create<OneOf>(site_, peer.services));
    return runtime::dial(peer, how);
}

std::shared_ptr<grpc::ServerCredentials> Members::credentials() const {
    tls::TlsServerCredentialsOptions how(watched_);
    how.watch_root_certs();
    how.watch_identity_key_cert_pairs();
    how.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
    return tls::TlsServerCredentials(how);
}

std::shared_ptr<grpc::Channel> dial_unnamed(const Peer& peer) {
    tls::TlsChannelCredentialsOptions how;
    how.set_verify_server_certs(false);
    how.set_certificate_verifier(std::make_shared<tls::NoOpCertificateVerifier>());
    return dial(peer, how);
}

std::string_view service_in(std::string_view spiffe_id, std::string_view site) {
    constexpr std::string_view kScheme = "spiffe://", kKind = "/service/";
    if (!spiffe_id.starts_with(kScheme)) return {};
    spiffe_id.remove_prefix(kScheme.size());
    if (!spiffe_id.starts_with(site)) return {};
    spiffe_id.remove_prefix(site.size());
    if (!spiffe_id.starts_with(kKind)) return {};
    return spiffe_id.substr(kKind.size());
}

}  // namespace imece::runtime
