// An ordered key-value store with one writer: RocksDB.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace imece::runtime {

/// What one commit changes. Valid only inside the function that got it.
class KvBatch {
public:
    virtual ~KvBatch() = default;
    virtual void put(std::size_t family, std::string_view key, std::string_view value) = 0;
    virtual void erase(std::size_t family, std::string_view key) = 0;
    /// Deletes [from, to). Of a blind family: only of what commits before this group left.
    virtual void erase_range(std::size_t family, std::string_view from, std::string_view to) = 0;
    /// Reads what this batch and all commits before it left. Not of a blind family. Errors: kUnavailable STORE_DOWN.
    virtual Result<bool> get(std::size_t family, std::string_view key, std::string& value) = 0;
};

/// Families are numbered in the order of Options::families. All errors are kUnavailable STORE_DOWN, kUnavailable STORE_FULL
/// where the disk is, or kDataLoss DATA_MALFORMED for a damaged file. After a write that failed none is tried any more, since nobody can say how much of it the
/// disk has: all commits give STORE_DOWN until the process starts anew.
///
/// Group commit: one thread runs the queued changes in order, each seeing those before it, writes
/// them with one synced write, and then lets all their callers go. So changes are serial, need no
/// lock, and N concurrent callers cost one fsync. Memory is bounded: a caller waits while more than `queue_max`
/// changes are queued.
class KvStore {
public:
    struct Options {
        std::filesystem::path path;         ///< Made when absent.
        std::vector<std::string> families;  ///< One that the files hold beyond these is dropped.
        std::vector<std::size_t> blind;  ///< Families that changes write and never read: cheaper.
        std::size_t queue_max = 4096;
        std::size_t group_bytes_max = 4 << 20;
        std::size_t block_cache_bytes = 16 << 20;
        std::size_t memtable_bytes = 8 << 20;
        bool sync = true;  ///< False only where a crash may lose the last moments.
        /// Of the disk, for what must still be written when others have filled it: memtables, compaction.
        std::uint64_t reserve_bytes = 128 << 20;
    };
    static Result<std::unique_ptr<KvStore>> open(Options options);
    virtual ~KvStore() = default;

    /// Runs `change` on the commit thread; returns when its commit is durable, or with the error
    /// that `change` or the write gave: then nothing of it was written. `after`, when given, runs on the commit
    /// thread after the write, in commit order, before the caller is let go.
    virtual Status commit(const std::function<Status(KvBatch&)>& change,
                          const std::function<void()>& after = {}) = 0;
    /// kUnavailable STORE_FULL when less than `reserve_bytes` of the disk is left: for what only adds to ask, since commit() itself
    /// goes on down to half of that. Cost: a system call.
    virtual Status check_room() const = 0;
    /// All that was committed is durable when it returns, also where `Options::sync` is false.
    virtual Status sync() = 0;
    virtual Result<bool> get(std::size_t family, std::string_view key,
                             std::string& value) const = 0;
    /// Values in the order of `keys`; an absent key gives an empty string and false.
    virtual Result<std::vector<std::pair<bool, std::string>>> get_many(
        std::size_t family, const std::vector<std::string>& keys) const = 0;
    /// The greatest key of the family; empty when there is none.
    virtual Result<std::string> last_key(std::size_t family) const = 0;
    /// Calls `visit(key, value)` from `from` on, in key order, until it returns false or the family
    /// (or `to`, when not empty) ends. Sees one snapshot.
    virtual Status scan(
        std::size_t family, std::string_view from, std::string_view to,
        const std::function<bool(std::string_view, std::string_view)>& visit) const = 0;
    /// All that is committed, as a store of its own in a directory that is not there yet; linked, not copied, within a file system.
    virtual Status snapshot(const std::filesystem::path& to) const = 0;
};

/// Opens what a store rests on: KvStore::open, or what stands in for a disk in a simulation.
using OpenKv = std::function<Result<std::unique_ptr<KvStore>>(KvStore::Options)>;

/// Big-endian, so that keys sort as numbers do.
std::string key_of(std::uint64_t number);
std::uint64_t number_of(std::string_view key);  ///< 0 for less than 8 bytes.

}  // namespace imece::runtime
