// GetSite: what this site is, answered by every process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/module.h"

namespace grpc {
class Service;
}

namespace imece::runtime {

class Door;

/// `services` are the names of the process's modules. The service outlives the server.
std::unique_ptr<grpc::Service> make_site_service(const Process& process, Door& door,
                                                 std::vector<std::string> services);

}  // namespace imece::runtime
