#include "runtime/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "runtime/observe/log.h"

namespace imece::runtime {
namespace {

/// Only a backstop behind the door's gate, which knows the classes: four times its size.
constexpr int kThreadsMax = 1024;
constexpr int kMessageBytesMax = 8 << 20;
/// A shorter secret could be guessed.
constexpr std::size_t kSecretBytesMin = 32;

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

/// The file's text without white space around it.
Result<std::string> read_secret(const std::string& path) {
    IMECE_TRY(std::string text, read_pem(path));
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0 || (facts.st_mode & 077) != 0)
        return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID",
                    "others may read " + path + ": chmod 600 it");
    constexpr const char* kSpace = " \t\r\n";
    text.erase(0, text.find_first_not_of(kSpace));
    text.erase(text.find_last_not_of(kSpace) + 1);
    if (text.size() < kSecretBytesMin || text.find_first_of(kSpace) != std::string::npos)
        return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID",
                    path + " holds no secret: one word of at least " +
                        std::to_string(kSecretBytesMin) + " characters");
    return text;
}

Result<std::shared_ptr<grpc::Channel>> dial(const RpcConfig& config) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
    // The other process may be restarted: be there again soon after it.
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
    auto how = grpc::InsecureChannelCredentials();
    if (!config.services_ca.empty()) {
        grpc::SslCredentialsOptions options;
        IMECE_TRY(options.pem_root_certs, read_pem(config.services_ca));
        how = grpc::SslCredentials(options);
    }
    return grpc::CreateCustomChannel(config.services, how, arguments);
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
    table.text("services", services,
               "address:port of the process that runs the services that this one does not. Empty: "
               "none does.");
    table.text("services_ca", services_ca,
               "PEM file of who signed that process's certificate; needed off loopback.");
    table.text("secret_file", secret_file,
               "Holds the secret by which the processes of a site know each other. Empty: there is "
               "one process.");
    table.require(services.empty() || is_loopback(services) || !services_ca.empty(),
                  "off loopback services are spoken to by TLS only: set services_ca");
    table.require(services.empty() || !secret_file.empty(), "services needs a secret_file");
}

struct Server::State {
    RpcConfig config;
    std::vector<std::pair<std::string, grpc::Service*>> services;
    std::unique_ptr<grpc::Server> server;
    std::shared_ptr<grpc::Channel> in_process;
    std::shared_ptr<grpc::Channel> elsewhere;  ///< Null: no other process is configured.
    std::string secret;                        ///< Proves that a call comes from this site.
    int port = 0;
    std::atomic<bool> stopping{false};
};

Server::Server(RpcConfig config) : state_(std::make_unique<State>()) {
    state_->config = std::move(config);
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

Status Server::start() {
    if (!state_->config.secret_file.empty()) {
        IMECE_TRY(state_->secret, read_secret(state_->config.secret_file));
    }
    if (!state_->config.services.empty()) {
        IMECE_TRY(state_->elsewhere, dial(state_->config));
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
    if (!state_->config.listen.empty()) {
        IMECE_TRY(const auto how, credentials(state_->config));
        builder.AddListeningPort(state_->config.listen, how, &state_->port);
    }
    for (const auto& [name, service] : state_->services) builder.RegisterService(service);
    state_->server = builder.BuildAndStart();
    if (!state_->server || (!state_->config.listen.empty() && state_->port == 0))
        return fail(ErrorCode::kUnavailable, "LISTEN_FAILED",
                    "cannot listen on " + state_->config.listen + " for gRPC: is it in use?");
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
    const bool here = std::ranges::any_of(state_->services,
                                          [&](const auto& one) { return one.first == service; });
    return here || !state_->elsewhere ? state_->in_process : state_->elsewhere;
}

void Server::sign_as_service(grpc::ClientContext& context, std::string_view name) const {
    context.AddMetadata("authorization", "Service " + std::string(name) + " " + state_->secret);
}

void Server::vouch_for_trace(grpc::ClientContext& context) const {
    context.AddMetadata(kTraceVoucher, "Service trace " + state_->secret);
}

bool Server::is_service(std::string_view metadata_value) const {
    const std::size_t space = metadata_value.rfind(' ');
    return metadata_value.starts_with("Service ") && space > 7 &&
           equal_in_constant_time(view_of(metadata_value.substr(space + 1)),
                                  view_of(state_->secret));
}

int Server::port() const {
    return state_->port;
}

bool Server::stopping() const {
    return state_->stopping.load();
}

}  // namespace imece::runtime
