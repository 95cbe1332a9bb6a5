#include "gateway/http/head.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

namespace imece::gateway {
namespace {

namespace http = boost::beast::http;

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

std::unexpected<Error> malformed(std::string message) {
    return fail(ErrorCode::kInvalidArgument, "HTTP_MALFORMED", std::move(message));
}

}  // namespace

Status check_head(const HttpRequest& request) {
    if (request.version() != 11 && request.version() != 10)
        return malformed("this server speaks HTTP/1.1");
    const auto hosts = request.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && request.version() == 11))
        return malformed("a request has one Host header");
    // A length or a coding that a proxy before us reads otherwise is how requests are smuggled.
    if (request.count(http::field::content_length) > 1 ||
        request[http::field::content_length].find(',') != boost::beast::string_view::npos)
        return malformed("a request has one Content-Length, which is one number");
    if (request.count(http::field::transfer_encoding) > 0) {
        if (request.count(http::field::transfer_encoding) > 1 || request.version() == 10 ||
            !boost::beast::iequals(request[http::field::transfer_encoding], "chunked"))
            return malformed("the one transfer coding is 'chunked'");
        if (request.count(http::field::content_length) > 0)
            return malformed("Content-Length and Transfer-Encoding exclude each other");
    }
    if (request.count(http::field::authorization) > 1)
        return malformed("a request has one Authorization header");
    return {};
}

RequestHead head_of(const HttpRequest& request) {
    RequestHead head;
    head.method = view(request.method_string());
    head.target = view(request.target());
    head.authorization = view(request[http::field::authorization]);
    head.content_type = view(request[http::field::content_type]);
    head.trace_parent = view(request["traceparent"]);
    head.timeout_ms = view(request["x-timeout-ms"]);
    head.origin = view(request[http::field::origin]);
    head.preflight_method = view(request[http::field::access_control_request_method]);
    head.socket_protocols = view(request[http::field::sec_websocket_protocol]);
    head.accept_encoding = view(request[http::field::accept_encoding]);
    head.if_none_match = view(request[http::field::if_none_match]);
    head.upgrade = boost::beast::websocket::is_upgrade(request);
    return head;
}

}  // namespace imece::gateway
