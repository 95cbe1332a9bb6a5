// The messaging service's only door.
#pragma once

#include <memory>

#include "base/error.h"
#include "runtime/config/table.h"
#include "runtime/module.h"

namespace imece::runtime {
class Door;
class Settings;
class TrustStore;
}  // namespace imece::runtime

namespace imece::messaging {

/// The `[messaging]` table.
struct Config {
    std::string store = "rocks";
    std::uint64_t body_bytes_max = 16 * 1024;
    std::chrono::milliseconds ttl_max = std::chrono::hours(72);
    std::uint64_t queue_max = 1'000'000;
    std::uint64_t sender_queue_max = 10'000;
    std::uint64_t stream_threads = 8;
    std::uint64_t outbox_events_max = 1'000'000;
    std::chrono::milliseconds keep_after_expiry = std::chrono::hours(24);

    void describe(runtime::ConfigTable& table);
};

/// Opens the store, registers MessageService and the "messaging" event log. What `settings` say goes before `config`, at any
/// time.
/// Errors: kUnavailable STORE_DOWN, kDataLoss DATA_MALFORMED.
Result<std::unique_ptr<runtime::Module>> make(runtime::Process& process, const Config& config,
                                              runtime::Door& door, runtime::TrustStore& trust,
                                              runtime::Settings& settings);

}  // namespace imece::messaging
