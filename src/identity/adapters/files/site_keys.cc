#include "identity/adapters/files/site_keys.h"

#include "base/result.h"
#include "runtime/files/private_file.h"
#include "runtime/files/signing_key.h"

namespace imece::identity {
namespace {

Result<runtime::TokenKey> open_token_key(const std::filesystem::path& path) {
    IMECE_TRY(const std::optional<std::string> stored, runtime::read_private_file(path));
    if (stored) {
        auto key = runtime::TokenKey::from_private_der(view_of(*stored));
        if (!key)
            return fail(ErrorCode::kDataLoss, "DATA_MALFORMED",
                        path.string() + " is no key of ours");
        return key;
    }
    runtime::TokenKey key = runtime::TokenKey::generate();
    IMECE_CHECK(runtime::write_private_file(path, text_of(key.private_der())));
    return key;
}

}  // namespace

Result<SiteKeys> open_site_keys(const std::filesystem::path& directory, Random& random) {
    IMECE_TRY(runtime::TokenKey token, open_token_key(directory / "token.key"));
    IMECE_TRY(const crypto::SigningKey credential,
              runtime::open_signing_key(directory / "credential.key", random));
    return SiteKeys{std::move(token), credential};
}

}  // namespace imece::identity
