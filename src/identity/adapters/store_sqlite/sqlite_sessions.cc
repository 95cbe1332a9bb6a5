#include "base/result.h"
#include "identity/adapters/store_sqlite/sqlite_rows.h"
#include "identity/adapters/store_sqlite/sqlite_store.h"

namespace imece::identity {
namespace {

/// How many outdated rows each write clears away. More than one row comes with a write, so what is
/// outdated never piles up, and no write ever has much to clear.
constexpr int kClearedAtOnce = 4;

Result<std::optional<Session>> session_with_token(Tx& tx, const crypto::Digest& hash) {
    std::optional<Session> session;
    IMECE_CHECK(
        tx.query("SELECT s.id, subject_kind, subject, created_at, current_hash, previous_hash,"
                 " rotated_at, expires_at, access_until"
                 " FROM session_tokens AS t JOIN sessions AS s ON s.id = t.session"
                 " WHERE t.hash = ?1",
                 {hash}, [&](const Row& row) { session = session_of(row); }));
    return session;
}

Status insert_token(Tx& tx, const crypto::Digest& hash, const SessionId& session, TimePoint now) {
    IMECE_CHECK(tx.run("INSERT INTO session_tokens(hash, session, issued_at) VALUES(?1, ?2, ?3)",
                       {hash, session, now}));
    return {};
}

Status end_session(Tx& tx, const SessionId& id, TimePoint access_until) {
    IMECE_CHECK(tx.run("INSERT OR REPLACE INTO revoked_sessions(id, until) VALUES(?1, ?2)",
                       {id, access_until}));
    IMECE_CHECK(tx.run("DELETE FROM sessions WHERE id = ?1", {id}));
    return {};
}

Status keep_rotation(Tx& tx, const Session& session, TimePoint now, const Limits& limits) {
    IMECE_CHECK(
        tx.run("UPDATE sessions SET current_hash = ?2, previous_hash = ?3, rotated_at = ?4,"
               " expires_at = ?5, access_until = ?6 WHERE id = ?1",
               {session.id, session.current, session.previous, session.rotated_at,
                session.expires_at, session.access_until}));
    IMECE_CHECK(insert_token(tx, session.current, session.id, now));
    // An expired token is refused whether it is known or not.
    IMECE_CHECK(tx.run("DELETE FROM session_tokens WHERE session = ?1 AND issued_at < ?2",
                       {session.id, now - limits.refresh_ttl}));
    return {};
}

}  // namespace

Session session_of(const Row& row) {
    Session session{.id = row.id<SessionId>(0),
                    .subject = {Subject::Kind(row.integer(1)), row.fixed<16>(2)},
                    .created_at = row.time(3),
                    .current = row.fixed<32>(4),
                    .rotated_at = row.time(6),
                    .expires_at = row.time(7),
                    .access_until = row.time(8)};
    if (!row.is_null(5)) session.previous = row.fixed<32>(5);
    return session;
}

Result<std::vector<Revocations::OfSession>> end_sessions_of(Tx& tx, const UserId& user) {
    std::vector<Revocations::OfSession> ended;
    IMECE_CHECK(
        tx.query("SELECT id, access_until FROM sessions WHERE subject = ?1", {user},
                 [&](const Row& row) { ended.push_back({row.id<SessionId>(0), row.time(1)}); }));
    for (const auto& [id, until] : ended) IMECE_CHECK(end_session(tx, id, until));
    return ended;
}

Status insert_session(Tx& tx, const Session& session, const Limits& limits) {
    IMECE_CHECK(
        tx.run("DELETE FROM sessions WHERE id IN"
               " (SELECT id FROM sessions WHERE expires_at < ?1 LIMIT ?2)",
               {session.created_at, kClearedAtOnce}));
    IMECE_CHECK(
        tx.run("DELETE FROM revoked_sessions WHERE id IN"
               " (SELECT id FROM revoked_sessions WHERE until < ?1 LIMIT ?2)",
               {session.created_at, kClearedAtOnce}));
    IMECE_CHECK(
        tx.run("DELETE FROM sessions WHERE id IN (SELECT id FROM sessions"
               " WHERE subject = ?1 ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?2)",
               {session.subject.id, limits.sessions_per_subject - 1}));
    IMECE_CHECK(
        tx.run("INSERT INTO sessions(id, subject_kind, subject, created_at, current_hash,"
               " previous_hash, rotated_at, expires_at, access_until)"
               " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
               {session.id, int(session.subject.kind), session.subject.id, session.created_at,
                session.current, session.previous, session.rotated_at, session.expires_at,
                session.access_until}));
    return insert_token(tx, session.current, session.id, session.created_at);
}

Status SqliteStore::add_session(const Session& session, const Limits& limits) {
    return database_->write([&](Tx& tx) -> Status {
        if (session.subject.kind == Subject::Kind::kUser) {
            IMECE_TRY(const auto user, select_user(tx, session.subject.user()));
            if (!user || user->disabled_at)
                return fail(ErrorCode::kUnauthenticated, "LOGIN_REFUSED",
                            "name or password is wrong");
        }
        return insert_session(tx, session, limits);
    });
}

Result<std::vector<Revocations::OfSession>> SqliteStore::revoke_sessions(const UserId& user) {
    std::vector<Revocations::OfSession> ended;
    IMECE_CHECK(database_->write([&](Tx& tx) -> Status {
        IMECE_TRY(const auto known, select_user(tx, user));
        if (!known) return no_such_user();
        IMECE_TRY(ended, end_sessions_of(tx, user));
        return {};
    }));
    return ended;
}

Result<Refreshed> SqliteStore::refresh_session(const crypto::Digest& presented,
                                               const crypto::Digest& next, TimePoint now,
                                               const Limits& limits) {
    Refreshed out;
    IMECE_CHECK(database_->write([&](Tx& tx) -> Status {
        IMECE_TRY(std::optional<Session> session, session_with_token(tx, presented));
        if (!session)
            return fail(ErrorCode::kUnauthenticated, "REFRESH_REFUSED",
                        "the refresh token is not known");
        out.verdict = refresh(*session, presented, next, now, limits);
        out.session = *session;
        switch (out.verdict) {
            case Refresh::kRotated:
            case Refresh::kRepeated: return keep_rotation(tx, *session, now, limits);
            case Refresh::kReused: return end_session(tx, session->id, session->access_until);
            case Refresh::kExpired: return {};
        }
        return {};
    }));
    return out;
}

Result<std::optional<TimePoint>> SqliteStore::revoke_session(const SessionId& id) {
    std::optional<TimePoint> until;
    IMECE_CHECK(database_->write([&](Tx& tx) -> Status {
        IMECE_CHECK(tx.query("SELECT access_until FROM sessions WHERE id = ?1", {id},
                             [&](const Row& row) { until = row.time(0); }));
        return until ? end_session(tx, id, *until) : Status();
    }));
    return until;
}

}  // namespace imece::identity
