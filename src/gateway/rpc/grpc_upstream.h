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

/// `channel` is asked once a service, at its first call. `mark`, where it is given, adds to each call that its sampled flag is ours.
std::unique_ptr<Upstream> make_grpc_upstream(
    std::function<std::shared_ptr<grpc::Channel>(std::string_view service)> channel,
    std::function<void(grpc::ClientContext&)> mark);

}  // namespace imece::gateway
