// What a process can be told while it runs.
#pragma once

#include <memory>

namespace grpc {
class Service;
}

namespace imece::runtime {

class Door;

/// Every process serves it for itself. The service outlives the server.
std::unique_ptr<grpc::Service> make_process_service(Door& door);

}  // namespace imece::runtime
