// What the process trusts: verification keys and what was revoked, as identity streams them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"
#include "crypto/crypto.h"
#include "runtime/auth/jwt.h"
#include "runtime/module.h"

namespace imece::trust::v1 {
class TrustBundle;
}

namespace imece::runtime {

struct TrustOptions {
    std::filesystem::path file;  ///< Keeps what was last known over a restart; empty: nothing does.
    /// How long a token is taken after its end while identity cannot be reached: nobody can get another then.
    Duration grace{0};
};

/// Thread-safe. Answers from memory; a failed stream to identity leaves what was last known.
class TrustStore {
public:
    explicit TrustStore(const Clock& clock, TrustOptions options = {});
    ~TrustStore();

    /// Replaces what is known. Verified tokens that it revokes are forgotten at once.
    void set(const imece::trust::v1::TrustBundle& bundle);
    /// Follows identity's WatchTrust until stop(), with capped, jittered back-off.
    void follow(Server& server, Random& random);
    void stop();

    /// Errors: kUnauthenticated TOKEN_INVALID, TOKEN_EXPIRED, TOKEN_REVOKED; kUnavailable
    /// KEYS_UNAVAILABLE. Cost: 61 µs for a new token, under 1 µs for one seen before.
    Result<TokenClaims> verify_token(std::string_view token);
    /// The key with which credentials of this id are signed. Errors: kPermissionDenied
    /// CREDENTIAL_INVALID.
    Result<crypto::PublicKey> credential_key(std::string_view key_id) const;
    bool is_revoked(const DeviceId& device) const;
    /// Grows with each set(): who caches a decision asks whether it still holds.
    std::uint64_t version() const;

private:
    void keep(const imece::trust::v1::TrustBundle& bundle) const;
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace imece::runtime
