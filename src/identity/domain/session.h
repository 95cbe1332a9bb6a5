// Sessions and the rotation of their refresh tokens.
#pragma once

#include "identity/domain/values.h"

namespace imece::identity {

/// A signed-in user or device. All refresh tokens that descend from one sign-in are one family:
/// this record. Only their hashes are known here.
struct Session {
    SessionId id;
    Subject subject;
    TimePoint created_at;
    crypto::Digest current{};                ///< The one token that may be used now.
    std::optional<crypto::Digest> previous;  ///< The one that was exchanged last.
    TimePoint rotated_at;                    ///< When `previous` was exchanged first.
    TimePoint expires_at;                    ///< Of the current refresh token.
    TimePoint access_until;                  ///< When the last access token of the family runs out.
    friend bool operator==(const Session&, const Session&) = default;
};

/// A session that begins at `now`. Access tokens end on whole seconds, as JWT writes them.
Session begin_session(SessionId id, const Subject& subject, const crypto::Digest& refresh,
                      TimePoint now, const Limits& limits);

enum class Refresh {
    kRotated,   ///< `next` is the current token now.
    kRepeated,  ///< The answer of the last rotation was lost: `next` takes the place of its token.
    kExpired,   ///< Too late; nothing changed.
    kReused,    ///< A token that was exchanged before is in two hands: the family must end.
};

/// One step of a session: somebody presents `presented`, a token of this family, and would get
/// `next`. After a repeat the token that the lost answer carried counts as exchanged, so that a
/// thief and the owner who hold one each are found out.
Refresh refresh(Session& session, const crypto::Digest& presented, const crypto::Digest& next,
                TimePoint now, const Limits& limits);

}  // namespace imece::identity
