// An HTTP server of a few lines, plain or TLS, for tests of the REST client.
#pragma once

#include <boost/beast/http.hpp>
#include <filesystem>
#include <functional>
#include <memory>

namespace imece::sdk {

using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;
using HttpResponse = boost::beast::http::response<boost::beast::http::string_body>;

struct FakeReply {
    int status = 200;
    std::string body = "{}";
    std::string retry_after;
    bool hang_up = false;      ///< Closes the connection instead of answering.
    bool close_after = false;  ///< Answers as if it kept the connection, then closes it.
};

/// A thread a connection. `answer` is called from them.
class FakeHttpServer {
public:
    virtual ~FakeHttpServer() = default;
    virtual int port() const = 0;
    virtual int connections() const = 0;  ///< Ever taken.
};

using Answer = std::function<FakeReply(const HttpRequest&)>;
std::unique_ptr<FakeHttpServer> make_fake_http_server(Answer answer);
/// With a fresh certificate for "localhost", also written to `ca_file` for the client to trust.
std::unique_ptr<FakeHttpServer> make_fake_https_server(Answer answer,
                                                       const std::filesystem::path& ca_file);

}  // namespace imece::sdk
