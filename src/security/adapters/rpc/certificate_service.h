// imece.security.v1.CertificateService.
#pragma once

#include <memory>

#include "security/app/certificates.h"

namespace grpc {
class Service;
}
namespace imece::runtime {
class Door;
}

namespace imece::security {

/// All outlive the service.
struct CertificateUseCases {
    IssueCertificate issue;
    RevokeCertificate revoke;
    ReadCertificates read;
    std::string site;
};
std::shared_ptr<grpc::Service> make_certificate_service(const CertificateUseCases& use,
                                                        runtime::Door& door);

}  // namespace imece::security
