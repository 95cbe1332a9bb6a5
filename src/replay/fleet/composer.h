// Envelopes of a plan's messages, made on a thread of their own shortly before they are due.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "imece/type/v1/types.pb.h"
#include "replay/world/plan.h"

namespace imece::replay {

/// Sealing and signing take longer than all else that a phone does for a message: a thousand phones
/// of one thread would be late for each other.
class Composer {
public:
    /// Makes message `m`; nothing when it cannot. Runs on the composer's thread.
    using Make = std::function<std::optional<imece::type::v1::SignedEnvelope>(MessageIndex m)>;

    /// Begins with the first of `messages`, which are in the order of their time.
    Composer(std::size_t messages, Make make);

    /// The envelope of `m`, waiting for it where need be. Messages are asked for at most once each,
    /// roughly in their order: those passed over are kept.
    std::optional<imece::type::v1::SignedEnvelope> take(MessageIndex m);

private:
    void run(const std::stop_token& stop);

    const std::size_t messages_;
    const Make make_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    /// Of message `first_` and those after it; empty optionals were taken, or could not be made.
    std::deque<std::optional<imece::type::v1::SignedEnvelope>> made_;
    MessageIndex first_ = 0;
    std::size_t waiting_ = 0;  ///< In `made_`, and not taken.
    MessageIndex wanted_ = 0;  ///< Everything before it is made, however much waits.
    std::jthread thread_;
};

}  // namespace imece::replay
