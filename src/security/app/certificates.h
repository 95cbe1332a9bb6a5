// Certificates: who gets them, and how they end before their time.
#pragma once

#include <functional>
#include <string>

#include "base/random.h"
#include "security/app/ports.h"

namespace imece::security {

/// Somebody who calls, as the audit log names them, with the call's trace.
struct Caller {
    Applicant applicant;
    std::string actor;     ///< "user:", "device:" or "service:" and the id.
    std::string trace_id;  ///< 32 hex digits.
};

/// Serializes a record of our own: "certificate.issued.v1", of whom, caused by whom.
using WriteRecord =
    std::function<NewRecord(const char* type, const std::string& subject, const Caller& caller)>;

/// "0123…", 32 hex digits, and back. Errors: kNotFound CERTIFICATE_UNKNOWN.
std::string serial_text(const Serial& serial);
Result<Serial> parse_serial(std::string_view text);

class IssueCertificate {
public:
    struct Deps {
        const CertificateAuthority& authority;
        CertificateStore& store;
        const Clock& clock;  ///< The wall clock: peers outside judge the times.
        std::string site;
        Lifetimes lifetimes;
        WriteRecord record;
    };
    explicit IssueCertificate(Deps deps) : deps_(std::move(deps)) {}

    struct Issued {
        StoredCertificate certificate;
        std::string pem;  ///< The certificate, then the intermediate.
    };
    /// It is stored and audited before it is given. Errors: those of read_request(), certificate_name() and issue().
    Result<Issued> operator()(const Caller& caller, const std::string& csr_pem,
                              const std::string& service) const;

private:
    Deps deps_;
};

class RevokeCertificate {
public:
    struct Deps {
        CertificateStore& store;
        const Clock& clock;
        WriteRecord record;
    };
    explicit RevokeCertificate(Deps deps) : deps_(std::move(deps)) {}
    /// Safe to repeat. Errors: kNotFound CERTIFICATE_UNKNOWN.
    Result<StoredCertificate> operator()(const Caller& caller, const Serial& serial) const;

private:
    Deps deps_;
};

class ReadCertificates {
public:
    struct Deps {
        const CertificateAuthority& authority;
        CertificateStore& store;
        const Clock& clock;
    };
    explicit ReadCertificates(Deps deps) : deps_(deps) {}

    /// At most `max` after `after`, ascending by serial.
    Result<std::vector<StoredCertificate>> list(const Serial& after, std::size_t max) const {
        return deps_.store.list(after, max);
    }
    std::string bundle() const { return deps_.authority.bundle(); }
    /// DER, signed now.
    Result<Bytes> revocation_list() const;

private:
    Deps deps_;
};

}  // namespace imece::security
