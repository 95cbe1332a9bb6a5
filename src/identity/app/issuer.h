// Making tokens, credentials and events: what several use cases do alike.
#pragma once

#include "identity/app/ports.h"
#include "identity/domain/access.h"

namespace imece::identity {

/// A call as the use cases see it.
struct CallContext {
    Caller caller;
    SteadyPoint deadline;
    std::string trace_parent;
};

/// 32 random bytes that somebody carries as text, and what we keep of them.
struct Secret {
    std::string text;       ///< base64url.
    crypto::Digest hash{};  ///< SHA-256 of the text.
};
Secret make_secret(Random& random);
crypto::Digest secret_hash(std::string_view text);

/// What somebody who signs in gets.
struct IssuedSession {
    std::string access_token;
    TimePoint access_expires_at;
    std::string refresh_token;
    TimePoint refresh_expires_at;
    Subject subject;
};

/// Thread-safe; signs on the caller's thread, under no lock.
class Issuer {
public:
    struct Deps {
        const Clock& clock;
        Random& random;
        const TokenSigner& tokens;
        const crypto::SigningKey& credential_key;
        const Wire& wire;
    };
    Issuer(Deps deps, const Limits& limits);

    const Limits& limits() const { return limits_; }
    const Clock& clock() const { return deps_.clock; }
    Random& random() const { return deps_.random; }
    const Wire& wire() const { return deps_.wire; }
    /// Names the credential key: the first 16 hex digits of SHA-256(public key).
    const std::string& credential_key_id() const { return credential_key_id_; }

    /// The tokens of `session` as it is at `now`, with the rights of its holder.
    IssuedSession session(const Session& session, std::string refresh_text, EnumSet<Role> roles,
                          bool carrier, TimePoint now) const;
    SignedCredential credential(const Credential& credential) const;
    NewEvent event(std::string type, std::string subject, const CallContext& call,
                   std::string data) const;
    /// "device.enrolled.v1" with the credential.
    NewEvent device_enrolled(const Device& device, const SignedCredential& credential,
                             const CallContext& call) const;

private:
    Deps deps_;
    Limits limits_;
    std::string credential_key_id_;
};

/// The first 16 hex digits of SHA-256(key).
std::string key_id_of(const crypto::PublicKey& key);

}  // namespace imece::identity
