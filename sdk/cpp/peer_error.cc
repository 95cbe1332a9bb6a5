#include "sdk/cpp/peer_error.h"

#include <grpcpp/support/status.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "imece/api/v1/reasons.pb.h"

namespace imece::sdk {
namespace {

namespace json = boost::json;
namespace api = imece::api::v1;

constexpr std::size_t kWordsMax = 1024;  // A peer does not fill our logs.

struct HttpCode {
    int status;
    ErrorCode code;
};
constexpr HttpCode kHttpCodes[] = {
    {400, ErrorCode::kInvalidArgument},    {401, ErrorCode::kUnauthenticated},
    {403, ErrorCode::kPermissionDenied},   {404, ErrorCode::kNotFound},
    {405, ErrorCode::kUnimplemented},      {409, ErrorCode::kAborted},
    {412, ErrorCode::kFailedPrecondition}, {413, ErrorCode::kInvalidArgument},
    {415, ErrorCode::kInvalidArgument},    {429, ErrorCode::kResourceExhausted},
    {431, ErrorCode::kInvalidArgument},    {499, ErrorCode::kCancelled},
    {500, ErrorCode::kInternal},           {501, ErrorCode::kUnimplemented},
    {503, ErrorCode::kUnavailable},        {504, ErrorCode::kDeadlineExceeded},
};

ErrorCode code_of_name(std::string_view name) {
    for (int number = 1; number <= 16; ++number)
        if (code_name(ErrorCode(number)) == name) return ErrorCode(number);
    return ErrorCode::kUnknown;
}

ErrorCode code_of_http(int status) {
    const auto* const found = std::ranges::find(kHttpCodes, status, &HttpCode::status);
    return found == std::end(kHttpCodes) ? ErrorCode::kUnknown : found->code;
}

std::string_view text(const json::object& object, std::string_view key) {
    const json::value* const value = object.if_contains(key);
    const json::string* const string = value ? value->if_string() : nullptr;
    return string ? std::string_view(*string) : std::string_view();
}

std::string words(std::string_view text) {
    return std::string(text.substr(0, kWordsMax));
}

const google::protobuf::EnumValueDescriptor* find(std::string_view reason) {
    if (reason.empty() || reason.size() > 64) return nullptr;
    return api::Reason_descriptor()->FindValueByName(std::string(reason));
}

}  // namespace

std::string_view known_reason(std::string_view reason) {
    const auto* const found = find(reason);
    if (found == nullptr || found->number() == api::REASON_UNSPECIFIED) return "PEER_ERROR";
    return found->name();  // Lives as long as the process, as Error::reason demands.
}

ErrorCode code_of_reason(std::string_view reason) {
    const auto* const found = find(reason);
    return found ? code_of_name(found->options().GetExtension(api::info).code())
                 : ErrorCode::kUnknown;
}

Problem problem_of(int http_status, std::string_view body) {
    Problem problem;
    problem.error = {code_of_http(http_status), "PEER_ERROR",
                     "the backend answered with HTTP status " + std::to_string(http_status)};
    json::error_code ignored;
    json::value value = json::parse({body.data(), body.size()}, ignored);
    const json::object* const object = value.if_object();
    if (object == nullptr) return problem;

    std::string_view reason = text(*object, "reason");
    // The type of a problem is a URI that ends in its reason.
    if (reason.empty()) {
        const std::string_view type = text(*object, "type");
        reason = type.substr(type.find_last_of("/#:") + 1);
    }
    problem.error.reason = known_reason(reason);
    if (problem.error.reason != "PEER_ERROR")
        problem.error.code = code_of_reason(problem.error.reason);
    if (const ErrorCode code = code_of_name(text(*object, "code")); code != ErrorCode::kUnknown)
        problem.error.code = code;
    for (const std::string_view key : {"detail", "title"}) {
        if (const auto said = text(*object, key); !said.empty()) {
            problem.error.message = words(said);
            break;
        }
    }
    for (const std::string_view key : {"trace_id", "traceId"})
        if (const auto id = text(*object, key); !id.empty()) problem.trace_id = words(id);
    return problem;
}

Error error_of_close(std::string_view reason) {
    const std::string_view token = reason.substr(0, reason.find_first_of(": "));
    const std::string_view known = known_reason(token);
    if (known == "PEER_ERROR")
        return {ErrorCode::kUnavailable, known, "the backend ended the connection"};
    std::string_view rest = reason.substr(token.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(": "), rest.size()));
    return {code_of_reason(known), known,
            rest.empty() ? "the backend ended the connection" : words(rest)};
}

Error error_of(const grpc::Status& status) {
    if (status.ok()) return {ErrorCode::kUnavailable, "PEER_ERROR", "the backend ended the call"};
    Error error{ErrorCode(status.error_code()), "PEER_ERROR", words(status.error_message())};
    google::rpc::Status details;
    if (details.ParseFromString(status.error_details())) {
        for (const auto& detail : details.details()) {
            google::rpc::ErrorInfo info;
            if (detail.UnpackTo(&info)) error.reason = known_reason(info.reason());
        }
    }
    // gRPC itself says UNAVAILABLE when there is nobody, and no service of ours spoke.
    if (error.reason == "PEER_ERROR" && error.code == ErrorCode::kUnavailable)
        error.reason = "PEER_UNREACHABLE";
    return error;
}

}  // namespace imece::sdk
