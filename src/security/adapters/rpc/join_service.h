// How a process of the site gets its certificate: imece.join.v1 over the certificate use cases.
#pragma once

#include <memory>

#include "runtime/join/join_secret.h"
#include "security/adapters/rpc/certificate_service.h"

namespace imece::security {

std::shared_ptr<grpc::Service> make_join_service(const CertificateUseCases& use,
                                                 const runtime::JoinSecret& master,
                                                 runtime::Door& door);

}  // namespace imece::security
