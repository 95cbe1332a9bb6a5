#include "security/domain/certificate.h"

#include <algorithm>

namespace imece::security {

std::string spiffe_id(std::string_view site, const CertificateName& name) {
    const char* kind = name.kind == CertificateKind::kDevice ? "/device/" : "/service/";
    return "spiffe://" + std::string(site) + kind + name.id;
}

bool is_service_name(std::string_view name) {
    return !name.empty() && name.size() <= 32 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

Result<CertificateName> certificate_name(const Applicant& applicant,
                                         const std::optional<crypto::PublicKey>& ed25519,
                                         const std::string& service) {
    if (applicant.device) {
        if (!service.empty())
            return fail(ErrorCode::kPermissionDenied, "CERTIFICATE_REFUSED",
                        "a device gets a certificate for itself only");
        // The device id is the hash of its key: a certificate for another key would name somebody else.
        if (!ed25519 || crypto::device_id_of(*ed25519) != *applicant.device)
            return fail(ErrorCode::kInvalidArgument, "CSR_KEY_MISMATCH",
                        "the request is not for the device's own Ed25519 key");
        return CertificateName{CertificateKind::kDevice, to_text(*applicant.device)};
    }
    if (!applicant.is_operator && (applicant.service.empty() || applicant.service != service))
        return fail(ErrorCode::kPermissionDenied, "CERTIFICATE_REFUSED",
                    "a service gets a certificate for itself only");
    if (!is_service_name(service))
        return fail(ErrorCode::kInvalidArgument, "SERVICE_NAME_INVALID",
                    "a service's name is 1 to 32 lower-case letters, digits and hyphens");
    return CertificateName{CertificateKind::kService, service};
}

}  // namespace imece::security
