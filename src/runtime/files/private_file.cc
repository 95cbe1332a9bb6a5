#include "runtime/files/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/result.h"

namespace imece::runtime {
namespace {

/// Most are smaller.
constexpr std::size_t kPartBytes = 4 * 1024;

class File {
public:
    File(const std::filesystem::path& path, int flags)
        : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int get() const { return descriptor_; }

private:
    int descriptor_;
};

std::unexpected<Error> cannot(const char* what, const std::filesystem::path& path) {
    return fail(ErrorCode::kUnavailable, "STORE_DOWN",
                std::string("cannot ") + what + " " + path.string() + ": " + std::strerror(errno));
}

Status write_all(const std::filesystem::path& path, std::string_view bytes) {
    const File file(path, O_WRONLY | O_CREAT | O_TRUNC);
    // A file that an earlier attempt left keeps the mode that it was made with.
    if (file.get() < 0 || ::fchmod(file.get(), 0600) != 0) return cannot("open", path);
    while (!bytes.empty()) {
        const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return cannot("write", path);
        bytes.remove_prefix(std::size_t(written));
    }
    if (::fsync(file.get()) != 0) return cannot("sync", path);
    return {};
}

}  // namespace

Status make_private_directory(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error || ::chmod(path.c_str(), 0700) != 0) return cannot("make", path);
    return {};
}

Status write_private_file(const std::filesystem::path& path, std::string_view bytes) {
    std::filesystem::path fresh = path;
    fresh += ".new";
    IMECE_CHECK(write_all(fresh, bytes));
    if (::rename(fresh.c_str(), path.c_str()) != 0) return cannot("rename", fresh);
    // The name is durable only with its directory.
    const File directory(path.parent_path(), O_RDONLY | O_DIRECTORY);
    if (directory.get() < 0 || ::fsync(directory.get()) != 0)
        return cannot("sync", path.parent_path());
    return {};
}

Result<std::optional<std::string>> read_private_file(const std::filesystem::path& path) {
    const File file(path, O_RDONLY);
    if (file.get() < 0) {
        if (errno == ENOENT) return std::nullopt;
        return cannot("open", path);
    }
    std::string bytes;
    for (std::string part(kPartBytes, '\0');;) {
        const ssize_t got = ::read(file.get(), part.data(), part.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return cannot("read", path);
        if (got == 0) break;
        bytes.append(part, 0, std::size_t(got));
    }
    return bytes;
}

}  // namespace imece::runtime
