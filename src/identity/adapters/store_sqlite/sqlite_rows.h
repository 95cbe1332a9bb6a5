// Statements that several parts of the store share. Only this folder includes it.
#pragma once

#include "identity/app/ports.h"
#include "runtime/sql/database.h"

namespace imece::identity {

using runtime::sql::Row;
using runtime::sql::Tx;

/// Columns of SELECTs that read a whole thing; in the order in which the functions below take them.
#define IMECE_USER_COLUMNS "id, name, roles, created_at"
#define IMECE_DEVICE_COLUMNS                                                             \
    "id, public_key, label, classes, network_roles, owner, enrolled_at, enrolled_with, " \
    "credential_until, revoked_at"

User user_of(const Row& row);
Device device_of(const Row& row);

/// Null stands for nobody.
inline std::optional<UserId> maybe(const UserId& id) {
    return id.empty() ? std::nullopt : std::optional(id);
}

/// The next position; drops what `event` supersedes and is old.
Status append_event(Tx& tx, const NewEvent& event);
/// Stores a session; drops a few that have expired and the oldest beyond the subject's limit.
Status insert_session(Tx& tx, const Session& session, const Limits& limits);
Result<std::optional<Device>> select_device(Tx& tx, const DeviceId& id);
std::unexpected<Error> no_such_device();

}  // namespace imece::identity
