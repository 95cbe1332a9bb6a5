// A subscription to a service's log, without a wire.
#pragma once

#include "runtime/bus/subscription.h"
#include "sim/cluster/stage.h"

namespace imece::sim {

/// Hands the events of `source` on as runtime::Subscription does: in their order, a few at a time and late, again
/// from where the consumer says to be when it failed.
class Feed {
public:
    /// `applied` runs after events were applied. `source` outlives this.
    Feed(Stage& stage, runtime::OutboxReader& source, runtime::Subscription::Options options,
         std::function<void()> applied);

private:
    void poll();
    Status pass_on();

    Stage& stage_;
    runtime::OutboxReader& source_;
    const runtime::Subscription::Options options_;
    const std::function<void()> applied_;
    Alarm alarm_;
};

}  // namespace imece::sim
