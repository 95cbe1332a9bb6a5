#include "imece/cli/backend.h"

#include <charconv>

#include "base/result.h"
#include "imece/cli/session_file.h"
#include "imece/identity/v1/identity.grpc.pb.h"
#include "sdk/cpp/endpoint.h"

namespace imece::cli {
namespace {

namespace pb = imece::identity::v1;
using Identity = pb::IdentityService::Stub;

struct Address {
    std::string host;
    int port = 0;
};

/// "host:port", "[::1]:port".
std::optional<Address> parse_address(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0) return std::nullopt;
    Address address{text.substr(0, colon), 0};
    const char* end = text.data() + text.size();
    const auto [read_to, bad] = std::from_chars(text.data() + colon + 1, end, address.port);
    if (bad != std::errc() || read_to != end || address.port < 1 || address.port > 65535)
        return std::nullopt;
    return address;
}

bool is_loopback(const std::string& host) {
    return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

std::unexpected<Error> not_signed_in(std::string message) {
    return fail(ErrorCode::kUnauthenticated, "SIGN_IN_NEEDED", std::move(message));
}

}  // namespace

void ServerOptions::add_to(CLI::App& command) {
    command
        .add_option("--server", server,
                    "host:port of the backend's gRPC; plain on loopback, TLS elsewhere")
        ->capture_default_str();
    command.add_option("--ca", ca, "PEM file of the authorities to trust (the system's otherwise)");
    command.add_option("--timeout", timeout_s, "seconds to wait for an answer")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
}

void SignInOptions::add_to(CLI::App& command, const std::string& prefix) {
    auto* name = command.add_option("--" + prefix + "user", user,
                                    "sign in as this user for this command only");
    auto* file = command.add_option("--" + prefix + "password-file", password_file,
                                    "file with that user's password; - for standard input");
    name->needs(file);
    file->needs(name);
}

Result<Backend> Backend::open(const ServerOptions& options) {
    const auto address = parse_address(options.server);
    const bool plain_text = address && is_loopback(address->host) && options.ca.empty();
    auto endpoint =
        address ? sdk::Endpoint::parse((plain_text ? "http://" : "https://") + options.server,
                                       options.ca)
                : Result<sdk::Endpoint>(fail(ErrorCode::kInvalidArgument, "URL_INVALID", ""));
    if (!endpoint && endpoint.error().reason == "CONFIG_INVALID")
        return std::unexpected(std::move(endpoint).error());
    if (!endpoint)
        return fail(ErrorCode::kInvalidArgument, "ARGUMENT_INVALID",
                    "--server must be host:port, not " + options.server);
    Backend backend;
    backend.server_ = options.server;
    backend.channel_ = endpoint->grpc_channel(address->port);
    backend.timeout_ = std::chrono::seconds(options.timeout_s);
    return backend;
}

void Backend::authorise(grpc::ClientContext& context) const {
    if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
}

bool Backend::may_renew(const Error& error) const {
    return session_ != nullptr && error.reason == "TOKEN_EXPIRED";
}

Status Backend::sign_in(Shell& shell, const SignInOptions& options) {
    if (options.user.empty()) return use_session(shell);
    pb::LoginRequest request;
    request.set_name(options.user);
    IMECE_TRY(*request.mutable_password(), read_secret(shell, options.password_file));
    IMECE_TRY(const pb::Session session, call(&Identity::Login, request));
    token_ = session.access_token();
    return {};
}

Status Backend::sign_in(sdk::Device& device) {
    pb::CreateChallengeRequest ask;
    ask.set_device_id(to_text(device.id()));
    IMECE_TRY(const pb::Challenge challenge, call(&Identity::CreateChallenge, ask));
    pb::SignInDeviceRequest request;
    request.set_device_id(ask.device_id());
    request.set_challenge(challenge.challenge());
    request.set_signature(
        std::string(text_of(device.sign_challenge(view_of(challenge.challenge())))));
    IMECE_TRY(const pb::DeviceSession session, call(&Identity::SignInDevice, request));
    IMECE_CHECK(device.set_credential(session.credential()));
    token_ = session.session().access_token();
    return {};
}

Status Backend::use_session(Shell& shell) {
    IMECE_TRY(const auto session, read_session(session_path(shell)));
    if (!session) return not_signed_in("nobody is signed in");
    if (session->server != server_)
        return not_signed_in("you are signed in at " + session->server + ", not at " + server_);
    token_ = session->access_token;
    session_ = &shell;
    return {};
}

Status Backend::renew() {
    const auto file = session_path(*session_);
    session_ = nullptr;  // Once a command; and the refresh itself is not to be renewed.
    const SessionLock lock(file);
    IMECE_TRY(auto session, read_session(file));
    if (!session || session->server != server_) return not_signed_in("you were signed out");
    if (session->access_token != token_) {  // Another command has renewed it meanwhile.
        token_ = session->access_token;
        return {};
    }
    pb::RefreshSessionRequest request;
    request.set_refresh_token(session->refresh_token);
    token_.clear();
    const auto fresh = call(&Identity::RefreshSession, request);
    if (!fresh) return std::unexpected(fresh.error());
    session->access_token = token_ = fresh->access_token();
    session->refresh_token = fresh->refresh_token();
    return write_session(file, *session);
}

}  // namespace imece::cli
