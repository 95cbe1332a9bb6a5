// The services behind the edge, by gRPC's callback API.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "gateway/edge/upstream.h"

namespace grpc {
class Channel;
class ClientContext;
}  // namespace grpc

namespace imece::gateway {

/// Adds to a call to `service` that its sampled flag is ours.
using Mark = std::function<void(grpc::ClientContext&, std::string_view service)>;

/// `channel` is asked once a service, at its first call. `mark` may be empty.
std::unique_ptr<Upstream> make_grpc_upstream(
    std::function<std::shared_ptr<grpc::Channel>(std::string_view service)> channel, Mark mark);

}  // namespace imece::gateway
