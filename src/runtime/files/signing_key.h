// An Ed25519 key that the process made itself at its first start.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "base/random.h"
#include "crypto/crypto.h"

namespace imece::runtime {

/// Reads the key's seed from the private file `path`, or makes key and file where it is absent. A damaged file is
/// never replaced: what the key has signed hangs on it.
/// Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED.
Result<crypto::SigningKey> open_signing_key(const std::filesystem::path& path, Random& random);

}  // namespace imece::runtime
