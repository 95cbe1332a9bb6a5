#include "runtime/executor.h"

#include <sys/resource.h>
#include <unistd.h>

namespace imece::runtime {

Executor::Executor(std::size_t threads, Urgency urgency) {
    for (std::size_t i = 0; i < threads; ++i)
        threads_.emplace_back([this, urgency] {
            if (urgency == Urgency::kBackground) run_in_background();
            work();
        });
}

Executor::~Executor() {
    stop();
}

void Executor::post(std::move_only_function<void()> task) {
    {
        const std::scoped_lock lock(mutex_);
        if (stopping_) return;
        tasks_.push_back(std::move(task));
    }
    ready_.notify_one();
}

void Executor::stop() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    ready_.notify_all();
    for (std::thread& thread : threads_)
        if (thread.joinable()) thread.join();
}

void Executor::work() {
    for (;;) {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        auto task = std::move(tasks_.front());
        tasks_.pop_front();
        lock.unlock();
        task();
    }
}

void run_in_background() {
    // Linux gives each thread a niceness of its own; a step is a weight of 1.25, so 10 steps are about 1/10. One that
    // may not be lowered further stays as it is.
    setpriority(PRIO_PROCESS, id_t(gettid()), 10);
}

}  // namespace imece::runtime
