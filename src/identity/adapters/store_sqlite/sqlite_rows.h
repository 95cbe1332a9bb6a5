// Statements that several parts of the store share. Only this folder includes it.
#pragma once

#include "identity/app/ports.h"
#include "runtime/sql/database.h"

namespace imece::identity {

using runtime::sql::Row;
using runtime::sql::Tx;

/// Columns of SELECTs that read a whole thing; in the order in which the functions below take them.
#define IMECE_USER_COLUMNS "id, name, roles, created_at, disabled_at"
#define IMECE_SESSION_COLUMNS                                                          \
    "id, subject_kind, subject, created_at, current_hash, previous_hash, rotated_at, " \
    "expires_at, access_until"
#define IMECE_DEVICE_COLUMNS                                                             \
    "id, public_key, label, classes, network_roles, owner, enrolled_at, enrolled_with, " \
    "credential_until, revoked_at"

User user_of(const Row& row);
Session session_of(const Row& row);
Device device_of(const Row& row);

/// Null stands for nobody.
inline std::optional<UserId> maybe(const UserId& id) {
    return id.empty() ? std::nullopt : std::optional(id);
}

/// The next position; drops what `event` supersedes and is old.
Status append_event(Tx& tx, const NewEvent& event);
/// Stores a session; drops a few that have expired and the oldest beyond the subject's limit.
Status insert_session(Tx& tx, const Session& session, const Limits& limits);
/// Ends all sessions of a user, and gives until when their access tokens must be refused.
Result<std::vector<Revocations::OfSession>> end_sessions_of(Tx& tx, const UserId& user);
Result<std::optional<User>> select_user(Tx& tx, const UserId& id);
std::unexpected<Error> no_such_user();
/// Fails with LAST_OPERATOR when none but `user` would be left who may sign in.
Status check_operator_left(Tx& tx, const User& user);
Result<std::optional<Device>> select_device(Tx& tx, const DeviceId& id);
std::unexpected<Error> no_such_device();

}  // namespace imece::identity
