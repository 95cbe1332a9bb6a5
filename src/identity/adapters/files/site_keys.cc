#include "identity/adapters/files/site_keys.h"

#include "base/result.h"
#include "identity/adapters/files/private_file.h"

namespace imece::identity {
namespace {

std::unexpected<Error> damaged(const std::filesystem::path& path) {
    return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", path.string() + " is no key of ours");
}

Result<runtime::TokenKey> open_token_key(const std::filesystem::path& path) {
    IMECE_TRY(const std::optional<std::string> stored, read_private_file(path));
    if (stored) {
        auto key = runtime::TokenKey::from_private_der(view_of(*stored));
        if (!key) return damaged(path);
        return key;
    }
    runtime::TokenKey key = runtime::TokenKey::generate();
    IMECE_CHECK(write_private_file(path, text_of(key.private_der())));
    return key;
}

Result<crypto::SigningKey> open_credential_key(const std::filesystem::path& path, Random& random) {
    IMECE_TRY(const std::optional<std::string> stored, read_private_file(path));
    crypto::Seed seed{};
    if (stored) {
        if (stored->size() != seed.size()) return damaged(path);
        std::copy(stored->begin(), stored->end(), seed.begin());
    } else {
        random.fill(seed);
        IMECE_CHECK(write_private_file(path, text_of(seed)));
    }
    return crypto::SigningKey(seed);
}

}  // namespace

Result<SiteKeys> open_site_keys(const std::filesystem::path& directory, Random& random) {
    IMECE_TRY(runtime::TokenKey token, open_token_key(directory / "token.key"));
    IMECE_TRY(const crypto::SigningKey credential,
              open_credential_key(directory / "credential.key", random));
    return SiteKeys{std::move(token), credential};
}

}  // namespace imece::identity
