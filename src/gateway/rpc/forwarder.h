// gRPC in, gRPC out: calls of the site's public services go on to the processes that run them, as they came.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace grpc {
class CallbackGenericService;
class Channel;
}  // namespace grpc

namespace imece::gateway {

/// For a gateway that runs apart: phones and uplink nodes need one address. Unary calls and streams, message by message and with
/// back-pressure; metadata, deadline, cancellation and the rich status pass both ways. What says that a service of the site calls is
/// refused here, UNAUTHENTICATED: services have a port of their own. Nothing is decoded.
///
/// `channel` gives the way to a service ("imece.messaging.v1.MessageService"), null for one that is not to be reached from outside:
/// UNIMPLEMENTED. It is asked until it gives one.
std::unique_ptr<grpc::CallbackGenericService> make_forwarder(
    std::function<std::shared_ptr<grpc::Channel>(std::string_view service)> channel);

}  // namespace imece::gateway
