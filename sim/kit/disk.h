// A machine's disk: key-value volumes that keep what was synced, and of the rest what luck leaves.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "runtime/kv/kv_store.h"

namespace imece::sim {

enum class Crash {
    kProcess,  ///< What was written stays, synced or not: the machine has it.
    kPower,    ///< Of what was not synced, the first few commits of each volume stay, or none.
};

/// Volumes are named by the path that a store is opened with, and outlive the stores on them. A commit is whole or not
/// there: a real log's checksums see to that. Any thread, since the stores' contracts ask for it.
class Disk {
public:
    /// `went_down` runs when down() becomes true, amid the commit: it may only take note.
    Disk(Random& random, std::function<void()> went_down)
        : random_(random), went_down_(std::move(went_down)) {}

    /// The volume as it is; only one store at a time may have it open. Each commit is synced if `options.sync` says so, and
    /// what is there is synced now: RocksDB, too, writes what it found in its log to a table before it goes on.
    Result<std::unique_ptr<runtime::KvStore>> open(const runtime::KvStore::Options& options);

    /// The `commits`th commit from now does not return: it may be there after the crash or not.
    void fail_at(std::uint64_t commits) { fails_in_ = commits; }
    /// That commit came: every call fails with STORE_DOWN, and the process must go.
    bool down() const { return down_; }
    /// Decides what is left. No store may be open.
    void crash(Crash how);

    /// A disk without checksums: the commit that a loss of power cuts off may be there in part.
    bool tears = false;

private:
    friend class SimKv;
    struct Write {
        std::size_t family = 0;
        std::string key;
        std::optional<std::string> value;  ///< None: erased.
    };
    using Commit = std::vector<Write>;
    using Families = std::vector<std::map<std::string, std::string, std::less<>>>;
    struct Volume {
        Families now;      ///< What a process reads.
        Families durable;  ///< What no crash takes.
        std::vector<Commit> unsynced;
        bool under_way = false;  ///< The last of these is not in `now`.
    };
    static void apply(Families& families, const Commit& commit, std::size_t writes);
    static void sync(Volume& volume);
    void lose_power(Volume& volume);

    Random& random_;
    const std::function<void()> went_down_;
    mutable std::recursive_mutex mutex_;  ///< What runs after a commit may read.
    std::map<std::string, Volume> volumes_;
    std::uint64_t fails_in_ = 0;  ///< 0: does not.
    bool down_ = false;
};

}  // namespace imece::sim
