// imece.discovery.v1.DiscoveryService.
#pragma once

#include <memory>

#include "discovery/app/report_nodes.h"
#include "discovery/app/view_topology.h"

namespace grpc {
class Service;
}
namespace imece::runtime {
class Door;
}

namespace imece::discovery {

/// All three outlive the service.
std::shared_ptr<grpc::Service> make_discovery_service(const ReportNodes& report,
                                                      const ViewTopology& view, const Clock& clock,
                                                      runtime::Door& door);

}  // namespace imece::discovery
