#include "runtime/join/join_secret.h"

#include <sys/stat.h>

#include <algorithm>
#include <initializer_list>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/files/private_file.h"

namespace imece::runtime {
namespace {

/// Each part with its length before it: no two lists of parts are the same bytes.
crypto::Digest mac(const crypto::Digest& key, std::initializer_list<std::string_view> parts) {
    std::string bytes;
    for (const std::string_view part : parts) {
        for (int shift = 24; shift >= 0; shift -= 8)
            bytes.push_back(char((part.size() >> unsigned(shift)) & 0xff));
        bytes += part;
    }
    return crypto::hmac_sha256(key, view_of(bytes));
}

}  // namespace

Result<JoinSecret> JoinSecret::parse(std::string_view text, Error otherwise) {
    constexpr std::string_view kSpace = " \t\r\n";
    if (const auto end = text.find_last_not_of(kSpace); end != std::string_view::npos)
        text = text.substr(0, end + 1);
    crypto::Digest key{};
    const auto bytes = parse_hex(text);
    if (!bytes || bytes->size() != key.size()) return std::unexpected(std::move(otherwise));
    std::ranges::copy(*bytes, key.begin());
    return JoinSecret(key);
}

Result<JoinSecret> JoinSecret::open_master(const std::filesystem::path& directory, Random& random) {
    const std::filesystem::path path = directory / "join.key";
    IMECE_TRY(const auto text, read_private_file(path));
    if (text)
        return parse(*text, {ErrorCode::kDataLoss, "DATA_MALFORMED",
                             path.string() + " is damaged: restore it from a backup"});
    crypto::Digest key{};
    random.fill(key);
    IMECE_CHECK(write_private_file(path, to_hex(key) + "\n"));
    return JoinSecret(key);
}

Result<JoinSecret> JoinSecret::read(const std::filesystem::path& file) {
    const auto invalid = [&file](const std::string& why) {
        return Error{ErrorCode::kInvalidArgument, "CONFIG_INVALID", file.string() + " " + why};
    };
    const auto text = read_private_file(file);
    if (!text || !*text) return std::unexpected(invalid("cannot be read"));
    struct stat facts{};
    if (::stat(file.c_str(), &facts) != 0 || (facts.st_mode & 077) != 0)
        return std::unexpected(invalid("may be read by others: chmod 600 it"));
    return parse(**text, invalid("holds no join secret: 'imece ca join-secret' makes one"));
}

JoinSecret JoinSecret::of(std::string_view service) const {
    return JoinSecret(mac(key_, {"imece.join.v1 secret", service}));
}

std::string JoinSecret::text() const {
    return to_hex(key_);
}

crypto::Digest JoinSecret::mac_of_request(std::string_view service,
                                          std::string_view csr_pem) const {
    return mac(key_, {"imece.join.v1 request", service, csr_pem});
}

crypto::Digest JoinSecret::mac_of_answer(std::string_view csr_pem, std::string_view certificate_pem,
                                         std::string_view root_pem) const {
    return mac(key_, {"imece.join.v1 answer", csr_pem, certificate_pem, root_pem});
}

}  // namespace imece::runtime
