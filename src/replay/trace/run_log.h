// What happened in a run, in the order in which it was applied.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "replay/world/plan.h"

namespace imece::replay {

/// One thing that the oracle looks at.
struct LogEntry {
    enum class Kind : std::uint8_t { kPower, kLink, kUplink, kSubmit };
    Ms at = 0;
    Kind kind = Kind::kPower;
    bool up = false;
    std::uint32_t a = 0;  ///< Node; first node of a link; message of a submit.
    std::uint32_t b = 0;  ///< Second node of a link.
};

struct Delivered {
    NodeIndex node = 0;
    Ms first_at = 0;
    std::uint32_t times = 0;
};

/// What became of one message.
struct Outcome {
    bool submitted = false;
    bool accepted = false;
    Ms submitted_at = 0;
    std::string refused;  ///< The reason; empty: not refused.
    std::uint32_t arrivals = 0;
    std::uint32_t hops = 0;
    std::uint32_t acks = 0;
    std::vector<Delivered> delivered;  ///< By recipient device.
};

/// Gets every line of the trace; docs/trace.md says what each means.
class TraceSink {
public:
    virtual ~TraceSink() = default;
    virtual void begin(const Plan& plan, std::uint32_t scale) = 0;
    virtual void contact(Ms at, LogEntry::Kind kind, std::uint32_t a, std::uint32_t b, bool up) = 0;
    virtual void submit(Ms at, MessageIndex m) = 0;
    virtual void refused(Ms at, MessageIndex m, std::string_view reason) = 0;
    virtual void accepted(Ms at, MessageIndex m, NodeIndex carrier) = 0;
    virtual void hop(Ms at, MessageIndex m, NodeIndex from, NodeIndex to) = 0;
    virtual void arrive(Ms at, MessageIndex m, NodeIndex recipient) = 0;
    virtual void deliver(Ms at, MessageIndex m, NodeIndex recipient) = 0;
    virtual void ack(Ms at, MessageIndex m, NodeIndex recipient) = 0;
    virtual void end(Ms at) = 0;
};

/// Keeps what the report needs, and passes each line on to `next` if there is one.
class RunLog {
public:
    explicit RunLog(const Plan& plan, TraceSink* next = nullptr) : plan_(plan), next_(next) {
        outcomes_.resize(plan.messages.size());
    }

    void begin(std::uint32_t scale);
    void power(Ms at, NodeIndex n, bool up);
    void link(Ms at, NodeIndex a, NodeIndex b, bool up);
    void uplink(Ms at, NodeIndex n, bool up);
    void submit(Ms at, MessageIndex m);
    /// Of the two, the first word counts: an accepted message stays accepted wherever else a copy
    /// of it is refused.
    void refused(Ms at, MessageIndex m, std::string_view reason);
    void accepted(Ms at, MessageIndex m, NodeIndex carrier);
    void hop(Ms at, MessageIndex m, NodeIndex from, NodeIndex to);
    void arrive(Ms at, MessageIndex m, NodeIndex recipient);
    void deliver(Ms at, MessageIndex m, NodeIndex recipient);
    void ack(Ms at, MessageIndex m, NodeIndex recipient);
    void end(Ms at);

    const Plan& plan() const { return plan_; }
    const std::vector<LogEntry>& entries() const { return entries_; }
    const std::vector<Outcome>& outcomes() const { return outcomes_; }
    Ms ended_at() const { return ended_at_; }

private:
    void contact(Ms at, LogEntry::Kind kind, std::uint32_t a, std::uint32_t b, bool up);

    const Plan& plan_;
    TraceSink* next_;
    std::vector<LogEntry> entries_;
    std::vector<Outcome> outcomes_;
    Ms ended_at_ = 0;
};

}  // namespace imece::replay
