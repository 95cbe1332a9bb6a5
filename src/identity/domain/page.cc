#include "identity/domain/page.h"

#include <algorithm>

#include "base/bytes.h"
#include "crypto/crypto.h"

namespace imece::identity {
namespace {

constexpr std::size_t kCheckBytes = 6;

Bytes check_of(std::string_view list, ByteView id) {
    Bytes bytes(list.begin(), list.end());
    bytes.push_back(0);
    bytes.insert(bytes.end(), id.begin(), id.end());
    const crypto::Digest digest = crypto::sha256(bytes);
    return {digest.begin(), digest.begin() + kCheckBytes};
}

}  // namespace

Result<Page> parse_page(std::string_view list, std::int32_t size, std::string_view token) {
    Page page;
    if (size > 0) page.size = std::min(std::size_t(size), kPageSizeMax);
    if (token.empty()) return page;
    const auto bytes = parse_base64url(token);
    if (!bytes || bytes->size() != page.after.size() + kCheckBytes ||
        !std::ranges::equal(check_of(list, ByteView(*bytes).first(page.after.size())),
                            ByteView(*bytes).subspan(page.after.size())))
        return fail(ErrorCode::kInvalidArgument, "PAGE_TOKEN_INVALID",
                    "'page_token' is not one that this list gave");
    std::copy_n(bytes->begin(), page.after.size(), page.after.begin());
    return page;
}

std::string page_token(std::string_view list, const std::array<std::uint8_t, 16>& last) {
    Bytes bytes(last.begin(), last.end());
    const Bytes check = check_of(list, last);
    bytes.insert(bytes.end(), check.begin(), check.end());
    return to_base64url(bytes);
}

}  // namespace imece::identity
