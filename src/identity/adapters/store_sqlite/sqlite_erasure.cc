// Giving out and erasing all that the store has of a user.
#include "base/result.h"
#include "identity/adapters/store_sqlite/sqlite_rows.h"
#include "identity/adapters/store_sqlite/sqlite_store.h"
#include "identity/domain/access.h"

namespace imece::identity {
namespace {

Result<std::vector<Device>> devices_of(Tx& tx, const UserId& owner) {
    std::vector<Device> devices;
    IMECE_CHECK(tx.query("SELECT " IMECE_DEVICE_COLUMNS
                         " FROM devices WHERE owner = ?1 ORDER BY id",
                         {owner}, [&](const Row& row) { devices.push_back(device_of(row)); }));
    return devices;
}

Status check_ins_of(Tx& tx, const std::string& recorder, std::vector<CheckInId>& out) {
    IMECE_CHECK(tx.query("SELECT id FROM check_ins WHERE recorded_by = ?1 ORDER BY id", {recorder},
                         [&](const Row& row) { out.push_back(row.id<CheckInId>(0)); }));
    return {};
}

Status forget_recorder(Tx& tx, const std::string& recorder) {
    IMECE_CHECK(tx.run("UPDATE check_ins SET recorded_by = '' WHERE recorded_by = ?1", {recorder}));
    return {};
}

/// The device stays, as a key that is refused.
Status disown(Tx& tx, const Device& device, TimePoint now) {
    IMECE_CHECK(forget_recorder(tx, actor_of(device.id)));
    IMECE_CHECK(tx.run("DELETE FROM sessions WHERE subject = ?1", {device.id}));
    IMECE_CHECK(tx.run("UPDATE devices SET owner = NULL, label = '', revoked_at = ?2 WHERE id = ?1",
                       {device.id, device.revoked_at.value_or(now)}));
    return {};
}

}  // namespace

Result<Holdings> SqliteStore::holdings(const UserId& id) {
    Holdings out;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_TRY(std::optional<User> user, select_user(tx, id));
        if (!user) return no_such_user();
        out.user = *std::move(user);
        IMECE_CHECK(tx.query(
            "SELECT " IMECE_SESSION_COLUMNS " FROM sessions WHERE subject = ?1 ORDER BY created_at",
            {id}, [&](const Row& row) { out.sessions.push_back(session_of(row)); }));
        IMECE_TRY(out.devices, devices_of(tx, id));
        IMECE_CHECK(
            tx.query("SELECT quota, used, expires_at FROM enrolment_tokens WHERE owner = ?1"
                     " ORDER BY expires_at",
                     {id}, [&](const Row& row) {
                         out.enrolment_tokens.push_back({.quota = std::uint32_t(row.integer(0)),
                                                         .used = std::uint32_t(row.integer(1)),
                                                         .expires_at = row.time(2),
                                                         .rights = {}});
                     }));
        IMECE_CHECK(check_ins_of(tx, actor_of(id), out.check_ins));
        for (const Device& device : out.devices)
            IMECE_CHECK(check_ins_of(tx, actor_of(device.id), out.check_ins));
        return {};
    }));
    return out;
}

Result<Erased> SqliteStore::erase_user(const UserId& id, TimePoint now, const NewEvent& event,
                                       const std::function<NewEvent(const DeviceId&)>& revoked) {
    Erased out;
    IMECE_CHECK(write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(const std::optional<User> user, select_user(tx, id));
        if (!user) return no_such_user();
        IMECE_CHECK(check_operator_left(tx, *user));
        IMECE_TRY(out.sessions, end_sessions_of(tx, id));
        IMECE_TRY(const std::vector<Device> devices, devices_of(tx, id));
        for (const Device& device : devices) {
            IMECE_CHECK(disown(tx, device, now));
            if (device.revoked_at) continue;
            out.devices.push_back({device.id, device.credential_until});
            IMECE_CHECK(append_event(tx, revoked(device.id)));
        }
        IMECE_CHECK(forget_recorder(tx, actor_of(id)));
        IMECE_CHECK(tx.run("DELETE FROM enrolment_tokens WHERE owner = ?1", {id}));
        IMECE_CHECK(tx.run("DELETE FROM users WHERE id = ?1", {id}));
        return append_event(tx, event);
    }));
    IMECE_CHECK(database_->scrub());
    return out;
}

}  // namespace imece::identity
