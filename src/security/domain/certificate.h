// Who gets which certificate, and for how long.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "crypto/crypto.h"

namespace imece::security {

enum class CertificateKind : std::uint8_t { kDevice = 1, kService = 2 };

/// Whom a certificate names.
struct CertificateName {
    CertificateKind kind = CertificateKind::kDevice;
    std::string id;  ///< A device id (32 hex digits), or a service's name.
    friend bool operator==(const CertificateName&, const CertificateName&) = default;
};

/// "spiffe://SITE/device/ID" or "spiffe://SITE/service/NAME".
std::string spiffe_id(std::string_view site, const CertificateName& name);

/// Lower-case letters, digits and hyphens, at most 32.
bool is_service_name(std::string_view name);

/// Who asks, verified.
struct Applicant {
    std::optional<DeviceId> device;  ///< A device, signed in with its key.
    std::string service;             ///< A service of the site, by its name; else empty.
    bool is_operator = false;
};

/// The name that `applicant` gets for a request with the key `ed25519` (none where it is of another kind), asking for
/// `service`. A device gets its own name, for its own key only; a service its own; an operator any service's.
/// Errors: kInvalidArgument CSR_KEY_MISMATCH, SERVICE_NAME_INVALID; kPermissionDenied CERTIFICATE_REFUSED.
Result<CertificateName> certificate_name(const Applicant& applicant,
                                         const std::optional<crypto::PublicKey>& ed25519,
                                         const std::string& service);

/// How long certificates are good: renewed long before.
struct Lifetimes {
    Duration device = std::chrono::days(7);
    Duration service = std::chrono::hours(24);

    Duration of(CertificateKind kind) const {
        return kind == CertificateKind::kDevice ? device : service;
    }
};

}  // namespace imece::security
