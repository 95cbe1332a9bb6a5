#include "base/result.h"
#include "identity/adapters/store_sqlite/sqlite_rows.h"
#include "identity/adapters/store_sqlite/sqlite_store.h"

namespace imece::identity {
namespace {

constexpr Duration kExpiredTokensKept = std::chrono::days(30);

Rights rights_of(const Row& row, std::size_t first) {
    Rights rights{
        .classes = EnumSet<Priority>::from_bits(std::uint32_t(row.integer(first))),
        .network_roles = EnumSet<NetworkRole>::from_bits(std::uint32_t(row.integer(first + 1)))};
    if (!row.is_null(first + 2)) rights.owner = row.id<UserId>(first + 2);
    return rights;
}

std::unexpected<Error> unknown_token() {
    return fail(ErrorCode::kPermissionDenied, "ENROLMENT_REFUSED",
                "the enrolment token is not known");
}

Result<std::optional<EnrolmentToken>> select_token(Tx& tx, const crypto::Digest& hash) {
    std::optional<EnrolmentToken> token;
    IMECE_CHECK(
        tx.query("SELECT hash, quota, used, expires_at, classes, network_roles, owner"
                 " FROM enrolment_tokens WHERE hash = ?1",
                 {hash}, [&](const Row& row) {
                     token = EnrolmentToken{.hash = row.fixed<32>(0),
                                            .quota = std::uint32_t(row.integer(1)),
                                            .used = std::uint32_t(row.integer(2)),
                                            .expires_at = row.time(3),
                                            .rights = rights_of(row, 4)};
                 }));
    return token;
}

Status insert_device(Tx& tx, const Device& device) {
    IMECE_CHECK(
        tx.run("INSERT INTO devices(" IMECE_DEVICE_COLUMNS
               ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
               {device.id, device.public_key, device.label, device.rights.classes.bits(),
                device.rights.network_roles.bits(), maybe(device.rights.owner), device.enrolled_at,
                device.enrolled_with, device.credential_until, device.revoked_at}));
    return {};
}

Status update_device(Tx& tx, const Device& device) {
    IMECE_CHECK(
        tx.run("UPDATE devices SET classes = ?2, network_roles = ?3, owner = ?4,"
               " enrolled_with = ?5, credential_until = ?6, revoked_at = ?7 WHERE id = ?1",
               {device.id, device.rights.classes.bits(), device.rights.network_roles.bits(),
                maybe(device.rights.owner), device.enrolled_with, device.credential_until,
                device.revoked_at}));
    return {};
}

}  // namespace

Device device_of(const Row& row) {
    Device device{.id = row.id<DeviceId>(0),
                  .public_key = row.fixed<32>(1),
                  .label = std::string(row.text(2)),
                  .rights = rights_of(row, 3),
                  .enrolled_at = row.time(6),
                  .enrolled_with = row.fixed<32>(7),
                  .credential_until = row.time(8)};
    if (!row.is_null(9)) device.revoked_at = row.time(9);
    return device;
}

std::unexpected<Error> no_such_device() {
    return fail(ErrorCode::kNotFound, "DEVICE_UNKNOWN", "no device has this id");
}

Result<std::optional<Device>> select_device(Tx& tx, const DeviceId& id) {
    std::optional<Device> device;
    IMECE_CHECK(tx.query("SELECT " IMECE_DEVICE_COLUMNS " FROM devices WHERE id = ?1", {id},
                         [&](const Row& row) { device = device_of(row); }));
    return device;
}

Status SqliteStore::add_enrolment_token(const EnrolmentToken& token, TimePoint now) {
    return database_->write([&](Tx& tx) -> Status {
        IMECE_CHECK(tx.run("DELETE FROM enrolment_tokens WHERE expires_at < ?1",
                           {now - kExpiredTokensKept}));
        IMECE_CHECK(tx.run(
            "INSERT INTO enrolment_tokens(hash, quota, used, expires_at, classes,"
            " network_roles, owner) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            {token.hash, token.quota, token.used, token.expires_at, token.rights.classes.bits(),
             token.rights.network_roles.bits(), maybe(token.rights.owner)}));
        return {};
    });
}

Result<EnrolmentToken> SqliteStore::find_enrolment_token(const crypto::Digest& hash) {
    std::optional<EnrolmentToken> token;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_TRY(token, select_token(tx, hash));
        return {};
    }));
    if (!token) return unknown_token();
    return *std::move(token);
}

Result<Device> SqliteStore::enrol(const Device& wanted, TimePoint now, const NewEvent& event) {
    Device device = wanted;
    IMECE_CHECK(write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(const std::optional<EnrolmentToken> token,
                  select_token(tx, wanted.enrolled_with));
        if (!token) return unknown_token();
        IMECE_TRY(const std::optional<Device> known, select_device(tx, wanted.id));
        IMECE_TRY(const Enrolment enrolment,
                  judge_enrolment(*token, known ? &*known : nullptr, now));
        if (enrolment != Enrolment::kRepeated)
            IMECE_CHECK(tx.run("UPDATE enrolment_tokens SET used = used + 1 WHERE hash = ?1",
                               {token->hash}));
        if (known) {
            device.label = known->label;
            device.enrolled_at = known->enrolled_at;
            device.credential_until = std::max(known->credential_until, wanted.credential_until);
            IMECE_CHECK(update_device(tx, device));
        } else {
            IMECE_CHECK(insert_device(tx, device));
        }
        return append_event(tx, event);
    }));
    return device;
}

Result<Device> SqliteStore::find_device(const DeviceId& id) {
    std::optional<Device> device;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_TRY(device, select_device(tx, id));
        return {};
    }));
    if (!device) return no_such_device();
    return *std::move(device);
}

Result<std::vector<Device>> SqliteStore::list_devices(const Page& page) {
    std::vector<Device> devices;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(tx.query(
            "SELECT " IMECE_DEVICE_COLUMNS " FROM devices WHERE id > ?1 ORDER BY id LIMIT ?2",
            {page.after, page.size}, [&](const Row& row) { devices.push_back(device_of(row)); }));
        return {};
    }));
    return devices;
}

Status SqliteStore::sign_in_device(const Session& session, TimePoint credential_until,
                                   const NewEvent& event, const Limits& limits) {
    return write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(std::optional<Device> device, select_device(tx, session.subject.device()));
        if (!device) return no_such_device();
        if (device->revoked_at)
            return fail(ErrorCode::kPermissionDenied, "DEVICE_REVOKED", "this device was revoked");
        IMECE_CHECK(tx.run("UPDATE devices SET credential_until = ?2 WHERE id = ?1",
                           {device->id, std::max(device->credential_until, credential_until)}));
        IMECE_CHECK(insert_session(tx, session, limits));
        return append_event(tx, event);
    });
}

Result<Revoked> SqliteStore::revoke_device(const DeviceId& id, TimePoint now,
                                           const NewEvent& event) {
    Revoked out;
    IMECE_CHECK(write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(std::optional<Device> device, select_device(tx, id));
        if (!device) return no_such_device();
        out.device = *std::move(device);
        if (out.device.revoked_at) return {};
        out.newly = true;
        out.device.revoked_at = now;
        IMECE_CHECK(update_device(tx, out.device));
        // Its access tokens are refused by the device's id.
        IMECE_CHECK(tx.run("DELETE FROM sessions WHERE subject = ?1", {id}));
        return append_event(tx, event);
    }));
    return out;
}

Result<Revocations> SqliteStore::revocations(TimePoint now) {
    Revocations out;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(tx.query(
            "SELECT id, credential_until FROM devices"
            " WHERE revoked_at IS NOT NULL AND credential_until > ?1",
            {now},
            [&](const Row& row) { out.devices.push_back({row.id<DeviceId>(0), row.time(1)}); }));
        IMECE_CHECK(tx.query(
            "SELECT id, until FROM revoked_sessions WHERE until > ?1", {now},
            [&](const Row& row) { out.sessions.push_back({row.id<SessionId>(0), row.time(1)}); }));
        return {};
    }));
    return out;
}

}  // namespace imece::identity
