#include "identity/adapters/files/setup_link_file.h"

#include "runtime/files/private_file.h"

namespace imece::identity {

SetupLinkFile::SetupLinkFile(std::filesystem::path path, std::string public_url)
    : path_(std::move(path)), public_url_(std::move(public_url)) {}

std::optional<std::string> SetupLinkFile::read() {
    const auto text = runtime::read_private_file(path_);
    if (!text || !*text) return std::nullopt;
    // The address before the token may have changed with the configuration; the token counts.
    const std::size_t hash = (*text)->find('#');
    if (hash == std::string::npos) return std::nullopt;
    std::string token = (*text)->substr(hash + 1);
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
    return token;
}

Status SetupLinkFile::write(const std::string& token) {
    return runtime::write_private_file(path_, link(token) + "\n");
}

void SetupLinkFile::remove() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
}

std::string SetupLinkFile::link(const std::string& token) const {
    return public_url_ + "/setup#" + token;
}

}  // namespace imece::identity
