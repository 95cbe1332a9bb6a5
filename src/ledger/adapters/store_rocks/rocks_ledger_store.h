// The ledger on one machine: RocksDB.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "ledger/app/ports.h"
#include "runtime/bus/outbox.h"
#include "runtime/kv/kv_store.h"

namespace imece::ledger {

class RocksLedgerStore : public LedgerStore, public runtime::OutboxReader {
public:
    /// See KvStore.
    virtual Status snapshot(const std::filesystem::path& to) const = 0;
};

struct RocksLedgerOptions {
    std::filesystem::path path;
    std::function<std::optional<runtime::Event>(const Submitted&)> submitted_event;
    std::function<std::optional<runtime::Event>(const Finalized&)> final_event;
    std::function<void()> announced;  ///< After a commit with events.
    runtime::OpenKv open = &runtime::KvStore::open;
};
/// Errors: kUnavailable STORE_DOWN; kDataLoss DATA_MALFORMED.
Result<std::unique_ptr<RocksLedgerStore>> make_rocks_ledger_store(RocksLedgerOptions options);

}  // namespace imece::ledger
