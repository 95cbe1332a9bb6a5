#include "imece/site.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>

#include "base/result.h"

namespace imece {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> refused(std::string message) {
    return fail(ErrorCode::kFailedPrecondition, "DATA_DIR_REFUSED", std::move(message));
}

std::unexpected<Error> broken(const fs::path& path) {
    return fail(ErrorCode::kUnavailable, "STORE_DOWN", "cannot write in " + path.string());
}

/// Whole or not at all: a crash leaves the former file.
Status write_file(const fs::path& path, const std::string& text) {
    const fs::path fresh = path.string() + ".new";
    const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return broken(path);
    const bool written =
        ::write(file, text.data(), text.size()) == ssize_t(text.size()) && fsync(file) == 0;
    ::close(file);
    std::error_code failed;
    if (written) fs::rename(fresh, path, failed);
    if (!written || failed) return broken(path);
    return {};
}

}  // namespace

void SiteConfig::describe(runtime::ConfigTable& table) {
    table.text("name", name, "Names the site in tokens and to its users.");
    table.flag("exercise", exercise, "Everything here is a drill and marked as one.");
    table.number("time_scale", time_scale, 1, 1000,
                 "Site seconds a wall second; only in an exercise.");
    table.number(
        "began_ms", began_ms, 0, std::uint64_t(1) << 48,
        "When an exercise in several processes began, in milliseconds since 1970: the same "
        "for all. 0: the data directory knows.");
    table.require(!name.empty() && name.size() <= 64, "name has 1 to 64 characters");
    table.require(exercise || time_scale == 1,
                  "a real site runs in real time: time_scale needs exercise");
}

Result<DataDir> DataDir::open(const fs::path& path, const SiteConfig& site) {
    std::error_code failed;
    fs::create_directories(path, failed);
    if (!failed) fs::permissions(path, fs::perms::owner_all, failed);
    if (failed) return broken(path);
    const int lock = ::open((path / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) return broken(path);
    DataDir dir(path, lock);
    if (flock(lock, LOCK_EX | LOCK_NB) != 0)
        return refused("another process serves " + path.string() +
                       ": stop it, or choose another --data");

    const fs::path kind = path / "site-kind";
    const std::string now = site.exercise ? "exercise\n" : "real\n";
    std::string before;
    if (std::ifstream file(kind); file) before.assign(std::istreambuf_iterator<char>(file), {});
    if (before.empty()) IMECE_CHECK(write_file(kind, now));
    if (!before.empty() && before != now)
        return refused(path.string() + " holds the data of " +
                       (site.exercise ? "a real site: it cannot become an exercise"
                                      : "an exercise: it cannot become a real site"));
    return dir;
}

DataDir::DataDir(DataDir&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDir::~DataDir() {
    if (lock_ >= 0) ::close(lock_);
}

Result<std::unique_ptr<SystemClock>> DataDir::clock(const SiteConfig& site) const {
    if (!site.exercise) return std::make_unique<SystemClock>();
    const auto wall = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    std::uint64_t scale = 0;
    std::int64_t origin_wall = 0;
    std::int64_t origin = 0;
    std::ifstream file(path_ / "clock");
    file >> scale >> origin_wall >> origin;
    const auto told = std::int64_t(site.began_ms);
    if (told != 0 && file && (scale != site.time_scale || origin_wall != told || origin != told))
        return refused(path_.string() + " holds an exercise that began at " +
                       std::to_string(origin_wall) + " at scale " + std::to_string(scale) +
                       ": its processes are all told the same, each time");
    if (!file) {  // The exercise begins now.
        scale = site.time_scale;
        origin_wall = origin = told != 0 ? told : to_unix_ms(wall);
    } else if (scale != site.time_scale) {  // Another speed from this moment on, without a jump.
        origin += (to_unix_ms(wall) - origin_wall) * std::int64_t(scale);
        origin_wall = to_unix_ms(wall);
        scale = site.time_scale;
    }
    IMECE_CHECK(write_file(path_ / "clock", std::to_string(scale) + " " +
                                                std::to_string(origin_wall) + " " +
                                                std::to_string(origin) + "\n"));
    return std::make_unique<SystemClock>(std::uint32_t(scale), from_unix_ms(origin_wall),
                                         from_unix_ms(origin));
}

}  // namespace imece
