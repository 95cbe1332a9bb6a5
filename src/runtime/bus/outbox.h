// The embedded bus: each service's ordered event log, kept in its own store.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ids.h"

namespace imece::runtime {

class Metrics;

/// CloudEvents attributes; `data` is the protobuf message that `type` names.
struct Event {
    EventId id;
    std::string type;     ///< "message.accepted.v1".
    std::string subject;  ///< The id, as text, of what it is about.
    TimePoint time;
    std::string trace_parent;
    std::string actor;  ///< Who caused it, "user:" or "device:" and the id; empty for nobody known.
    std::string data;
    std::uint64_t position = 0;  ///< Given by the store at commit: 1, 2, 3 … in commit order.
};

/// The read side of a service's outbox, implemented by its store. Thread-safe.
class OutboxReader {
public:
    virtual ~OutboxReader() = default;
    /// At most `max` events after `position`, in order; empty when there is none.
    /// Errors: kOutOfRange POSITION_TRIMMED; kUnavailable STORE_DOWN.
    virtual Result<std::vector<Event>> read_after(std::uint64_t position, std::size_t max) = 0;
    virtual std::uint64_t last_position() = 0;
};

/// The event logs that this process serves, by name. Thread-safe.
class Outboxes {
public:
    /// `reader` outlives the process's server.
    void add(const std::string& source, OutboxReader& reader);
    OutboxReader* find(std::string_view source);
    std::vector<std::string> names() const;
    /// The store says so after each commit that holds events: wakes the subscribers. Cheap; any thread.
    void committed(std::string_view source);
    /// `wake` runs on the committing thread and must not block. Until the token goes.
    [[nodiscard]] std::shared_ptr<void> on_commit(const std::string& source,
                                                  std::function<void()> wake);

    /// imece_events_position{source} in /metrics, until the token goes.
    [[nodiscard]] std::shared_ptr<void> add_metrics(Metrics& metrics);

private:
    struct Source {
        OutboxReader* reader = nullptr;
        std::map<std::uint64_t, std::function<void()>> wakers;
    };
    mutable std::mutex mutex_;
    std::map<std::string, Source, std::less<>> sources_;
    std::uint64_t next_waker_ = 1;
};

}  // namespace imece::runtime
