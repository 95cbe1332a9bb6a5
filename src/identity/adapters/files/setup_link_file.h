// The one-time set-up link as a file: "http://127.0.0.1:8080/setup#TOKEN".
#pragma once

#include <filesystem>
#include <string>

#include "identity/app/ports.h"

namespace imece::identity {

class SetupLinkFile final : public SetupLink {
public:
    /// `public_url` has no slash at its end.
    SetupLinkFile(std::filesystem::path path, std::string public_url);

    std::optional<std::string> read() override;
    Status write(const std::string& token) override;
    void remove() override;

    const std::filesystem::path& path() const { return path_; }
    std::string link(const std::string& token) const;

private:
    std::filesystem::path path_;
    std::string public_url_;
};

}  // namespace imece::identity
