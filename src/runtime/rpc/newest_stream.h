// A stream of a state that changes: what counts is how it is now.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <mutex>

namespace imece::runtime {

/// A reader that is slow gets the newest message, not each: at most one is on its way and one waits. A message may be shared by
/// many streams. Thread-safe. gRPC owns the life of what derives from it until OnDone, which that has to say.
template <class Wire>
class NewestStream : public grpc::ServerWriteReactor<Wire> {
public:
    using Message = std::shared_ptr<const Wire>;

    /// Replaces what waits to be sent.
    void offer(Message message) {
        const std::scoped_lock lock(mutex_);
        waiting_ = std::move(message);
        if (!sending_ && !ended_) send();
    }
    /// Once what is on its way has gone.
    void end(const grpc::Status& status) {
        const std::scoped_lock lock(mutex_);
        if (!ended_) status_ = status;
        ended_ = true;
        if (!sending_) finish();
    }
    void OnWriteDone(bool ok) override {
        const std::scoped_lock lock(mutex_);
        sending_.reset();
        if (!ok) ended_ = true;
        if (ended_) return finish();
        if (waiting_) send();
    }
    void OnCancel() override { end(grpc::Status::CANCELLED); }

private:
    void send() {
        sending_ = std::move(waiting_);
        this->StartWrite(sending_.get());
    }
    void finish() {
        if (finished_) return;
        finished_ = true;
        this->Finish(status_);
    }

    std::mutex mutex_;
    Message waiting_;
    Message sending_;
    bool ended_ = false;
    bool finished_ = false;
    grpc::Status status_ = grpc::Status::CANCELLED;
};

}  // namespace imece::runtime
