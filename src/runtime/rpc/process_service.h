// What a process can be told while it runs.
#pragma once

#include <functional>
#include <memory>

#include "runtime/backup/backup.h"

namespace grpc {
class Service;
}

namespace imece::runtime {

class Door;

/// Every process serves it for itself. `back_up` makes a backup and says where; one at a time. The service outlives the server.
std::unique_ptr<grpc::Service> make_process_service(Door& door,
                                                    std::function<Result<Backup>()> back_up);

}  // namespace imece::runtime
