#include "sim/kit/scheduler.h"

#include <algorithm>
#include <utility>

namespace imece::sim {

void Scheduler::at(TimePoint when, Task task) {
    queue_.emplace(Key{std::max(when, now_), random_.next_u64(), ++number_}, std::move(task));
}

void Scheduler::run_until(TimePoint end, const std::function<bool()>& stop) {
    while (!queue_.empty() && queue_.begin()->first.at <= end) {
        auto next = queue_.extract(queue_.begin());
        now_ = next.key().at;
        ++ran_;
        next.mapped()();
        if (stop()) return;
    }
    now_ = std::max(now_, end);
}

Alarm::Alarm(Scheduler& scheduler, Scheduler::Task task)
    : scheduler_(scheduler), state_(std::make_shared<State>(State{std::move(task)})) {}

void Alarm::set(TimePoint at) {
    at = std::max(at, scheduler_.now());
    if (at >= state_->at) return;
    state_->at = at;
    scheduler_.at(at, [at, held = std::weak_ptr(state_)] {
        const auto state = held.lock();
        if (!state || state->at != at) return;  // Gone, or an earlier one was asked for.
        state->at = TimePoint::max();
        state->task();
    });
}

Duration between(Random& random, Duration least, Duration most) {
    return least + Duration(random.below(std::uint64_t((most - least).count()) + 1));
}

bool one_in(Random& random, std::uint64_t times) {
    return random.below(times) == 0;
}

}  // namespace imece::sim
