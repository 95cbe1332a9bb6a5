#include "runtime/files/signing_key.h"

#include <algorithm>

#include "base/result.h"
#include "runtime/files/private_file.h"

namespace imece::runtime {

Result<crypto::SigningKey> open_signing_key(const std::filesystem::path& path, Random& random) {
    IMECE_TRY(const std::optional<std::string> stored, read_private_file(path));
    crypto::Seed seed{};
    if (!stored) {
        random.fill(seed);
        IMECE_CHECK(write_private_file(path, text_of(seed)));
        return crypto::SigningKey(seed);
    }
    if (stored->size() != seed.size())
        return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", path.string() + " is no key of ours");
    std::ranges::copy(*stored, seed.begin());
    return crypto::SigningKey(seed);
}

}  // namespace imece::runtime
