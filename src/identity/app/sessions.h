// Signing users in, keeping them signed in, signing them out.
#pragma once

#include <mutex>

#include "identity/app/issuer.h"
#include "identity/domain/login_throttle.h"

namespace imece::identity {

class Login {
public:
    struct Deps {
        IdentityStore& store;
        PasswordHasher& passwords;
        const Issuer& issuer;
    };
    Login(Deps deps, const LoginThrottle::Options& throttle) : deps_(deps), throttle_(throttle) {}
    /// A name that is not known takes the same time and gives the same answer as a wrong password.
    /// Errors: kUnauthenticated LOGIN_REFUSED; kResourceExhausted LOGIN_BUSY, also after several
    /// failures with this name.
    Result<IssuedSession> operator()(const CallContext& call, const std::string& name,
                                     const std::string& password);

private:
    Deps deps_;
    std::mutex mutex_;
    LoginThrottle throttle_;
};

/// Exchanges a refresh token, once, for fresh tokens of the same session.
class RefreshSession {
public:
    struct Deps {
        IdentityStore& store;
        const Issuer& issuer;
        TrustNews& news;
    };
    explicit RefreshSession(Deps deps) : deps_(deps) {}
    /// A token that was exchanged before ends its session, except right after the exchange, when
    /// the answer may have been lost. Errors: kUnauthenticated REFRESH_REFUSED.
    Result<IssuedSession> operator()(const std::string& refresh_token) const;

private:
    Result<IssuedSession> issue(const Session& session, std::string refresh_text,
                                TimePoint now) const;
    Deps deps_;
};

/// Ends the caller's session. Safe to repeat; a caller without a session has nothing to end.
class Logout {
public:
    struct Deps {
        IdentityStore& store;
        TrustNews& news;
    };
    explicit Logout(Deps deps) : deps_(deps) {}
    Status operator()(const CallContext& call) const;

private:
    Deps deps_;
};

}  // namespace imece::identity
