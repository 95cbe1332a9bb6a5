// Following another service's events.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "runtime/bus/outbox.h"

namespace imece::runtime {

class Server;

/// One thread that reads a source's events in order and hands each to `apply`, until stop().
///
/// At least once: `apply` stores the event's position together with what it changed, and `position`
/// gives it back; an event at or before that position is never handed on again after a restart. When `apply`
/// fails, the same event comes again after a back-off, so one that can never be applied must be refused
/// by apply itself (log, count, return OK).
class Subscription {
public:
    struct Options {
        std::string source;  ///< "identity".
        std::string as;      ///< The subscribing service's name.
        std::function<Result<std::uint64_t>()> position;
        std::function<Status(const Event&)> apply;
        /// The log was trimmed behind our position: forget the state; the next event is a full one.
        std::function<Status()> reset;
    };
    Subscription(Server& server, Random& random, Options options);
    ~Subscription();  ///< Stops.
    void start();
    void stop();
    /// The position of the last event applied.
    std::uint64_t applied() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace imece::runtime
