// Services that answer what a test tells them.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "gateway/api/transcoder.h"
#include "gateway/edge/upstream.h"

namespace imece::gateway {

/// A stream whose other end is the test. Callbacks come on the thread that makes them due.
class FakeStream final : public UpstreamStream {
public:
    void read(
        std::move_only_function<void(std::unique_ptr<google::protobuf::Message>)> done) override {
        std::unique_lock lock(mutex_);
        ++reads_;
        if (!queue_.empty()) {
            auto message = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            return done(std::move(message));
        }
        if (ended_) {
            lock.unlock();
            return done(nullptr);
        }
        reader_ = std::move(done);
        changed_.notify_all();
    }
    void write(const google::protobuf::Message& message,
               std::move_only_function<void(bool)> done) override {
        bool open;
        {
            const std::lock_guard lock(mutex_);
            open = !ended_;
            if (open) written_.push_back(message.ShortDebugString());
            changed_.notify_all();
        }
        done(open);
    }
    void finish(std::move_only_function<void(std::expected<void, Failure>)> done) override {
        std::unique_lock lock(mutex_);
        finished_ = true;
        changed_.notify_all();
        auto came_to = came_to_;
        lock.unlock();
        done(std::move(came_to));
    }
    void cancel() override {
        end(std::unexpected(Failure{Error{ErrorCode::kCancelled, "PEER_ERROR", "cancelled"}, {}}),
            true);
    }

    void push(std::unique_ptr<google::protobuf::Message> message) {
        std::unique_lock lock(mutex_);
        if (!reader_) return queue_.push_back(std::move(message));
        auto reader = std::move(reader_);
        reader_ = nullptr;
        lock.unlock();
        reader(std::move(message));
    }
    void end(std::expected<void, Failure> came_to = {}, bool cancelled = false) {
        std::unique_lock lock(mutex_);
        if (ended_) return;
        ended_ = true;
        cancelled_ = cancelled;
        came_to_ = std::move(came_to);
        auto reader = std::move(reader_);
        reader_ = nullptr;
        changed_.notify_all();
        lock.unlock();
        if (reader) reader(nullptr);
    }
    /// The nth frame that came up, from 0.
    std::string written(std::size_t index) {
        std::unique_lock lock(mutex_);
        wait(lock, [&] { return written_.size() > index; });
        return index < written_.size() ? written_[index] : "";
    }
    bool wait_cancelled() {
        std::unique_lock lock(mutex_);
        wait(lock, [&] { return cancelled_; });
        return cancelled_;
    }
    bool wait_finished() {
        std::unique_lock lock(mutex_);
        wait(lock, [&] { return finished_; });
        return finished_;
    }
    int reads() {
        const std::lock_guard lock(mutex_);
        return reads_;
    }
    std::size_t queued() {
        const std::lock_guard lock(mutex_);
        return queue_.size();
    }

private:
    template <class Holds>
    void wait(std::unique_lock<std::mutex>& lock, const Holds& holds) {
        changed_.wait_for(lock, std::chrono::seconds(10), holds);
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::unique_ptr<google::protobuf::Message>> queue_;
    std::vector<std::string> written_;
    std::move_only_function<void(std::unique_ptr<google::protobuf::Message>)> reader_;
    std::expected<void, Failure> came_to_;
    bool ended_ = false, cancelled_ = false, finished_ = false;
    int reads_ = 0;
};

class FakeUpstream final : public Upstream {
public:
    /// Fills the response, or says what went wrong. Set before the first call.
    std::function<std::optional<Failure>(const Operation&, const CallHead&,
                                         const google::protobuf::Message& request,
                                         google::protobuf::Message& response)>
        answer = [](const auto&...) { return std::nullopt; };
    /// Methods whose calls wait for release_held().
    std::set<std::string> held;
    /// Before a stream's opener goes on.
    std::function<void(FakeStream&)> on_open = [](FakeStream&) {};

    void call(const Operation& operation, const CallHead& head,
              const google::protobuf::Message& request,
              std::move_only_function<void(Answer)> done) override {
        std::unique_ptr<google::protobuf::Message> response(operation.response->New());
        auto failed = answer(operation, head, request, *response);
        Answer got = failed ? Answer(std::unexpected(*failed)) : Answer(std::move(response));
        {
            const std::lock_guard lock(mutex_);
            ++calls_;
            if (held.contains(operation.method->name())) {
                waiting_.emplace_back(std::move(done), std::move(got));
                changed_.notify_all();
                return;
            }
        }
        done(std::move(got));
    }
    std::shared_ptr<UpstreamStream> open(const Operation&, const CallHead&,
                                         const google::protobuf::Message*) override {
        auto stream = std::make_shared<FakeStream>();
        on_open(*stream);
        const std::lock_guard lock(mutex_);
        streams_.push_back(stream);
        changed_.notify_all();
        return stream;
    }
    void cancel_all() override {
        std::vector<std::shared_ptr<FakeStream>> streams;
        {
            const std::lock_guard lock(mutex_);
            streams = streams_;
        }
        for (auto& stream : streams) stream->cancel();
        release_held();
    }
    void release_held() {
        decltype(waiting_) waiting;
        {
            const std::lock_guard lock(mutex_);
            waiting.swap(waiting_);
        }
        for (auto& [done, got] : waiting) done(std::move(got));
    }
    void wait_held(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(10), [&] { return waiting_.size() >= count; });
    }
    /// The nth stream that was opened, from 0.
    std::shared_ptr<FakeStream> stream(std::size_t index) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(10), [&] { return streams_.size() > index; });
        return streams_.at(index);
    }
    int calls() {
        const std::lock_guard lock(mutex_);
        return calls_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::pair<std::move_only_function<void(Answer)>, Answer>> waiting_;
    std::vector<std::shared_ptr<FakeStream>> streams_;
    int calls_ = 0;
};

}  // namespace imece::gateway
