#include "gateway/docs/pages.h"

#include "base/assert.h"
#include "gateway/api/problem.h"
#include "gateway/docs/openapi.h"

namespace imece::gateway {
namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kScript = "text/javascript; charset=utf-8";
constexpr std::string_view kStyle = "text/css; charset=utf-8";
constexpr std::string_view kJson = "application/json";

std::string_view type_of(std::string_view name) {
    if (name.ends_with(".html")) return kHtml;
    if (name.ends_with(".js")) return kScript;
    if (name.ends_with(".css")) return kStyle;
    if (name.ends_with(".json")) return kJson;
    IMECE_ASSERT(name.ends_with(".svg"));
    return "image/svg+xml";
}

void add_console(Pages& pages, const std::vector<ConsoleFile>& console) {
    for (const ConsoleFile& file : console) {
        Page page{type_of(file.name), std::string(file.plain), std::string(file.gzip),
                  std::string(file.brotli)};
        // One page for every path: its script looks where it is.
        if (file.name == "index.html") {
            pages.emplace("/", page);
            pages.emplace("/setup", std::move(page));
            continue;
        }
        if (file.name.starts_with("assets/")) page.caching = Caching::kForEver;
        pages.emplace("/console/" + std::string(file.name), std::move(page));
    }
}

}  // namespace

Pages make_pages(const Transcoder& transcoder, std::string_view version,
                 const std::vector<ConsoleFile>& console) {
    Pages pages;
    const auto add = [&](const char* path, std::string_view type, std::string body) {
        pages.emplace(path, Page{type, std::move(body)});
    };
    const auto file = [](std::string_view name) { return std::string(embedded_file(name)); };
    add("/docs", kHtml, file("docs.html"));
    add("/docs/docs.js", kScript, file("docs.js"));
    add("/docs/style.css", kStyle, file("style.css"));
    add("/docs/errors", kHtml, errors_page());
    add("/openapi.json", kJson, openapi_json(transcoder, version));
    add_console(pages, console);
    for (const char* path : {"/", "/setup"})
        if (!pages.contains(path)) add(path, kHtml, file("unbuilt.html"));
    return pages;
}

}  // namespace imece::gateway
