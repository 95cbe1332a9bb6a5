#include "runtime/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "runtime/rpc/peers.h"

namespace imece::runtime {
namespace {

/// Only a backstop behind the door's gate, which knows the classes: four times its size.
constexpr int kThreadsMax = 1024;
constexpr int kMessageBytesMax = 8 << 20;
constexpr std::string_view kServiceMark = "Service ";
bool is_loopback(std::string_view listen) {
    return listen.starts_with("127.") || listen.starts_with("localhost:") ||
           listen.starts_with("[::1]:");
}

Result<std::string> read_pem(const std::string& path) {
    std::ifstream file(path);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.empty())
        return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID", "cannot read " + path);
    return text;
}

Result<std::shared_ptr<grpc::ServerCredentials>> credentials(const RpcConfig& config) {
    if (config.tls_certificate.empty()) return grpc::InsecureServerCredentials();
    IMECE_TRY(std::string certificate, read_pem(config.tls_certificate));
    IMECE_TRY(std::string key, read_pem(config.tls_key));
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({std::move(key), std::move(certificate)});
    return grpc::SslServerCredentials(options);
}

}  // namespace

void RpcConfig::describe(ConfigTable& table) {
    table.text("listen", listen, "Where uplink nodes connect by gRPC. Empty: in-process only.");
    table.text("tls_certificate", tls_certificate, "PEM file with the certificate chain.");
    table.text("tls_key", tls_key, "PEM file with its private key.");
    table.require(tls_certificate.empty() == tls_key.empty(),
                  "tls_certificate and tls_key are given together");
    table.require(listen.empty() || is_loopback(listen) || !tls_certificate.empty(),
                  "off loopback a tls_certificate is needed");
    table.text("peer_listen", peer_listen,
               "Where the site's other processes connect, by mutual TLS. Empty: nowhere.");
    table.text("peers", peers,
               "SERVICE=address:port, comma-separated, of the services that other processes run "
               "(several of one process: A+B=address:port). Empty: this one runs all.");
    table.text("join_secret_file", join_secret_file,
               "The service's join secret, by which this process gets its certificate ('imece ca "
               "join-secret').");
    table.text("member_dir", member_dir,
               "Where its tls.key, tls.crt and ca.crt lie. Empty: in the data directory.");
    table.duration("token_grace", token_grace, std::chrono::milliseconds(0), std::chrono::hours(24),
                   "How long access tokens are taken after their end while identity is gone, in "
                   "the site's time.");
    const auto parsed = parse_peers(peers);
    table.require(parsed.has_value(), parsed ? "" : "peers: " + parsed.error().message);
    table.require(
        (peers.empty() && peer_listen.empty()) || !join_secret_file.empty() || !member_dir.empty(),
        "peers and peer_listen need a join_secret_file, or a member_dir that somebody "
        "else fills");
}

struct Server::State {
    RpcConfig config;
    std::string site;
    std::vector<std::pair<std::string, grpc::Service*>> services;
    grpc::CallbackGenericService* others = nullptr;
    std::unique_ptr<grpc::Server> server;
    std::shared_ptr<grpc::Channel> in_process;
    std::optional<Members> members;  ///< Nothing: there are no other processes.
    std::vector<Peer> peers;
    std::vector<std::shared_ptr<grpc::Channel>> channels;  ///< To each of `peers`.
    std::string secret;  ///< Proves that a call comes from this process.
    int port = 0;
    std::atomic<bool> stopping{false};

    bool runs(std::string_view service) const {
        return std::ranges::any_of(services, [&](const auto& one) { return one.first == service; });
    }
    /// Index into `peers`.
    std::optional<std::size_t> peer_of(std::string_view service) const {
        if (runs(service)) return std::nullopt;
        for (std::size_t i = 0; i < peers.size(); ++i)
            if (std::ranges::find(peers[i].services, service) != peers[i].services.end()) return i;
        return std::nullopt;
    }
    /// What we may show of ourselves there: our secret stays in the process.
    std::string proof(std::string_view service) const { return peer_of(service) ? "-" : secret; }
};

Server::Server(RpcConfig config, std::string site) : state_(std::make_unique<State>()) {
    state_->config = std::move(config);
    state_->site = std::move(site);
    if (auto peers = parse_peers(state_->config.peers)) state_->peers = *std::move(peers);
    std::array<std::uint8_t, 32> secret{};
    SystemRandom().fill(secret);
    state_->secret = to_hex(secret);
}

Server::~Server() {
    stop(std::chrono::milliseconds(0));
}

void Server::add(std::string_view name, grpc::Service& service) {
    state_->services.emplace_back(name, &service);
}

void Server::add_others(grpc::CallbackGenericService& others) {
    state_->others = &others;
}

Status Server::start() {
    const RpcConfig& config = state_->config;
    if (!config.member_dir.empty()) {
        state_->members.emplace(state_->site, MemberFiles::in(config.member_dir));
        for (const Peer& peer : state_->peers)
            state_->channels.push_back(state_->members->dial(peer));
    }
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    grpc::ResourceQuota quota("imece");
    quota.SetMaxThreads(kThreadsMax);
    builder.SetResourceQuota(quota);
    builder.SetMaxReceiveMessageSize(kMessageBytesMax);
    // Phones behind carrier NAT: a silent peer is asked after a minute, and may ask us as often.
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    if (!config.listen.empty()) {
        IMECE_TRY(const auto how, credentials(config));
        builder.AddListeningPort(config.listen, how, &state_->port);
    }
    int peer_port = 0;
    if (!config.peer_listen.empty() && state_->members)
        builder.AddListeningPort(config.peer_listen, state_->members->credentials(), &peer_port);
    for (const auto& [name, service] : state_->services) builder.RegisterService(service);
    if (state_->others != nullptr) builder.RegisterCallbackGenericService(state_->others);
    state_->server = builder.BuildAndStart();
    for (const auto& [address, port] :
         {std::pair(config.listen, state_->port), std::pair(config.peer_listen, peer_port)})
        if (!state_->server || (!address.empty() && port == 0))
            return fail(ErrorCode::kUnavailable, "LISTEN_FAILED",
                        "cannot listen on " + address + " for gRPC: is it in use?");
    state_->in_process = state_->server->InProcessChannel({});
    if (auto* health = state_->server->GetHealthCheckService()) health->SetServingStatus(true);
    return {};
}

void Server::stop(std::chrono::milliseconds grace) {
    if (!state_->server || state_->stopping.exchange(true)) return;
    if (auto* health = state_->server->GetHealthCheckService()) health->SetServingStatus(false);
    state_->server->Shutdown(std::chrono::system_clock::now() + grace);
    state_->server->Wait();
}

std::shared_ptr<grpc::Channel> Server::channel(std::string_view service) {
    const auto peer = state_->peer_of(service);
    return peer ? state_->channels[*peer] : state_->in_process;
}

std::shared_ptr<grpc::Channel> Server::unnamed_channel(std::string_view service) {
    const auto peer = state_->peer_of(service);
    return peer ? dial_unnamed(state_->peers[*peer]) : state_->in_process;
}

std::vector<std::string> Server::services_of_peers() const {
    std::vector<std::string> names;
    for (const Peer& peer : state_->peers)
        names.insert(names.end(), peer.services.begin(), peer.services.end());
    return names;
}

void Server::sign_as_service(grpc::ClientContext& context, std::string_view service,
                             std::string_view name) const {
    context.AddMetadata("authorization",
                        "Service " + std::string(name) + " " + state_->proof(service));
}

void Server::vouch_for_trace(grpc::ClientContext& context, std::string_view service) const {
    context.AddMetadata(kTraceVoucher, "Service trace " + state_->proof(service));
}

std::string Server::service_of(const grpc::ServerContextBase& context,
                               std::string_view metadata_value) const {
    const std::size_t space = metadata_value.rfind(' ');
    if (!metadata_value.starts_with(kServiceMark) || space < kServiceMark.size()) return {};
    if (equal_in_constant_time(view_of(metadata_value.substr(space + 1)), view_of(state_->secret)))
        return std::string(metadata_value.substr(kServiceMark.size(), space - kServiceMark.size()));
    if (!state_->members) return {};
    const auto caller = context.auth_context();
    if (!caller || !caller->IsPeerAuthenticated()) return {};
    for (const grpc::string_ref& id : caller->FindPropertyValues(GRPC_PEER_SPIFFE_ID_PROPERTY_NAME))
        return std::string(service_in({id.data(), id.size()}, state_->site));
    return {};
}

int Server::port() const {
    return state_->port;
}

bool Server::stopping() const {
    return state_->stopping.load();
}

}  // namespace imece::runtime
