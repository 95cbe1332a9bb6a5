#include "identity/adapters/rpc/jwt_signer.h"

#include "imece/type/v1/types.pb.h"

namespace imece::identity {

std::string JwtSigner::sign(const AccessClaims& claims) const {
    std::vector<std::string> roles;
    for (const Role role : claims.roles.items())
        roles.push_back(imece::type::v1::Role_Name(int(role)));
    return key_.sign({.issuer = issuer_,
                      .subject = claims.subject.text(),
                      .kind = claims.subject.kind == Subject::Kind::kUser ? "user" : "device",
                      .session_id = to_text(claims.session),
                      .roles = std::move(roles),
                      .carrier = claims.carrier,
                      .issued_at = claims.issued_at,
                      .expires_at = claims.expires_at});
}

}  // namespace imece::identity
