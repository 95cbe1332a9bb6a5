#include "base/result.h"
#include "crypto/merkle.h"
#include "security/adapters/store_sqlite/sqlite_rows.h"
#include "security/adapters/store_sqlite/sqlite_store.h"

namespace imece::security {
namespace {

StoredCertificate certificate_of(const Row& row) {
    StoredCertificate out{.serial = row.fixed<std::tuple_size_v<Serial>>(0),
                          .name = {CertificateKind(row.integer(1)), std::string(row.text(2))},
                          .not_before = row.time(3),
                          .not_after = row.time(4),
                          .revoked_at = {}};
    if (!row.is_null(5)) out.revoked_at = row.time(5);
    return out;
}

}  // namespace

Status SqliteStore::add(const StoredCertificate& certificate, const NewRecord& record) {
    const crypto::Digest leaf = crypto::merkle_leaf_hash(record.record);
    return database_->write([&](Tx& tx) -> Status {
        IMECE_CHECK(
            tx.run("INSERT INTO certificates(serial, kind, name, not_before, not_after)"
                   " VALUES(?1, ?2, ?3, ?4, ?5)",
                   {certificate.serial, int(certificate.name.kind), certificate.name.id,
                    certificate.not_before, certificate.not_after}));
        return append_next(tx, record, leaf);
    });
}

Result<std::vector<StoredCertificate>> SqliteStore::list(const Serial& after, std::size_t max) {
    std::vector<StoredCertificate> out;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(
            tx.query("SELECT serial, kind, name, not_before, not_after, revoked_at FROM"
                     " certificates WHERE serial > ?1 ORDER BY serial LIMIT ?2",
                     {after, max}, [&](const Row& row) { out.push_back(certificate_of(row)); }));
        return {};
    }));
    return out;
}

Result<StoredCertificate> SqliteStore::revoke(const Serial& serial, TimePoint now,
                                              const NewRecord& record) {
    const crypto::Digest leaf = crypto::merkle_leaf_hash(record.record);
    StoredCertificate found;
    IMECE_CHECK(database_->write([&](Tx& tx) -> Status {
        IMECE_TRY(const std::size_t known,
                  tx.query("SELECT serial, kind, name, not_before, not_after, revoked_at FROM"
                           " certificates WHERE serial = ?1",
                           {serial}, [&](const Row& row) { found = certificate_of(row); }));
        if (known == 0)
            return fail(ErrorCode::kNotFound, "CERTIFICATE_UNKNOWN",
                        "no certificate has this serial");
        if (found.revoked_at) return {};
        found.revoked_at = now;
        IMECE_CHECK(
            tx.run("UPDATE certificates SET revoked_at = ?2 WHERE serial = ?1", {serial, now}));
        return append_next(tx, record, leaf);
    }));
    return found;
}

Status SqliteStore::revoke_all_of(const CertificateName& name, TimePoint now,
                                  const NewRecord& record) {
    const crypto::Digest leaf = crypto::merkle_leaf_hash(record.record);
    return database_->write([&](Tx& tx) -> Status {
        IMECE_CHECK(
            tx.run("UPDATE certificates SET revoked_at = ?3"
                   " WHERE name = ?1 AND kind = ?2 AND revoked_at IS NULL",
                   {name.id, int(name.kind), now}));
        return append_record(tx, record, leaf);
    });
}

Result<std::vector<RevokedCertificate>> SqliteStore::revoked(TimePoint now) {
    std::vector<RevokedCertificate> out;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(
            tx.query("SELECT serial, revoked_at FROM certificates"
                     " WHERE revoked_at IS NOT NULL AND not_after > ?1 ORDER BY serial",
                     {now}, [&](const Row& row) {
                         out.push_back({row.fixed<std::tuple_size_v<Serial>>(0), row.time(1)});
                     }));
        return {};
    }));
    return out;
}

}  // namespace imece::security
