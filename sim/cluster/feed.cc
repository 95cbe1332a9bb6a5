#include "sim/cluster/feed.h"

#include <algorithm>

#include "base/result.h"

namespace imece::sim {

using namespace std::chrono_literals;

Feed::Feed(Stage& stage, runtime::OutboxReader& source, runtime::Subscription::Options options,
           std::function<void()> applied)
    : stage_(stage),
      source_(source),
      options_(std::move(options)),
      applied_(std::move(applied)),
      alarm_(stage.scheduler, [this] { poll(); }) {
    alarm_.set_after(between(stage.random, 0ms, 2s));
}

void Feed::poll() {
    const Status done = pass_on();
    if (!done && done.error().reason == "POSITION_TRIMMED" && options_.reset)
        (void)options_.reset();  // It fails only where the machine is about to crash.
    alarm_.set_after(stage_.calm ? Duration(1s) : between(stage_.random, 50ms, 4s));
}

Status Feed::pass_on() {
    IMECE_TRY(const std::uint64_t position, options_.position());
    IMECE_TRY(auto events, source_.read_after(position, 1 + stage_.random.below(40)));
    if (events.empty()) return {};
    const std::uint64_t through = events.back().position;
    if (!options_.types.empty())
        std::erase_if(events, [this](const runtime::Event& event) {
            return std::ranges::find(options_.types, event.type) == options_.types.end();
        });
    IMECE_CHECK(options_.apply(events, through));
    applied_();
    return {};
}

}  // namespace imece::sim
