// A copy of a data directory from which the site goes on elsewhere.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/backup/snapshots.h"

namespace imece::runtime {

/// The list of a backup's files, as `sha256sum --check` reads it; it is written last.
inline constexpr const char* kBackupSums = "SHA256SUMS";

struct Backup {
    std::filesystem::path path;
    std::string
        sums_sha256;  ///< Of the list: who keeps it elsewhere can tell that nothing was changed.
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
};

/// Copies `data` to `to` while the process serves, mode 0700; durable when it returns, and not there after an error. Databases of SQLite and the
/// stores of `snapshots` are copied as of one moment each, the directories of `services` last, from the last to the first. Who reads
/// another's events comes after it there, so no copied position is ahead of the copied log, and the copy goes on as after a crash.
/// What belongs to the process and not to the site stays out: its lock, log, member certificate, and earlier backups.
/// Cost: one read of all; RocksDB's files are linked. Errors: kUnavailable STORE_DOWN.
Result<Backup> make_backup(const std::filesystem::path& data, const Snapshots& snapshots,
                           const std::vector<std::string>& services,
                           const std::filesystem::path& to);

/// Checks every file of `backup` before it copies the first to `data`, which must be absent or empty. `sums_sha256`, where it is not empty, must be
/// that of the list. Errors: kDataLoss BACKUP_REFUSED naming the file that was changed, is missing or does not belong;
/// kFailedPrecondition DATA_DIR_REFUSED; kUnavailable STORE_DOWN.
Result<Backup> restore_backup(const std::filesystem::path& backup,
                              const std::filesystem::path& data, const std::string& sums_sha256);

}  // namespace imece::runtime
