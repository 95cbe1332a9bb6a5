#include "runtime/bus/bus_service.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <mutex>

#include "imece/bus/v1/bus.grpc.pb.h"
#include "runtime/bus/outbox.h"
#include "runtime/executor.h"
#include "runtime/rpc/door.h"
#include "runtime/rpc/refused.h"
#include "runtime/rpc/server.h"
#include "runtime/rpc/time.h"

namespace imece::runtime {
namespace {

namespace pb = imece::bus::v1;

constexpr std::size_t kBatch = 256;

void fill(const Event& event, const std::string& source, pb::Event& out) {
    out.set_id(to_text(event.id));
    out.set_source(source);
    out.set_type(event.type);
    out.set_subject(event.subject);
    *out.mutable_time() = to_proto(event.time);
    out.set_position(event.position);
    out.set_trace_parent(event.trace_parent);
    out.set_data(event.data);
    out.set_actor(event.actor);
}

/// One subscriber. gRPC owns its life until OnDone; the executor's tasks hold it by `self_`.
class Subscriber final : public grpc::ServerWriteReactor<pb::Events> {
public:
    Subscriber(Outboxes& outboxes, Executor& executor, const Server& server,
               const pb::SubscribeRequest& request, OutboxReader& reader, std::uint64_t position)
        : executor_(executor),
          server_(server),
          source_(request.source()),
          types_(request.types().begin(), request.types().end()),
          reader_(reader),
          position_(position) {
        waker_ = outboxes.on_commit(source_, [this] { wake(); });
    }

    void begin(std::shared_ptr<Subscriber> self) {
        self_ = std::move(self);
        // A subscriber learns at once that it is connected, also where no event comes.
        StartSendInitialMetadata();
        wake();
    }

    void OnWriteDone(bool ok) override {
        std::unique_lock lock(mutex_);
        writing_ = false;
        if (!ok) return end(lock, grpc::Status::CANCELLED);
        if (ended_) return finish(lock);
        batch_.Clear();
        read_soon();
    }
    void OnCancel() override {
        std::unique_lock lock(mutex_);
        end(lock, grpc::Status::CANCELLED);
    }
    void OnDone() override {
        // The waker's lock orders this after any wake() that is running; tasks keep their own hold.
        waker_.reset();
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
        if (reading_ || writing_ || ended_ || !woken_ || !self_) return;
        reading_ = true;
        woken_ = false;
        executor_.post([self = self_] { self->read(); });
    }

    void read() {
        Result<std::vector<Event>> events = reader_.read_after(position_, kBatch);
        std::unique_lock lock(mutex_);
        reading_ = false;
        if (ended_) return finish(lock);
        if (!events) return end(lock, to_grpc(events.error()));
        if (server_.stopping())
            return end(lock, to_grpc({ErrorCode::kUnavailable, "SHUTTING_DOWN", "draining"}));
        if (events->empty()) return read_soon();
        for (const Event& event : *events)
            if (is_wanted(event)) fill(event, source_, *batch_.add_events());
        position_ = events->back().position;
        if (events->size() == kBatch) woken_ = true;
        // Also where nothing is wanted: the consumer is to know how far it is.
        batch_.set_through(position_);
        writing_ = true;
        StartWrite(&batch_);
    }

    bool is_wanted(const Event& event) const {
        return types_.empty() || std::ranges::find(types_, event.type) != types_.end();
    }

    void end(std::unique_lock<std::mutex>& lock, grpc::Status status) {
        if (!ended_) status_ = std::move(status);
        ended_ = true;
        finish(lock);
    }

    /// Once, and only when neither a write nor a read of the store is under way.
    void finish(std::unique_lock<std::mutex>& lock) {
        if (finished_ || writing_ || reading_) return;
        finished_ = true;
        lock.unlock();
        Finish(status_);
    }

    Executor& executor_;
    const Server& server_;
    const std::string source_;
    const std::vector<std::string> types_;
    OutboxReader& reader_;
    std::uint64_t position_;  ///< Touched by read() only.
    std::shared_ptr<void> waker_;
    std::shared_ptr<Subscriber> self_;

    std::mutex mutex_;
    pb::Events batch_;  ///< What is being written.
    bool woken_ = false, reading_ = false, writing_ = false, ended_ = false, finished_ = false;
    grpc::Status status_;
};

using RefusedSubscriber = Refused<grpc::ServerWriteReactor<pb::Events>>;

class BusService final : public pb::BusService::CallbackService {
public:
    BusService(Outboxes& outboxes, Door& door, const Server& server)
        : outboxes_(outboxes), door_(door), server_(server) {}

    grpc::ServerWriteReactor<pb::Events>* Subscribe(grpc::CallbackServerContext* context,
                                                    const pb::SubscribeRequest* request) override {
        const auto call = door_.open_stream(*context, "imece.bus.v1.BusService.Subscribe", request);
        if (!call) return new RefusedSubscriber(call.error());
        OutboxReader* reader = outboxes_.find(request->source());
        if (reader == nullptr) {
            std::string names;
            for (const std::string& name : outboxes_.names())
                names += (names.empty() ? "" : ", ") + name;
            return new RefusedSubscriber(
                {ErrorCode::kNotFound, "SOURCE_UNKNOWN", "the sources here are " + names});
        }
        const std::uint64_t position =
            request->only_new() ? reader->last_position() : request->after_position();
        auto subscriber =
            std::make_shared<Subscriber>(outboxes_, request->background() ? background_ : executor_,
                                         server_, *request, *reader, position);
        subscriber->begin(subscriber);
        return subscriber.get();
    }

private:
    Outboxes& outboxes_;
    Door& door_;
    const Server& server_;
    Executor executor_{2};
    Executor background_{1, Executor::Urgency::kBackground};
};

}  // namespace

std::unique_ptr<grpc::Service> make_bus_service(Outboxes& outboxes, Door& door,
                                                const Server& server) {
    return std::make_unique<BusService>(outboxes, door, server);
}

}  // namespace imece::runtime
