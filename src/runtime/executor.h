// A few threads for work that may block, so that gRPC's own never do.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace imece::runtime {

/// Runs tasks in the order of their arrival on `threads` threads. The queue is not bounded here: each stream keeps at
/// most one task in it, so the number of streams bounds it.
class Executor {
public:
    enum class Urgency { kNormal, kBackground };
    explicit Executor(std::size_t threads, Urgency urgency = Urgency::kNormal);
    /// Runs what is queued, then ends.
    ~Executor();
    void post(std::move_only_function<void()> task);
    /// Runs what is queued, then takes no more: later tasks are dropped.
    void stop();

private:
    void work();
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<std::move_only_function<void()>> tasks_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

/// From now on the calling thread gets the processor only where the others leave it, but always a little: a tenth
/// of the weight. For work whose delay harms nobody. There is no way back, by the kernel's rules.
void run_in_background();

}  // namespace imece::runtime
