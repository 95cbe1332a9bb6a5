#include "replay/fleet/composer.h"

#include <algorithm>
#include <utility>

namespace imece::replay {
namespace {

/// Made and not yet taken: some seconds of the busiest hour.
constexpr std::size_t kAhead = 4'000;

}  // namespace

Composer::Composer(std::size_t messages, Make make)
    : messages_(messages),
      make_(std::move(make)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

std::optional<imece::type::v1::SignedEnvelope> Composer::take(MessageIndex m) {
    std::unique_lock lock(mutex_);
    wanted_ = std::max(wanted_, m + 1);
    changed_.notify_all();
    changed_.wait(lock, [&] { return m < first_ + made_.size(); });
    if (m < first_) return std::nullopt;
    auto taken = std::exchange(made_[m - first_], std::nullopt);
    waiting_ -= taken ? 1 : 0;
    while (!made_.empty() && !made_.front()) {
        made_.pop_front();
        ++first_;
    }
    changed_.notify_all();
    return taken;
}

void Composer::run(const std::stop_token& stop) {
    for (MessageIndex m = 0; m < messages_; ++m) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, stop, [&] { return waiting_ < kAhead || m < wanted_; });
        }
        if (stop.stop_requested()) return;
        auto made = make_(m);
        const std::scoped_lock lock(mutex_);
        waiting_ += made ? 1 : 0;
        made_.push_back(std::move(made));
        changed_.notify_all();
    }
}

}  // namespace imece::replay
