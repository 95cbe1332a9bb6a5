// MessageStore on RocksDB, with the service's outbox in the same commits.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "messaging/app/ports.h"
#include "runtime/bus/outbox.h"
#include "runtime/kv/kv_store.h"

namespace imece::messaging {

struct RocksStoreOptions {
    std::filesystem::path path;
    /// Make the event that tells of a change; its wire form is the bus adapter's business. They run on the
    /// commit thread: cheap, no I/O. `id` and `position` are set by the store.
    std::function<runtime::Event(const Record&, const std::string& trace_parent)> accepted_event;
    std::function<runtime::Event(const Record&, const Ending&)> ended_event;
    std::function<void()> committed;  ///< After each commit that holds events; wakes the bus.
    std::uint64_t outbox_events_max = 1'000'000;  ///< Older events are trimmed.
    runtime::OpenKv open = &runtime::KvStore::open;
};

/// A store that is also the reader of its outbox.
class RocksMessageStore : public MessageStore, public runtime::OutboxReader {
public:
    /// See KvStore.
    virtual Status snapshot(const std::filesystem::path& to) const = 0;
};

/// Errors: kUnavailable STORE_DOWN, kDataLoss DATA_MALFORMED.
Result<std::unique_ptr<RocksMessageStore>> make_rocks_store(RocksStoreOptions options,
                                                            Random& random);

}  // namespace imece::messaging
