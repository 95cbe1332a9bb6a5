#include "base/result.h"
#include "identity/adapters/store_sqlite/sqlite_rows.h"
#include "identity/adapters/store_sqlite/sqlite_store.h"

namespace imece::identity {
namespace {

std::unexpected<Error> not_the_link() {
    return fail(ErrorCode::kPermissionDenied, "SETUP_TOKEN_INVALID",
                "the set-up link is wrong or was used");
}

Result<bool> any_user(Tx& tx) {
    IMECE_TRY(const std::size_t rows,
              tx.query("SELECT 1 FROM users LIMIT 1", {}, [](const Row&) {}));
    return rows > 0;
}

Result<std::optional<crypto::Digest>> waiting_token(Tx& tx) {
    std::optional<crypto::Digest> hash;
    IMECE_CHECK(tx.query("SELECT token_hash FROM setup", {},
                         [&](const Row& row) { hash = row.fixed<32>(0); }));
    return hash;
}

Status insert_user(Tx& tx, const UserRecord& record, const NewEvent& event) {
    const User& user = record.user;
    IMECE_TRY(const std::size_t same_name,
              tx.query("SELECT 1 FROM users WHERE name = ?1", {user.name}, [](const Row&) {}));
    if (same_name > 0)
        return fail(ErrorCode::kAlreadyExists, "USER_NAME_TAKEN", "another user has this name");
    IMECE_CHECK(tx.run("INSERT INTO users(" IMECE_USER_COLUMNS
                       ", password_hash) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                       {user.id, user.name, user.roles.bits(), user.created_at, user.disabled_at,
                        record.password_hash}));
    return append_event(tx, event);
}

}  // namespace

User user_of(const Row& row) {
    User user{.id = row.id<UserId>(0),
              .name = std::string(row.text(1)),
              .roles = EnumSet<Role>::from_bits(std::uint32_t(row.integer(2))),
              .created_at = row.time(3),
              .disabled_at = {}};
    if (!row.is_null(4)) user.disabled_at = row.time(4);
    return user;
}

Status check_operator_left(Tx& tx, const User& user) {
    if (user.disabled_at || !user.roles.has(Role::kOperator)) return {};
    IMECE_TRY(const std::size_t others,
              tx.query("SELECT 1 FROM users WHERE roles & ?2 <> 0 AND disabled_at IS NULL"
                       " AND id <> ?1 LIMIT 1",
                       {user.id, EnumSet<Role>{Role::kOperator}.bits()}, [](const Row&) {}));
    if (others > 0) return {};
    return fail(ErrorCode::kFailedPrecondition, "LAST_OPERATOR",
                "no other operator of the site may sign in");
}

std::unexpected<Error> no_such_user() {
    return fail(ErrorCode::kNotFound, "USER_UNKNOWN", "no user has this id");
}

Result<std::optional<User>> select_user(Tx& tx, const UserId& id) {
    std::optional<User> user;
    IMECE_CHECK(tx.query("SELECT " IMECE_USER_COLUMNS " FROM users WHERE id = ?1", {id},
                         [&](const Row& row) { user = user_of(row); }));
    return user;
}

Result<bool> SqliteStore::has_users() {
    bool has = false;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_TRY(has, any_user(tx));
        return {};
    }));
    return has;
}

Result<std::optional<crypto::Digest>> SqliteStore::setup_token() {
    std::optional<crypto::Digest> hash;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_TRY(hash, waiting_token(tx));
        return {};
    }));
    return hash;
}

Status SqliteStore::offer_setup(const crypto::Digest& token_hash) {
    return database_->write([&](Tx& tx) -> Status {
        IMECE_TRY(const bool too_late, any_user(tx));
        if (too_late) return not_the_link();
        IMECE_CHECK(tx.run("INSERT OR REPLACE INTO setup(only_one, token_hash) VALUES(1, ?1)",
                           {token_hash}));
        return {};
    });
}

Status SqliteStore::set_up(const crypto::Digest& token_hash, const UserRecord& first,
                           const NewEvent& event) {
    return write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(const bool too_late, any_user(tx));
        IMECE_TRY(const std::optional<crypto::Digest> waiting, waiting_token(tx));
        if (too_late || !waiting || !equal_in_constant_time(*waiting, token_hash))
            return not_the_link();
        IMECE_CHECK(tx.run("DELETE FROM setup"));
        return insert_user(tx, first, event);
    });
}

Status SqliteStore::add_user(const UserRecord& user, const NewEvent& event) {
    return write_and_tell([&](Tx& tx) { return insert_user(tx, user, event); });
}

Result<User> SqliteStore::find_user(const UserId& id) {
    std::optional<User> user;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_TRY(user, select_user(tx, id));
        return {};
    }));
    if (!user) return no_such_user();
    return *std::move(user);
}

Result<std::optional<UserRecord>> SqliteStore::find_login(const std::string& name) {
    std::optional<UserRecord> found;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(tx.query(
            "SELECT " IMECE_USER_COLUMNS ", password_hash FROM users WHERE name = ?1", {name},
            [&](const Row& row) { found = UserRecord{user_of(row), std::string(row.text(5))}; }));
        return {};
    }));
    return found;
}

Result<std::vector<User>> SqliteStore::list_users(const Page& page) {
    std::vector<User> users;
    IMECE_CHECK(database_->read([&](Tx& tx) -> Status {
        IMECE_CHECK(tx.query(
            "SELECT " IMECE_USER_COLUMNS " FROM users WHERE id > ?1 ORDER BY id LIMIT ?2",
            {page.after, page.size}, [&](const Row& row) { users.push_back(user_of(row)); }));
        return {};
    }));
    return users;
}

Result<Disabled> SqliteStore::disable_user(const UserId& id, TimePoint now, const NewEvent& event) {
    Disabled out;
    IMECE_CHECK(write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(std::optional<User> user, select_user(tx, id));
        if (!user) return no_such_user();
        out.user = *std::move(user);
        if (out.user.disabled_at) return {};
        IMECE_CHECK(check_operator_left(tx, out.user));
        out.user.disabled_at = now;
        IMECE_CHECK(tx.run("UPDATE users SET disabled_at = ?2 WHERE id = ?1", {id, now}));
        IMECE_TRY(out.sessions, end_sessions_of(tx, id));
        return append_event(tx, event);
    }));
    return out;
}

Result<User> SqliteStore::enable_user(const UserId& id, const NewEvent& event) {
    User out;
    IMECE_CHECK(write_and_tell([&](Tx& tx) -> Status {
        IMECE_TRY(std::optional<User> user, select_user(tx, id));
        if (!user) return no_such_user();
        out = *std::move(user);
        if (!out.disabled_at) return {};
        out.disabled_at.reset();
        IMECE_CHECK(tx.run("UPDATE users SET disabled_at = NULL WHERE id = ?1", {id}));
        return append_event(tx, event);
    }));
    return out;
}

}  // namespace imece::identity
