#include "config/adapters/rpc/watch.h"

#include <deque>

#include "config/adapters/rpc/convert.h"
#include "runtime/rpc/refused.h"

namespace imece::config {
namespace {

constexpr std::size_t kBatch = 64;

using Reactor = grpc::ServerWriteReactor<v1::SettingChange>;

Error draining() {
    return {ErrorCode::kUnavailable, "SHUTTING_DOWN", "the process is draining"};
}

}  // namespace

/// gRPC owns its life until OnDone; tasks of the executor hold it by `self_`.
class Watches::Stream final : public Reactor {
public:
    Stream(Watches& owner, const v1::WatchSettingsRequest& request)
        : owner_(owner), key_(request.key()), position_(request.after_revision()) {
        waker_ = owner.outboxes_.on_commit("config", [this] { wake(); });
    }

    void begin(std::shared_ptr<Stream> self) {
        self_ = std::move(self);
        wake();
    }
    void end(const grpc::Status& status) {
        std::unique_lock lock(mutex_);
        end(lock, status);
    }

    void OnWriteDone(bool ok) override {
        std::unique_lock lock(mutex_);
        writing_ = false;
        batch_.pop_front();
        if (!ok) return end(lock, grpc::Status::CANCELLED);
        advance(lock);
    }
    void OnCancel() override { end(grpc::Status::CANCELLED); }
    void OnDone() override {
        // The waker's lock orders this after any wake() that is running.
        waker_.reset();
        {
            const std::scoped_lock lock(owner_.mutex_);
            owner_.streams_.erase(this);
        }
        const auto last = std::move(self_);
    }

private:
    /// Runs on committing threads: only notes that there is something to read.
    void wake() {
        const std::scoped_lock lock(mutex_);
        woken_ = true;
        read_soon();
    }
    void read_soon() {
        if (!woken_ || reading_ || writing_ || ended_ || !batch_.empty() || !self_) return;
        reading_ = true;
        woken_ = false;
        owner_.executor_.post([self = self_] { self->read(); });
    }

    void advance(std::unique_lock<std::mutex>& lock) {
        if (finished_ || writing_ || reading_) return;
        if (ended_) {
            finished_ = true;
            lock.unlock();
            Finish(status_);
        } else if (!batch_.empty()) {
            writing_ = true;
            StartWrite(&batch_.front());
        } else {
            read_soon();
        }
    }

    void read() {
        const auto changes = owner_.store_.changes_after(position_, kBatch);
        std::unique_lock lock(mutex_);
        reading_ = false;
        if (!changes) return end(lock, runtime::to_grpc(changes.error()));
        for (const Change& change : *changes)
            if (key_.empty() || change.subject == key_) fill(change, batch_.emplace_back());
        if (!changes->empty()) position_ = changes->back().revision;
        if (changes->size() == kBatch) woken_ = true;
        advance(lock);
    }

    void end(std::unique_lock<std::mutex>& lock, const grpc::Status& status) {
        if (!ended_) status_ = status;
        ended_ = true;
        advance(lock);
    }

    Watches& owner_;
    const std::string key_;
    std::uint64_t position_;  ///< Touched by read() only.
    std::shared_ptr<void> waker_;
    std::shared_ptr<Stream> self_;

    std::mutex mutex_;
    std::deque<v1::SettingChange> batch_;  ///< The first is being written.
    bool woken_ = false, reading_ = false, writing_ = false, ended_ = false, finished_ = false;
    grpc::Status status_;
};

Reactor* Watches::open(const v1::WatchSettingsRequest& request) {
    auto stream = std::make_shared<Stream>(*this, request);
    {
        const std::scoped_lock lock(mutex_);
        if (draining_) return refuse(draining());
        streams_.insert(stream.get());
    }
    Stream* const opened = stream.get();
    opened->begin(std::move(stream));
    return opened;
}

Reactor* Watches::refuse(const Error& error) {
    return new runtime::Refused<Reactor>(error);
}

void Watches::drain() {
    const std::scoped_lock lock(mutex_);
    draining_ = true;
    for (Stream* stream : streams_) stream->end(runtime::to_grpc(draining()));
}

}  // namespace imece::config
