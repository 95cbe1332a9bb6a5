// Access tokens as JWT.
#pragma once

#include <string>

#include "identity/app/ports.h"
#include "runtime/auth/jwt.h"

namespace imece::identity {

class JwtSigner final : public TokenSigner {
public:
    /// `key` outlives this. `issuer` is the site's name.
    JwtSigner(const runtime::TokenKey& key, std::string issuer)
        : key_(key), issuer_(std::move(issuer)) {}
    std::string sign(const AccessClaims& claims) const override;

private:
    const runtime::TokenKey& key_;
    std::string issuer_;
};

}  // namespace imece::identity
