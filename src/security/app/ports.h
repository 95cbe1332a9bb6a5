// What security's use cases need from the world.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/crypto.h"
#include "security/domain/certificate.h"

namespace imece::security {

/// A record that the log shall have, with where it comes from.
struct NewRecord {
    std::string source;
    std::uint64_t position = 0;  ///< Of its event in the source's log: 1, 2, 3 …
    Bytes record;                ///< 1 byte to 64 KiB.
};

/// A record in its place.
struct LoggedRecord {
    std::uint64_t index = 0;
    Bytes record;
    crypto::Digest
        leaf{};  ///< crypto::merkle_leaf_hash of `record`, unless somebody changed one of both.
    friend bool operator==(const LoggedRecord&, const LoggedRecord&) = default;
};

/// Where the audit log rests. Adapters: SQLite.
///
/// Every method may be called from any thread, and fails with kUnavailable STORE_DOWN when the store cannot be
/// reached, kDataLoss DATA_MALFORMED when it is damaged. All adapters pass tests/audit_store_contract.h.
class AuditStore {
public:
    virtual ~AuditStore() = default;
    /// Puts the record behind the last one and keeps the source's position, in one commit; durable when it returns OK.
    /// Records get the indexes 0, 1, 2 … in the order of their commits. One whose position is not beyond the source's
    /// is there already: nothing changes. After STORE_DOWN the record is there or not: appending it again is safe.
    virtual Status append(const NewRecord& record) = 0;
    /// Of the source's last event that was appended; 0 before the first.
    virtual Result<std::uint64_t> position(const std::string& source) = 0;
    virtual Result<std::uint64_t> size() = 0;
    /// At most `max` records from `index` on, in order.
    virtual Result<std::vector<LoggedRecord>> list(std::uint64_t index, std::size_t max) = 0;
    /// A complete subtree's hash (crypto/merkle.h). Errors: kDataLoss DATA_MALFORMED where there is none.
    virtual Result<crypto::Digest> node(unsigned level, std::uint64_t index) = 0;
};

using Serial = std::array<std::uint8_t, 16>;

/// What a PKCS#10 request says, once it is proved that the requester holds the key.
struct CertificateRequest {
    Bytes key;                                 ///< SubjectPublicKeyInfo, DER.
    std::optional<crypto::PublicKey> ed25519;  ///< Where it is of that kind.
};
struct IssuedCertificate {
    Serial serial{};
    TimePoint not_before, not_after;
    std::string pem;  ///< The certificate, then the intermediate.
};
struct RevokedCertificate {
    Serial serial{};
    TimePoint revoked_at;
};

/// Signs with the site's intermediate. Thread-safe.
class CertificateAuthority {
public:
    virtual ~CertificateAuthority() = default;
    /// For any text from outside. Errors: kInvalidArgument CSR_INVALID: not PEM of PKCS#10, over 16 KiB, not signed by its
    /// own key, or a key that is neither Ed25519 nor P-256.
    virtual Result<CertificateRequest> read_request(std::string_view pem) const = 0;
    /// Good for `lifetime` from `now` on, but not longer than the intermediate.
    /// Errors: kFailedPrecondition CA_KEY_SEALED when that has run out. Cost: 0.2 ms.
    virtual Result<IssuedCertificate> issue(const CertificateRequest& request,
                                            const CertificateName& name, const std::string& spiffe,
                                            TimePoint now, Duration lifetime) const = 0;
    /// The root's certificate, PEM: what peers trust.
    virtual std::string bundle() const = 0;
    /// RFC 5280, DER; good for a day.
    virtual Bytes revocation_list(const std::vector<RevokedCertificate>& revoked,
                                  TimePoint now) const = 0;
};

/// A certificate as the site keeps it.
struct StoredCertificate {
    Serial serial{};
    CertificateName name;
    TimePoint not_before, not_after;
    std::optional<TimePoint> revoked_at;
    friend bool operator==(const StoredCertificate&, const StoredCertificate&) = default;
};

/// Where certificates rest; in the audit log's store, so that each change and its record are one commit.
/// The rules of AuditStore hold. All adapters pass tests/certificate_store_test.cc.
class CertificateStore {
public:
    virtual ~CertificateStore() = default;
    /// `record` is appended with it, behind the last one of its source, whatever its position.
    virtual Status add(const StoredCertificate& certificate, const NewRecord& record) = 0;
    /// At most `max` after `after`, ascending by serial.
    virtual Result<std::vector<StoredCertificate>> list(const Serial& after, std::size_t max) = 0;
    /// Gives the certificate as it is then; one that was revoked before keeps its time, and nothing is recorded.
    /// Errors: kNotFound CERTIFICATE_UNKNOWN.
    virtual Result<StoredCertificate> revoke(const Serial& serial, TimePoint now,
                                             const NewRecord& record) = 0;
    /// Revokes all that `name` has, and appends `record` as AuditStore::append() does, in one commit.
    virtual Status revoke_all_of(const CertificateName& name, TimePoint now,
                                 const NewRecord& record) = 0;
    /// The revoked ones that had not run out at `now`, ascending by serial.
    virtual Result<std::vector<RevokedCertificate>> revoked(TimePoint now) = 0;
};

}  // namespace imece::security
