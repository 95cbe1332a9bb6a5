#include "gateway/api/problem.h"

#include "gateway/api/json_text.h"
#include "imece/api/v1/reasons.pb.h"

namespace imece::gateway {
namespace {

namespace api = imece::api::v1;

constexpr std::size_t kCloseTextMax = 123;

const google::protobuf::EnumValueDescriptor* find_reason(std::string_view reason) {
    return api::Reason_descriptor()->FindValueByName(std::string(reason));
}

std::string html(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '&')
            escaped += "&amp;";
        else if (c == '<')
            escaped += "&lt;";
        else if (c == '>')
            escaped += "&gt;";
        else if (c == '"')
            escaped += "&quot;";
        else
            escaped += c;
    }
    return escaped;
}

/// Calls `visit(reason, info, status)` for each reason, in the order of their numbers.
template <class Visit>
void each_reason(const Visit& visit) {
    const auto* reasons = api::Reason_descriptor();
    for (int i = 0; i < reasons->value_count(); ++i) {
        const auto* value = reasons->value(i);
        if (value->number() == 0) continue;
        const auto& info = value->options().GetExtension(api::info);
        visit(value->name(), info, http_status(Error{code_named(info.code()), value->name(), {}}));
    }
}

}  // namespace

ErrorCode code_named(std::string_view name) {
    for (int number = 1; number <= 16; ++number)
        if (code_name(ErrorCode(number)) == name) return ErrorCode(number);
    return ErrorCode::kUnknown;
}

int http_status(ErrorCode code) {
    switch (code) {
        case ErrorCode::kCancelled: return 499;
        case ErrorCode::kInvalidArgument:
        case ErrorCode::kFailedPrecondition:
        case ErrorCode::kOutOfRange: return 400;
        case ErrorCode::kDeadlineExceeded: return 504;
        case ErrorCode::kNotFound: return 404;
        case ErrorCode::kAlreadyExists:
        case ErrorCode::kAborted: return 409;
        case ErrorCode::kPermissionDenied: return 403;
        case ErrorCode::kResourceExhausted: return 429;
        case ErrorCode::kUnimplemented: return 501;
        case ErrorCode::kUnavailable: return 503;
        case ErrorCode::kUnauthenticated: return 401;
        case ErrorCode::kUnknown:
        case ErrorCode::kInternal:
        case ErrorCode::kDataLoss: return 500;
    }
    return 500;
}

int http_status(const Error& error) {
    if (error.reason == "METHOD_NOT_ALLOWED") return 405;
    if (error.reason == "REQUEST_TOO_LARGE") return 413;
    if (error.reason == "MEDIA_TYPE_UNSUPPORTED") return 415;
    return http_status(error.code);
}

std::string_view status_phrase(int status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 426: return "Upgrade Required";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 499: return "Client Closed Request";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        default: return "Unknown";
    }
}

std::string problem_json(const Error& error, int status, std::string_view trace_id) {
    const auto* reason = find_reason(error.reason);
    std::string out;
    out.reserve(384);
    out += "{\"type\":";
    append_json_string(out, "/docs/errors#" + std::string(error.reason));
    out += ",\"title\":";
    append_json_string(out,
                       reason ? std::string_view(reason->options().GetExtension(api::info).means())
                              : status_phrase(status));
    out += ",\"status\":" + std::to_string(status) + ",\"detail\":";
    append_json_string(out, is_utf8(error.message) ? std::string_view(error.message) : "");
    out += ",\"code\":";
    append_json_string(out, code_name(error.code));
    out += ",\"reason\":";
    append_json_string(out, error.reason);
    out += ",\"traceId\":";
    append_json_string(out, trace_id);
    out += '}';
    return out;
}

int close_code(const Error& error) {
    return error.reason == "SHUTTING_DOWN" ? 1001 : 4000 + static_cast<int>(error.code);
}

std::string close_text(const Error& error) {
    std::string text = std::string(error.reason) + ": " + error.message;
    if (text.size() <= kCloseTextMax) return text;
    text.resize(kCloseTextMax);
    while (!text.empty() && !is_utf8(text)) text.pop_back();
    return text;
}

std::string errors_markdown() {
    std::string out =
        "# Errors\n\n"
        "Every error names a reason from this list: in REST as `reason` of an "
        "`application/problem+json`\n"
        "document (RFC 9457), in gRPC as `google.rpc.ErrorInfo`, on a WebSocket at the beginning "
        "of the close\n"
        "text. Reasons are stable; the words of `detail` may change. Report an error with its "
        "`traceId`.\n\n"
        "| Reason | HTTP | gRPC | What it means | What to do |\n|---|---|---|---|---|\n";
    each_reason([&](const std::string& name, const api::ReasonInfo& info, int status) {
        out += "| <a id=\"" + name + "\"></a>`" + name + "` | " + std::to_string(status) + " | " +
               info.code() + " | " + info.means() + " | " + info.action() + " |\n";
    });
    return out;
}

std::string errors_page() {
    std::string out =
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>imece: errors</title>\n<link rel=\"stylesheet\" "
        "href=\"/docs/style.css\">\n</head>\n<body>\n"
        "<header><h1>Errors</h1><p><a href=\"/docs\">Operations</a></p></header>\n<main>\n"
        "<p>Every error is an <code>application/problem+json</code> document with one of these "
        "reasons.</p>\n"
        "<table>\n<thead><tr><th>Reason</th><th>HTTP</th><th>gRPC</th><th>What it means</th>"
        "<th>What to do</th></tr></thead>\n<tbody>\n";
    each_reason([&](const std::string& name, const api::ReasonInfo& info, int status) {
        out += "<tr id=\"" + name + "\"><td><code>" + name + "</code></td><td>" +
               std::to_string(status) + "</td><td>" + info.code() + "</td><td>" +
               html(info.means()) + "</td><td>" + html(info.action()) + "</td></tr>\n";
    });
    return out + "</tbody>\n</table>\n</main>\n</body>\n</html>\n";
}

}  // namespace imece::gateway
