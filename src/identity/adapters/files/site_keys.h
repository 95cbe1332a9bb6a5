// The site's two signing keys, made at the first start.
#pragma once

#include <filesystem>

#include "base/random.h"
#include "crypto/crypto.h"
#include "runtime/auth/jwt.h"

namespace imece::identity {

struct SiteKeys {
    runtime::TokenKey token;        ///< Signs access tokens: "token.key", PKCS#8.
    crypto::SigningKey credential;  ///< Signs device credentials: "credential.key", the seed.
};

/// Reads both from `directory`, or makes those that are absent. A damaged one is never replaced: every
/// credential of the site hangs on it.
/// Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED.
Result<SiteKeys> open_site_keys(const std::filesystem::path& directory, Random& random);

}  // namespace imece::identity
