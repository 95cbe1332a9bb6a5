#include "imece/cli/session_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

namespace imece::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::unexpected<Error> unusable(const fs::path& file, const char* why) {
    return fail(ErrorCode::kInvalidArgument, "FILE_UNUSABLE", file.string() + " " + why);
}

}  // namespace

fs::path session_path(const Shell& shell) {
    if (const std::string config = shell.variable("XDG_CONFIG_HOME"); !config.empty())
        return fs::path(config) / "imece" / "session.json";
    return fs::path(shell.variable("HOME")) / ".config" / "imece" / "session.json";
}

Result<std::optional<Session>> read_session(const fs::path& file) {
    struct stat info{};
    if (::stat(file.c_str(), &info) != 0) return std::nullopt;
    if ((info.st_mode & 077) != 0)
        return unusable(file, "may be read by others: set its mode to 0600, and sign in anew");
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    boost::system::error_code bad;
    const json::value value = json::parse(text, bad);
    const json::object* object = bad ? nullptr : value.if_object();
    Session session;
    const auto take = [&](const char* key, std::string& into) {
        const json::value* found = object != nullptr ? object->if_contains(key) : nullptr;
        if (found == nullptr || !found->is_string()) return false;
        into = std::string(found->get_string());
        return true;
    };
    if (!take("server", session.server) || !take("user", session.user) ||
        !take("accessToken", session.access_token) || !take("refreshToken", session.refresh_token))
        return unusable(file, "is no session: remove it, and sign in anew");
    return session;
}

Status write_session(const fs::path& file, const Session& session) {
    return write_private(file,
                         json::serialize(json::value{{"server", session.server},
                                                     {"user", session.user},
                                                     {"accessToken", session.access_token},
                                                     {"refreshToken", session.refresh_token}}) +
                             "\n");
}

SessionLock::SessionLock(const fs::path& file)
    : file_(::open((file.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (file_ >= 0) ::flock(file_, LOCK_EX);
}

SessionLock::~SessionLock() {
    if (file_ >= 0) ::close(file_);
}

}  // namespace imece::cli
