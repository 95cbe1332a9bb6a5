#include "sdk/cpp/endpoint.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fstream>
#include <iterator>

#include "base/result.h"

namespace imece::sdk {
namespace {

namespace ssl = boost::asio::ssl;

// A frame of 256 deliveries of 16 KiB each, and what goes around them.
constexpr int kGrpcMessageMax = 8 << 20;

bool is_port(const std::string& text) {
    const bool digits = !text.empty() && text.size() <= 5 &&
                        text.find_first_not_of("0123456789") == std::string::npos;
    return digits && std::stoi(text) >= 1 && std::stoi(text) <= 65535;
}

Result<std::string> read(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.is_open() || in.bad() || text.empty())
        return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID",
                    "cannot read the CA file " + file.string());
    return text;
}

Result<std::shared_ptr<ssl::context>> make_tls(const std::string& ca_pem) {
    auto tls = std::make_shared<ssl::context>(ssl::context::tls_client);
    tls->set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
    tls->set_verify_mode(ssl::verify_peer);
    boost::system::error_code bad;
    if (ca_pem.empty())
        tls->set_default_verify_paths(bad);
    else
        tls->add_certificate_authority(boost::asio::buffer(ca_pem), bad);
    if (bad)
        return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID",
                    "no usable certificate authorities: " + bad.message());
    return tls;
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view url, const std::filesystem::path& ca_file) {
    const auto invalid = [] {
        return fail(ErrorCode::kInvalidArgument, "URL_INVALID",
                    "the address of a backend is written as http://host:port or https://host");
    };
    const auto parsed = boost::urls::parse_uri({url.data(), url.size()});
    if (!parsed || parsed->host_address().empty() || parsed->has_userinfo() ||
        parsed->has_query() || parsed->has_fragment())
        return invalid();
    if (parsed->encoded_path() != "" && parsed->encoded_path() != "/") return invalid();
    if (parsed->scheme() != "http" && parsed->scheme() != "https") return invalid();
    if (parsed->has_port() && !is_port(std::string(parsed->port()))) return invalid();

    Endpoint endpoint;
    const bool secure = parsed->scheme() == "https";
    endpoint.host_ = std::string(parsed->host_address());
    endpoint.port_ = parsed->has_port() ? std::string(parsed->port()) : secure ? "443" : "80";
    endpoint.authority_ = std::string(parsed->encoded_host()) + ":" + endpoint.port_;
    if (!secure) return endpoint;

    if (!ca_file.empty()) {
        IMECE_TRY(endpoint.ca_pem_, read(ca_file));
    }
    IMECE_TRY(endpoint.tls_, make_tls(endpoint.ca_pem_));
    return endpoint;
}

std::shared_ptr<grpc::Channel> Endpoint::grpc_channel(int port) const {
    std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
    if (tls_) {
        grpc::SslCredentialsOptions options;
        options.pem_root_certs = ca_pem_;  // Empty: gRPC's default, the system's.
        credentials = grpc::SslCredentials(options);
    }
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kGrpcMessageMax);
    const bool ipv6 = host_.find(':') != std::string::npos;
    return grpc::CreateCustomChannel(
        (ipv6 ? "[" + host_ + "]" : host_) + ":" + std::to_string(port), credentials, arguments);
}

}  // namespace imece::sdk
