// Any bytes as a request, the first one saying where they are cut: through the parser, the checks of its head, and the edge, as a session does.
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/assert.h"
#include "gateway/api/contracts.h"
#include "gateway/edge/edge.h"
#include "gateway/http/head.h"

namespace {

using namespace imece::gateway;
namespace beast = boost::beast;
namespace http = beast::http;

imece::Result<imece::runtime::TokenClaims> verify(std::string_view token) {
    if (token != "good")
        return imece::fail(imece::ErrorCode::kUnauthenticated, "TOKEN_INVALID", "bad token");
    imece::runtime::TokenClaims claims;
    claims.kind = "device";
    claims.subject = token;
    return claims;
}

using Parser = http::request_parser<http::string_body>;
/// In two pieces, as a socket may bring it; whole, or up to what is broken or missing.
void feed(Parser& parser, std::string_view bytes, std::size_t first) {
    parser.eager(true);
    parser.header_limit(16 * 1024);
    parser.body_limit(1 << 20);
    std::string waiting;
    for (const std::string_view piece : {bytes.substr(0, first), bytes.substr(first)}) {
        waiting += piece;
        beast::error_code error;
        while (!waiting.empty() && !parser.is_done() && !error)
            waiting.erase(0, parser.put(boost::asio::buffer(waiting), error));
        if (error && error != http::error::need_more) return;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Transcoder transcoder =
        *Transcoder::make(contracts(), *google::protobuf::MessageFactory::generated_factory());
    static imece::SystemRandom random;
    static imece::runtime::Metrics metrics;
    static Edge edge({}, {transcoder, random, metrics, verify, {}, {}});
    static imece::SteadyPoint now;
    now += std::chrono::seconds(1);  // No rate is met.

    Parser parser;
    if (size == 0) return 0;
    feed(parser, {reinterpret_cast<const char*>(data + 1), size - 1}, (size - 1) * data[0] / 255);
    if (!parser.is_header_done()) return 0;
    const HttpRequest& request = parser.get();
    if (!check_head(request)) return 0;
    IMECE_ASSERT(request.count(http::field::content_length) <= 1);
    IMECE_ASSERT(!(request.count(http::field::content_length) > 0 &&
                   request.count(http::field::transfer_encoding) > 0));
    RequestHead head = head_of(request);
    head.address = "192.0.2.1";
    Visit visit = edge.admit(head, now);
    if (parser.is_done()) edge.take_body(visit, head.content_type, request.body());
    if (const ApiCall* const call = visit.call()) {
        IMECE_ASSERT(call->operation != nullptr);
    } else {
        const Reply reply = edge.finish(visit, std::get<Reply>(visit.outcome), now);
        IMECE_ASSERT(reply.status >= 200 && reply.status < 500);
    }
    return 0;
}
