#include "security/app/certificates.h"

#include <algorithm>

#include "base/result.h"

namespace imece::security {

std::string serial_text(const Serial& serial) {
    return to_hex(serial);
}

Result<Serial> parse_serial(std::string_view text) {
    Serial serial{};
    const auto bytes = parse_hex(text);
    if (!bytes || bytes->size() != serial.size())
        return fail(ErrorCode::kNotFound, "CERTIFICATE_UNKNOWN", "a serial is 32 hex digits");
    std::ranges::copy(*bytes, serial.begin());
    return serial;
}

Result<IssueCertificate::Issued> IssueCertificate::operator()(const Caller& caller,
                                                              const std::string& csr_pem,
                                                              const std::string& service) const {
    IMECE_TRY(const CertificateRequest request, deps_.authority.read_request(csr_pem));
    IMECE_TRY(const CertificateName name,
              certificate_name(caller.applicant, request.ed25519, service));
    const std::string spiffe = spiffe_id(deps_.site, name);
    IMECE_TRY(IssuedCertificate made,
              deps_.authority.issue(request, name, spiffe, deps_.clock.now(),
                                    deps_.lifetimes.of(name.kind)));
    const StoredCertificate stored{.serial = made.serial,
                                   .name = name,
                                   .not_before = made.not_before,
                                   .not_after = made.not_after,
                                   .revoked_at = {}};
    IMECE_CHECK(deps_.store.add(stored, deps_.record("certificate.issued.v1", spiffe, caller)));
    return Issued{stored, std::move(made.pem)};
}

Result<StoredCertificate> RevokeCertificate::operator()(const Caller& caller,
                                                        const Serial& serial) const {
    return deps_.store.revoke(serial, deps_.clock.now(),
                              deps_.record("certificate.revoked.v1", serial_text(serial), caller));
}

Result<Bytes> ReadCertificates::revocation_list() const {
    const TimePoint now = deps_.clock.now();
    IMECE_TRY(const auto revoked, deps_.store.revoked(now));
    return deps_.authority.revocation_list(revoked, now);
}

}  // namespace imece::security
