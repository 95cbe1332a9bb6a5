// The site's certificate authority on OpenSSL: a root that signs one intermediate, and the intermediate that signs the rest.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "security/app/ports.h"

namespace imece::security {

/// Where the authority's keys and certificates lie, and what seals the root key.
struct AuthorityFiles {
    std::filesystem::path directory;  ///< Mode 0700.
    std::string site;                 ///< Named in the certificates; the trust domain.
    std::string passphrase;           ///< Seals root.key; empty: it lies there unsealed.
};

/// root.crt, root.key (PKCS#8, sealed by the passphrase), intermediate.crt and intermediate.key, made at the first start.
/// The root's key is needed only to make the next intermediate: it may be taken away.
///
/// Times are of the wall clock, also in an exercise whose clock runs faster: peers outside judge them. P-256 with SHA-256.
/// An intermediate that has less than 60 days is renewed where the root's key can be read.
/// Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED; kFailedPrecondition CA_KEY_SEALED when there is no intermediate, and
/// the root's key is away or sealed by another passphrase.
Result<std::unique_ptr<CertificateAuthority>> open_authority(const AuthorityFiles& files,
                                                             TimePoint now);

/// Moves root.key from `directory` to the file `out`, which must not be there, sealed by another passphrase (not empty). It is durable and
/// read back there before it goes from here. Errors: those of open_authority(); kInvalidArgument FILE_UNUSABLE.
Status move_root_key(const std::filesystem::path& directory, const std::string& passphrase,
                     const std::filesystem::path& out, const std::string& new_passphrase);

/// How the root's key lies in `directory`.
enum class RootKey { kNone, kUnsealed, kSealed };
RootKey root_key_in(const std::filesystem::path& directory);

}  // namespace imece::security
