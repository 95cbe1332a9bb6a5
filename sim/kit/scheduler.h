// Time that passes only when the next task is later: one queue for a whole simulated cluster.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/clock.h"
#include "base/random.h"

namespace imece::sim {

/// Runs tasks in the order of their times; of those due at one moment, `random` decides. One thread.
class Scheduler {
public:
    using Task = std::function<void()>;

    Scheduler(TimePoint start, Random& random) : now_(start), random_(random) {}

    TimePoint now() const { return now_; }
    /// Now, where `when` has passed.
    void at(TimePoint when, Task task);
    void after(Duration wait, Task task) { at(now_ + wait, std::move(task)); }
    /// Ends at `end`, also when nothing is left to do; earlier when `stop` says so after a task.
    void run_until(TimePoint end, const std::function<bool()>& stop);
    /// Tasks that ran.
    std::uint64_t ran() const { return ran_; }

private:
    struct Key {
        TimePoint at;
        std::uint64_t luck = 0;
        std::uint64_t number = 0;
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    TimePoint now_;
    Random& random_;
    std::map<Key, Task> queue_;
    std::uint64_t number_ = 0;
    std::uint64_t ran_ = 0;
};

/// Runs its task at the earliest of the times asked for since it last ran; never after it is gone.
class Alarm {
public:
    Alarm(Scheduler& scheduler, Scheduler::Task task);
    void set(TimePoint at);
    void set_after(Duration wait) { set(scheduler_.now() + wait); }

private:
    struct State {
        Scheduler::Task task;
        TimePoint at = TimePoint::max();
    };
    Scheduler& scheduler_;
    std::shared_ptr<State> state_;
};

/// A machine's clock, so much ahead of the scheduler's.
class SimClock final : public Clock {
public:
    SimClock(const Scheduler& scheduler, Duration ahead) : scheduler_(scheduler), ahead_(ahead) {}
    TimePoint now() const override { return scheduler_.now() + ahead_; }
    /// Nobody waits by the wall here.
    SteadyPoint wall_time_of(TimePoint) const override { return {}; }
    std::uint32_t scale() const override { return 1; }
    /// The scheduler's time at which now() is `at`.
    TimePoint scheduled(TimePoint at) const { return at - ahead_; }

private:
    const Scheduler& scheduler_;
    const Duration ahead_;
};

/// Uniform in [least, most].
Duration between(Random& random, Duration least, Duration most);
bool one_in(Random& random, std::uint64_t times);

}  // namespace imece::sim
