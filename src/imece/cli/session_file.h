// Who is signed in on this machine, between two commands.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "imece/cli/shell.h"
#include "imece/identity/v1/identity.pb.h"

namespace imece::cli {

/// ${XDG_CONFIG_HOME:-~/.config}/imece/session.json, mode 0600: tokens of one server.
struct Session {
    std::string server;
    std::string user;
    std::string access_token;
    std::string refresh_token;
};

std::filesystem::path session_path(const Shell& shell);
/// Empty when nobody is signed in. Errors: kInvalidArgument FILE_UNUSABLE for a file that is no
/// session, or that others may read.
Result<std::optional<Session>> read_session(const std::filesystem::path& file);
Status write_session(const std::filesystem::path& file, const Session& session);

/// Held while tokens are renewed: a refresh token is good once, so two commands must not both use
/// it.
class SessionLock {
public:
    explicit SessionLock(const std::filesystem::path& file);
    ~SessionLock();
    SessionLock(const SessionLock&) = delete;
    SessionLock& operator=(const SessionLock&) = delete;

private:
    int file_;
};

}  // namespace imece::cli
