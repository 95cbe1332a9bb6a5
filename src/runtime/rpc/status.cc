// Errors on the wire: gRPC status with google.rpc details.
#include <google/protobuf/any.pb.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "imece/api/v1/reasons.pb.h"
#include "runtime/rpc/door.h"

namespace imece::runtime {
namespace {

constexpr std::string_view kDomain = "imece";
/// What a refused caller is told to wait; short, since a class's room changes within moments.
constexpr int kRetrySeconds = 1;

/// The static text of a reason from a peer, so that Error::reason never dangles.
std::string_view known_reason(const std::string& reason) {
    const auto* value = imece::api::v1::Reason_descriptor()->FindValueByName(reason);
    return value != nullptr ? std::string_view(value->name()) : "PEER_ERROR";
}

}  // namespace

grpc::Status to_grpc(const Error& error) {
    google::rpc::Status status;
    status.set_code(int(error.code));
    status.set_message(error.message);
    google::rpc::ErrorInfo info;
    info.set_reason(std::string(error.reason));
    info.set_domain(std::string(kDomain));
    status.add_details()->PackFrom(info);
    if (error.code == ErrorCode::kResourceExhausted || error.code == ErrorCode::kUnavailable) {
        google::rpc::RetryInfo retry;
        retry.mutable_retry_delay()->set_seconds(kRetrySeconds);
        status.add_details()->PackFrom(retry);
    }
    return {grpc::StatusCode(int(error.code)), error.message, status.SerializeAsString()};
}

Error from_grpc(const grpc::Status& status) {
    Error error{ErrorCode(int(status.error_code())), "PEER_ERROR", status.error_message()};
    // gRPC itself gives no reasons. What it says of a lost connection names addresses: not for our callers.
    if (error.code == ErrorCode::kUnavailable && status.error_details().empty())
        return {ErrorCode::kUnavailable, "PEER_UNREACHABLE", "the service cannot be reached now"};
    google::rpc::Status rich;
    if (!rich.ParseFromString(status.error_details())) return error;
    for (const auto& detail : rich.details()) {
        google::rpc::ErrorInfo info;
        if (detail.UnpackTo(&info) && info.domain() == kDomain)
            error.reason = known_reason(info.reason());
    }
    return error;
}

}  // namespace imece::runtime
