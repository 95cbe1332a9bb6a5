#include "gateway/docs/pages.h"

#include "gateway/api/problem.h"
#include "gateway/docs/embedded.h"
#include "gateway/docs/openapi.h"

namespace imece::gateway {

std::map<std::string, Reply, std::less<>> make_pages(const Transcoder& transcoder,
                                                     std::string_view version) {
    constexpr std::string_view kHtml = "text/html; charset=utf-8";
    constexpr std::string_view kScript = "text/javascript; charset=utf-8";
    std::map<std::string, Reply, std::less<>> pages;
    const auto add = [&](const char* path, std::string_view type, std::string body) {
        Reply reply{200, type, std::move(body)};
        reply.may_be_cached = true;
        pages.emplace(path, std::move(reply));
    };
    const auto file = [](std::string_view name) { return std::string(embedded_file(name)); };
    add("/docs", kHtml, file("docs.html"));
    add("/docs/docs.js", kScript, file("docs.js"));
    add("/docs/style.css", "text/css; charset=utf-8", file("style.css"));
    add("/docs/errors", kHtml, errors_page());
    add("/setup", kHtml, file("setup.html"));
    add("/setup.js", kScript, file("setup.js"));
    add("/openapi.json", "application/json", openapi_json(transcoder, version));
    return pages;
}

}  // namespace imece::gateway
