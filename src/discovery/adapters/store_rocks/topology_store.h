// Discovery's store on RocksDB.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "discovery/app/ports.h"
#include "runtime/bus/outbox.h"
#include "runtime/kv/kv_store.h"

namespace imece::discovery {

class RocksTopologyStore : public TopologyStore, public runtime::OutboxReader {
public:
    /// See KvStore.
    virtual Status snapshot(const std::filesystem::path& to) const = 0;
};

struct RocksTopologyOptions {
    std::filesystem::path path;
    /// Names this run of the machine. Writes are not synced, so after another run the end of the
    /// log may be lost: the log then starts anew, well past every position that was ever handed
    /// out. That it does is synced before any is handed out.
    std::string boot_id;
    /// After each commit that holds an announcement; on the store's thread, must not block.
    std::function<void()> announced = [] {};
    runtime::OpenKv open = &runtime::KvStore::open;
};

/// Errors: kUnavailable STORE_DOWN, kDataLoss DATA_MALFORMED.
Result<std::unique_ptr<RocksTopologyStore>> make_rocks_topology_store(RocksTopologyOptions options);

/// The kernel's name for this run of the machine; empty where it has none.
std::string machine_boot_id();

}  // namespace imece::discovery
