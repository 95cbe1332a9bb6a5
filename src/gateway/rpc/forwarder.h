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
/// UNIMPLEMENTED. What several processes serve is `of` one of them, as the caller's metadata kOfModule says.
inline constexpr const char* kOfModule = "imece-of";
using ChannelTo =
    std::function<std::shared_ptr<grpc::Channel>(std::string_view service, std::string_view of)>;
std::unique_ptr<grpc::CallbackGenericService> make_forwarder(ChannelTo channel);

}  // namespace imece::gateway
