// The services behind the edge, by gRPC's callback API.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "gateway/edge/upstream.h"

namespace grpc {
class Channel;
}

namespace imece::gateway {

/// `channel` is asked once a service, at its first call.
std::unique_ptr<Upstream> make_grpc_upstream(
    std::function<std::shared_ptr<grpc::Channel>(std::string_view service)> channel);

}  // namespace imece::gateway
