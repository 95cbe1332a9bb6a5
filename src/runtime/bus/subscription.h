// Following another service's events.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "runtime/bus/outbox.h"

namespace imece::runtime {

struct Process;

/// One thread that reads a source's events in order and hands them to `apply`, until stop().
///
/// At least once: `apply` stores `through`, the position after which it wants to go on, together with what it changed,
/// and `position` gives it back; an event at or before that position is never handed on again after a restart. When
/// `apply` fails, what comes after `position` comes again after a back-off, so an event that can never be applied must
/// be refused by apply itself (log, count, return OK).
class Subscription {
public:
    /// `events`: up to 256, none when only others than the wanted went by; `through`: at or after the last one's position.
    using Apply = std::function<Status(std::span<const Event> events, std::uint64_t through)>;
    struct Options {
        std::string source;              ///< "identity".
        std::string as;                  ///< The subscribing service's name.
        std::vector<std::string> types;  ///< Those wanted, at most 32; none: all.
        bool background = false;  ///< Keeps books: gets the processor only where others leave it.
        std::function<Result<std::uint64_t>()> position;
        Apply apply;
        /// The log was trimmed behind our position: forget the state; the next event is a full one.
        std::function<Status()> reset;
    };
    /// Until it goes, /metrics has its position: imece_events_applied_position{source, by}.
    Subscription(Process& process, Options options);
    ~Subscription();  ///< Stops.
    void start();
    void stop();
    /// The position of the last event applied.
    std::uint64_t applied() const;
    /// The source answered, and its stream is open.
    bool connected() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// For a consumer of all types that takes events one at a time, each with its position.
Subscription::Apply one_by_one(std::function<Status(const Event&)> apply);

}  // namespace imece::runtime
