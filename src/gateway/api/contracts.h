// The services that the edge speaks for.
#pragma once

#include <string>
#include <vector>

namespace google::protobuf {
class ServiceDescriptor;
}

namespace imece::gateway {

/// In the order in which the documentation lists them. Naming them here links their contracts in,
/// also where the process runs none of the services.
std::vector<const google::protobuf::ServiceDescriptor*> contracts();

/// The module that serves it: "messaging" for imece.messaging.v1.MessageService.
std::string module_of(const google::protobuf::ServiceDescriptor& service);

/// The rpc behind the WebSocket at /v1/connect.
inline constexpr char kSocketRpc[] = "imece.messaging.v1.MessageService.Connect";
inline constexpr char kSocketPath[] = "/v1/connect";

}  // namespace imece::gateway
