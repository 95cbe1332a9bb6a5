// What can go wrong, as values.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace imece {

/// gRPC's canonical codes, by number. The code says what a caller can do; the reason says why.
enum class ErrorCode {
    kCancelled = 1,
    kUnknown = 2,
    kInvalidArgument = 3,
    kDeadlineExceeded = 4,
    kNotFound = 5,
    kAlreadyExists = 6,
    kPermissionDenied = 7,
    kResourceExhausted = 8,
    kFailedPrecondition = 9,
    kAborted = 10,
    kOutOfRange = 11,
    kUnimplemented = 12,
    kInternal = 13,
    kUnavailable = 14,
    kDataLoss = 15,
    kUnauthenticated = 16,
};

/// An expected failure: returned, never thrown. Programmer errors are IMECE_ASSERT, not Error.
struct [[nodiscard]] Error {
    ErrorCode code = ErrorCode::kInternal;  ///< gRPC's number; says what a caller can do.
    std::string_view reason;  ///< Static, UPPER_SNAKE, stable; listed in docs/errors.md.
    std::string message;  ///< For a person; may change at any time; holds no secret, no payload.
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

/// `return fail(ErrorCode::kNotFound, "MESSAGE_UNKNOWN", "no message has this id");`
inline std::unexpected<Error> fail(ErrorCode code, std::string_view reason, std::string message) {
    return std::unexpected(Error{code, reason, std::move(message)});
}

/// The canonical name ("NOT_FOUND"); "UNKNOWN" for a number outside the enum.
std::string_view code_name(ErrorCode code);

}  // namespace imece
