// imece.security.v1.AuditService.
#pragma once

#include <memory>

#include "security/app/audit.h"

namespace grpc {
class Service;
}
namespace imece::runtime {
class Door;
}

namespace imece::security {

/// All three outlive the service.
std::shared_ptr<grpc::Service> make_audit_service(const ReadAudit& read, const SignCheckpoint& sign,
                                                  runtime::Door& door);

}  // namespace imece::security
