// Errors as the edge tells them: RFC 9457.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace imece::gateway {

/// What a call came to when it failed, with the pause that the service asked for.
struct Failure {
    Error error;
    std::optional<std::chrono::milliseconds> retry_after;
};

/// By the canonical table of google.rpc.Code, but for those reasons of ours for which HTTP has a word of its own
/// (405, 413, 415).
int http_status(const Error& error);
int http_status(ErrorCode code);
/// The code of a canonical name ("NOT_FOUND"); kUnknown for any other text.
ErrorCode code_named(std::string_view name);
/// "Not Found"; "Unknown" for a number that we never send.
std::string_view status_phrase(int status);

/// The application/problem+json document: type, title, status, detail, code, reason, traceId.
std::string problem_json(const Error& error, int status, std::string_view trace_id);

/// What a WebSocket is closed with: 4000 + gRPC's number; 1001 for SHUTTING_DOWN.
int close_code(const Error& error);
/// "REASON: message", cut to the 123 bytes that a close frame holds, never inside a character.
std::string close_text(const Error& error);

/// All reasons with their meaning and the caller's remedy, as Markdown and as a page for /docs/errors.
std::string errors_markdown();
std::string errors_page();

}  // namespace imece::gateway
