#include "analytics/adapters/rpc/overview_feed.h"

#include <map>

#include "runtime/rpc/door.h"
#include "runtime/rpc/newest_stream.h"
#include "runtime/rpc/refused.h"

namespace imece::analytics {

namespace pb = imece::analytics::v1;

namespace {

Error draining() {
    return {ErrorCode::kUnavailable, "SHUTTING_DOWN", "the process is draining"};
}

}  // namespace

/// One stream. gRPC owns its life until OnDone; until then the feed knows it.
class OverviewFeed::Watcher final : public runtime::NewestStream<pb::Overview> {
public:
    Watcher(OverviewFeed& feed, Duration window) : feed_(feed), window_(window) {}

    Duration window() const { return window_; }
    /// One more look: does it want to be told? By the feed's thread only.
    bool wants(const std::string& state, int looks_until_told) {
        if (told_state_ == state && ++looks_ < looks_until_told) return false;
        told_state_ = state;
        looks_ = 0;
        return true;
    }
    void OnDone() override {
        {
            const std::scoped_lock lock(feed_.mutex_);
            feed_.watchers_.erase(this);
        }
        delete this;
    }

private:
    OverviewFeed& feed_;
    const Duration window_;
    std::string told_state_;
    int looks_ = 0;
};

OverviewFeed::OverviewFeed(Deps deps)
    : deps_(std::move(deps)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

OverviewFeed::~OverviewFeed() {
    thread_.request_stop();
    thread_.join();
}

grpc::ServerWriteReactor<pb::Overview>* OverviewFeed::open(Duration window) {
    const std::scoped_lock lock(mutex_);
    if (draining_) return refuse(draining());
    auto* watcher = new Watcher(*this, window);
    watchers_.insert(watcher);
    wake_.notify_one();
    return watcher;
}

grpc::ServerWriteReactor<pb::Overview>* OverviewFeed::refuse(const Error& error) {
    return new runtime::Refused<grpc::ServerWriteReactor<pb::Overview>>(error);
}

void OverviewFeed::drain() {
    const std::scoped_lock lock(mutex_);
    draining_ = true;
    for (Watcher* watcher : watchers_) watcher->end(runtime::to_grpc(draining()));
}

void OverviewFeed::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (wake_.wait(lock, stop, [this] { return !watchers_.empty(); })) {
        lock.unlock();
        tell(deps_.state());
        lock.lock();
        // A watcher that comes in this time is told after it: once a second is the promise.
        wake_.wait_for(lock, stop, deps_.every, [] { return false; });
    }
}

void OverviewFeed::tell(const std::string& state) {
    std::set<Watcher*> eager;
    std::map<Duration, Result<Message>> made;
    {
        const std::scoped_lock lock(mutex_);
        for (Watcher* watcher : watchers_) {
            if (!watcher->wants(state, deps_.looks_until_told)) continue;
            eager.insert(watcher);
            made.try_emplace(watcher->window(), nullptr);
        }
    }
    // The store is asked without the lock: streams come and go meanwhile.
    for (auto& [window, message] : made) message = deps_.overview(window);
    const std::scoped_lock lock(mutex_);
    for (Watcher* watcher : watchers_) {
        const auto found = made.find(watcher->window());
        if (found == made.end() || !eager.contains(watcher)) continue;
        if (found->second)
            watcher->offer(*found->second);
        else
            watcher->end(runtime::to_grpc(found->second.error()));
    }
}

}  // namespace imece::analytics
