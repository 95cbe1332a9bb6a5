#include "gateway/edge/page.h"

#include <algorithm>

#include "base/bytes.h"
#include "crypto/crypto.h"
#include "gateway/edge/field_value.h"

namespace imece::gateway {
namespace {

/// Whether "gzip;q=0.5, br" takes a coding. What is not listed is not taken.
bool takes(std::string_view accept_encoding, std::string_view coding) {
    return any_item(accept_encoding, [&](std::string_view item) {
        const std::size_t end = std::min(item.find(';'), item.size());
        if (!same_word(trimmed(item.substr(0, end)), coding)) return false;
        const std::size_t weight = item.find("q=", end);
        // "q=0", "q=0.000": not at all.
        return weight == std::string_view::npos ||
               item.find_first_of("123456789", weight) != std::string_view::npos;
    });
}

}  // namespace

std::string Page::tag_of(std::string_view content) {
    return to_hex(crypto::sha256(view_of(content))).substr(0, 32);
}

Reply reply_of(const Page& page, std::string_view accept_encoding, std::string_view if_none_match) {
    std::string_view coding;
    const std::string* body = &page.plain;
    if (!page.brotli.empty() && takes(accept_encoding, "br")) {
        coding = "br";
        body = &page.brotli;
    } else if (!page.gzip.empty() && takes(accept_encoding, "gzip")) {
        coding = "gzip";
        body = &page.gzip;
    }
    // Each coding is another representation, so it has a tag of its own.
    std::string tag = "\"" + page.tag;
    if (!coding.empty()) tag += "-" + std::string(coding);
    tag += "\"";
    Reply reply{200, page.content_type};
    reply.caching = page.caching;
    reply.headers.emplace_back("etag", tag);
    if (!page.gzip.empty() || !page.brotli.empty())
        reply.headers.emplace_back("vary", "accept-encoding");
    const bool known = any_item(if_none_match, [&](std::string_view item) {
        if (item.starts_with("W/")) item.remove_prefix(2);
        return item == tag || item == "*";
    });
    if (known) {
        reply.status = 304;
        return reply;
    }
    if (!coding.empty()) reply.headers.emplace_back("content-encoding", std::string(coding));
    reply.body = *body;
    return reply;
}

}  // namespace imece::gateway
