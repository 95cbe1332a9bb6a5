// A server's refusal as an Error.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace grpc {
class Status;
}

namespace imece::sdk {

/// The static text of a reason that this version knows; PEER_ERROR for every other.
std::string_view known_reason(std::string_view reason);

/// An Error from a problem+json body (RFC 9457 with members `code`, `reason`, `detail`,
/// `trace_id`).
struct Problem {
    Error error;
    std::string trace_id;
};
/// Never fails: what the body does not say is told by the HTTP status.
Problem problem_of(int http_status, std::string_view body);

/// The Error of a WebSocket close reason "REASON: words".
Error error_of_close(std::string_view reason);

/// The Error of a gRPC status, by its google.rpc.ErrorInfo. Of an OK one: that the peer ended what
/// it was not to end.
Error error_of(const grpc::Status& status);

/// The code that reasons.proto gives to a reason; kUnknown for an unknown one.
ErrorCode code_of_reason(std::string_view reason);

}  // namespace imece::sdk
