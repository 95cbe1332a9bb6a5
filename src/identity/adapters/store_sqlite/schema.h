// The steps of identity's schema: only added to, never edited. Only this folder includes it.
#pragma once

#include "runtime/sql/database.h"

namespace imece::identity {

/// Times are unix milliseconds; sets are bit masks by enumerator number; ids and hashes are blobs.
inline constexpr runtime::sql::Migration kFirstSchema{1, "first", R"sql(
CREATE TABLE setup(
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    token_hash BLOB NOT NULL
) STRICT;

CREATE TABLE users(
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    roles INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    password_hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions(
    id BLOB PRIMARY KEY,
    subject_kind INTEGER NOT NULL,
    subject BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    current_hash BLOB NOT NULL,
    previous_hash BLOB,
    rotated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    access_until INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_subject ON sessions(subject, created_at);
CREATE INDEX sessions_by_expiry ON sessions(expires_at);

-- Every refresh token of a session that has not expired, used or not: a second use is found here.
CREATE TABLE session_tokens(
    hash BLOB PRIMARY KEY,
    session BLOB NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
    issued_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_tokens_by_session ON session_tokens(session, issued_at);

-- Ended before their time; kept until the last access token has run out.
CREATE TABLE revoked_sessions(
    id BLOB PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_sessions_by_time ON revoked_sessions(until);

CREATE TABLE enrolment_tokens(
    hash BLOB PRIMARY KEY,
    quota INTEGER NOT NULL,
    used INTEGER NOT NULL CHECK (used <= quota),
    expires_at INTEGER NOT NULL,
    classes INTEGER NOT NULL,
    network_roles INTEGER NOT NULL,
    owner BLOB REFERENCES users(id)
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolment_tokens_by_expiry ON enrolment_tokens(expires_at);

CREATE TABLE devices(
    id BLOB PRIMARY KEY,
    public_key BLOB NOT NULL,
    label TEXT NOT NULL,
    classes INTEGER NOT NULL,
    network_roles INTEGER NOT NULL,
    owner BLOB REFERENCES users(id),
    enrolled_at INTEGER NOT NULL,
    enrolled_with BLOB NOT NULL,
    credential_until INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_revoked ON devices(credential_until) WHERE revoked_at IS NOT NULL;

CREATE TABLE desks(
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    public_key BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE desk_devices(
    desk BLOB NOT NULL REFERENCES desks(id),
    device BLOB NOT NULL REFERENCES devices(id),
    PRIMARY KEY (desk, device)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: a position is never given twice, also after the newest row was dropped.
CREATE TABLE outbox(
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    at INTEGER NOT NULL,
    trace_parent TEXT NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE INDEX outbox_by_subject ON outbox(subject, type, at);
)sql"};

inline constexpr runtime::sql::Migration kEventsHaveActors{2, "events_have_actors", R"sql(
ALTER TABLE outbox ADD COLUMN actor TEXT NOT NULL DEFAULT '';
)sql"};

inline constexpr runtime::sql::Migration kUsersCanBeDisabled{3, "users_can_be_disabled", R"sql(
ALTER TABLE users ADD COLUMN disabled_at INTEGER;
CREATE INDEX devices_by_owner ON devices(owner) WHERE owner IS NOT NULL;
)sql"};

inline constexpr runtime::sql::Migration kCheckIns{4, "check_ins", R"sql(
CREATE TABLE check_ins(
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    phone TEXT NOT NULL,
    wellbeing INTEGER NOT NULL,
    place TEXT NOT NULL,
    note TEXT NOT NULL,
    at INTEGER NOT NULL,
    recorded_by TEXT NOT NULL,
    salt BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX check_ins_by_phone ON check_ins(phone, at) WHERE phone <> '';
CREATE INDEX check_ins_by_time ON check_ins(at);
CREATE INDEX check_ins_by_recorder ON check_ins(recorded_by);

-- The words of the names, in plain small letters.
CREATE TABLE check_in_words(
    word TEXT NOT NULL,
    check_in BLOB NOT NULL REFERENCES check_ins(id) ON DELETE CASCADE,
    PRIMARY KEY (word, check_in)
) STRICT, WITHOUT ROWID;
CREATE INDEX check_in_words_by_check_in ON check_in_words(check_in);

-- The chain keeps what these ids stood for: they are not given again.
CREATE TABLE forgotten_check_ins(
    id BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TRIGGER check_ins_are_forgotten AFTER DELETE ON check_ins
BEGIN
    INSERT INTO forgotten_check_ins(id) VALUES(old.id);
END;
)sql"};

}  // namespace imece::identity
