// The event logs of this process as a gRPC stream.
#pragma once

#include <memory>

namespace grpc {
class Service;
}

namespace imece::runtime {

class Door;
class Outboxes;
class Server;

/// Subscribers are served in batches from the store; a slow one holds at most one batch in memory and is
/// not read for until it has taken that. Outlives the server.
std::unique_ptr<grpc::Service> make_bus_service(Outboxes& outboxes, Door& door,
                                                const Server& server);

}  // namespace imece::runtime
