#include "runtime/backup/backup.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/crypto.h"
#include "runtime/files/private_file.h"
#include "runtime/sql/database.h"

namespace imece::runtime {
namespace {

namespace fs = std::filesystem;

/// Of the process, not of the site.
const std::set<std::string> kLeftOut{"lock", "server.log", "member", "backups"};

std::unexpected<Error> broken(const fs::path& path, const std::error_code& why = {}) {
    return fail(ErrorCode::kUnavailable, "STORE_DOWN",
                "cannot copy " + path.string() + (why ? ": " + why.message() : ""));
}

std::unexpected<Error> refused(const std::string& why) {
    return fail(ErrorCode::kDataLoss, "BACKUP_REFUSED", why);
}

/// The bytes of a file, without reading it into memory.
class Mapped {
public:
    static Result<Mapped> open(const fs::path& path) {
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        struct stat facts{};
        if (file < 0 || ::fstat(file, &facts) != 0) {
            if (file >= 0) ::close(file);
            return broken(path);
        }
        const auto size = std::size_t(facts.st_size);
        void* at = size == 0 ? nullptr : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
        ::close(file);
        if (at == MAP_FAILED) return broken(path);
        return Mapped(at, size);
    }
    Mapped(Mapped&& other) noexcept
        : at_(std::exchange(other.at_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    Mapped& operator=(Mapped&&) = delete;
    ~Mapped() {
        if (at_ != nullptr) ::munmap(at_, size_);
    }
    ByteView bytes() const { return {static_cast<const std::uint8_t*>(at_), size_}; }

private:
    Mapped(void* at, std::size_t size) : at_(at), size_(size) {}
    void* at_;
    std::size_t size_;
};

Status sync(const fs::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool done = file >= 0 && ::fsync(file) == 0;
    if (file >= 0) ::close(file);
    if (!done) return broken(path);
    return {};
}

/// With its directories. `from` may go while it is copied: then there is nothing to copy.
Status copy_plain(const fs::path& from, const fs::path& to) {
    std::error_code failed;
    fs::create_directories(to.parent_path(), failed);
    if (failed) return broken(to, failed);
    fs::copy_file(from, to, failed);
    if (failed == std::errc::no_such_file_or_directory) return {};
    // Whatever a copy of a copy went through: keys are among them.
    if (!failed) fs::permissions(to, fs::perms::owner_read | fs::perms::owner_write, failed);
    if (failed) return broken(from, failed);
    return {};
}

/// Relative paths of all regular files under `directory`, in order, and those of all directories.
Status list(const fs::path& directory, std::vector<fs::path>& files,
            std::vector<fs::path>& folders) {
    std::error_code failed;
    folders.push_back(directory);
    for (auto at = fs::recursive_directory_iterator(directory, failed);
         !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
        if (at->is_directory(failed)) folders.push_back(at->path());
        if (at->is_regular_file(failed)) files.push_back(at->path().lexically_relative(directory));
    }
    if (failed) return broken(directory, failed);
    std::ranges::sort(files);
    return {};
}

/// SQLite's own, beside a database: what they hold is in the copy of that.
bool is_beside_sqlite(const fs::path& path) {
    const std::string text = path.string();
    for (const std::string_view end : {"-wal", "-shm", "-journal"})
        if (text.ends_with(end) && sql::is_sqlite(text.substr(0, text.size() - end.size())))
            return true;
    return false;
}

/// Copies what is at `data`/`name`, all that is below included.
Status copy(const fs::path& data, const fs::path& name, const Snapshots& snapshots,
            const fs::path& to) {
    const fs::path from = data / name;
    std::error_code failed;
    fs::create_directories((to / name).parent_path(), failed);
    if (failed) return broken(to / name, failed);
    if (const auto* take = snapshots.find(from)) return (*take)(to / name);
    if (fs::is_directory(from, failed)) {
        for (auto at = fs::directory_iterator(from, failed);
             !failed && at != fs::directory_iterator(); at.increment(failed))
            IMECE_CHECK(copy(data, name / at->path().filename(), snapshots, to));
        if (failed) return broken(from, failed);
        return {};
    }
    if (!fs::is_regular_file(from, failed) || is_beside_sqlite(from)) return {};
    return sql::is_sqlite(from) ? sql::copy_sqlite(from, to / name) : copy_plain(from, to / name);
}

/// Hashes what lies in `made`, writes the list, and makes all of it durable.
Result<Backup> seal(const fs::path& made) {
    Backup backup{.path = made, .sums_sha256 = {}};
    std::vector<fs::path> files, folders;
    IMECE_CHECK(list(made, files, folders));
    std::string sums;
    for (const fs::path& file : files) {
        IMECE_TRY(const Mapped mapped, Mapped::open(made / file));
        sums += to_hex(crypto::sha256(mapped.bytes())) + "  " + file.string() + "\n";
        backup.bytes += mapped.bytes().size();
        ++backup.files;
        IMECE_CHECK(sync(made / file));
    }
    IMECE_CHECK(write_private_file(made / kBackupSums, sums));
    for (const fs::path& folder : folders) IMECE_CHECK(sync(folder));
    backup.sums_sha256 = to_hex(crypto::sha256(view_of(sums)));
    return backup;
}

Result<Backup> fill(const fs::path& data, const Snapshots& snapshots,
                    const std::vector<std::string>& services, const fs::path& to) {
    IMECE_CHECK(make_private_directory(to));
    std::error_code failed;
    for (auto at = fs::directory_iterator(data, failed); !failed && at != fs::directory_iterator();
         at.increment(failed)) {
        const std::string name = at->path().filename().string();
        if (!kLeftOut.contains(name) && std::ranges::find(services, name) == services.end())
            IMECE_CHECK(copy(data, name, snapshots, to));
    }
    if (failed) return broken(data, failed);
    for (auto service = services.rbegin(); service != services.rend(); ++service)
        if (fs::exists(data / *service)) IMECE_CHECK(copy(data, *service, snapshots, to));
    return seal(to);
}

/// File → SHA-256, as the list says.
Result<std::map<std::string, std::string>> parse_sums(const std::string& text) {
    std::map<std::string, std::string> sums;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        constexpr std::size_t kHex = 64;
        if (line.size() < kHex + 3 || line.compare(kHex, 2, "  ") != 0)
            return refused(std::string(kBackupSums) + " cannot be read");
        const std::string name = line.substr(kHex + 2);
        const fs::path path(name);
        const bool outside =
            path.is_absolute() || path.lexically_normal() != path || path.begin()->string() == "..";
        if (outside || !sums.emplace(name, line.substr(0, kHex)).second)
            return refused(std::string(kBackupSums) + " names " + name);
    }
    return sums;
}

Result<Backup> check(const fs::path& backup, const std::string& sums_sha256,
                     std::map<std::string, std::string>& sums) {
    IMECE_TRY(const auto text, read_private_file(backup / kBackupSums));
    if (!text) return refused(backup.string() + " is no whole backup: it has no " + kBackupSums);
    Backup found{.path = backup, .sums_sha256 = to_hex(crypto::sha256(view_of(*text)))};
    if (!sums_sha256.empty() && sums_sha256 != found.sums_sha256)
        return refused("the list of files is not the one that was asked for");
    IMECE_TRY(sums, parse_sums(*text));
    std::vector<fs::path> files, folders;
    IMECE_CHECK(list(backup, files, folders));
    for (const fs::path& file : files)
        if (file != kBackupSums && !sums.contains(file.string()))
            return refused(file.string() + " does not belong to the backup");
    for (const auto& [name, sum] : sums) {
        const auto mapped = Mapped::open(backup / name);
        if (!mapped) return refused(name + " is missing");
        if (to_hex(crypto::sha256(mapped->bytes())) != sum) return refused(name + " was changed");
        found.bytes += mapped->bytes().size();
        ++found.files;
    }
    return found;
}

}  // namespace

Result<Backup> make_backup(const fs::path& data, const Snapshots& snapshots,
                           const std::vector<std::string>& services, const fs::path& to) {
    const fs::path partial = to.string() + ".partial";
    std::error_code ignored, failed;
    fs::remove_all(partial, ignored);
    auto made = fill(data, snapshots, services, partial);
    if (made) {
        fs::rename(partial, to, failed);
        if (failed) made = broken(to, failed);
    }
    if (!made) {
        fs::remove_all(partial, ignored);
        return made;
    }
    made->path = to;
    IMECE_CHECK(sync(to.parent_path()));
    return made;
}

Result<Backup> restore_backup(const fs::path& backup, const fs::path& data,
                              const std::string& sums_sha256) {
    std::error_code failed;
    if (fs::exists(data, failed) && !fs::is_empty(data, failed))
        return fail(ErrorCode::kFailedPrecondition, "DATA_DIR_REFUSED",
                    data.string() + " is not empty: name another directory");
    std::map<std::string, std::string> sums;
    IMECE_TRY(Backup found, check(backup, sums_sha256, sums));
    // Named last: a copy that was broken off never looks like a site.
    const fs::path partial = data.string() + ".partial";
    fs::remove_all(partial, failed);
    IMECE_CHECK(make_private_directory(partial));
    for (const auto& [name, sum] : sums) IMECE_CHECK(copy_plain(backup / name, partial / name));
    std::vector<fs::path> files, folders;
    IMECE_CHECK(list(partial, files, folders));
    for (const fs::path& file : files) IMECE_CHECK(sync(partial / file));
    for (const fs::path& folder : folders) IMECE_CHECK(sync(folder));
    fs::remove(data, failed);
    fs::rename(partial, data, failed);
    if (failed) return broken(data, failed);
    found.path = data;
    return found;
}

}  // namespace imece::runtime
