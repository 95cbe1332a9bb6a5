#include "gateway/rpc/grpc_upstream.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <unordered_set>

#include "gateway/api/transcoder.h"
#include "runtime/rpc/door.h"

namespace imece::gateway {
namespace {

namespace pb = google::protobuf;

constexpr std::chrono::milliseconds kCancelAgain{100};

grpc::ByteBuffer to_buffer(const pb::Message& message) {
    const std::size_t size = message.ByteSizeLong();
    grpc::Slice slice(size);
    message.SerializeWithCachedSizesToArray(const_cast<std::uint8_t*>(slice.begin()));
    return {&slice, 1};
}

std::unique_ptr<pb::Message> from_buffer(grpc::ByteBuffer& buffer, const pb::Message& prototype) {
    std::unique_ptr<pb::Message> message(prototype.New());
    grpc::ProtoBufferReader reader(&buffer);
    if (!message->ParseFromZeroCopyStream(&reader)) return nullptr;
    return message;
}

Failure unreadable() {
    return {Error{ErrorCode::kInternal, "INTERNAL_ERROR", "the service's answer cannot be read"},
            {}};
}

Failure failure_of(const grpc::Status& status) {
    Failure failure{runtime::from_grpc(status), {}};
    // gRPC itself gives no reasons; these two are ours to name.
    if (failure.error.reason == "PEER_ERROR" && failure.error.code == ErrorCode::kDeadlineExceeded)
        failure.error = {ErrorCode::kDeadlineExceeded, "DEADLINE_PASSED",
                         "the deadline passed before the answer"};
    google::rpc::Status rich;
    if (!rich.ParseFromString(status.error_details())) return failure;
    google::rpc::RetryInfo retry;
    for (const auto& detail : rich.details())
        if (detail.UnpackTo(&retry))
            failure.retry_after =
                std::chrono::seconds(retry.retry_delay().seconds()) +
                std::chrono::milliseconds(retry.retry_delay().nanos() / 1'000'000);
    return failure;
}

void fill(grpc::ClientContext& context, const std::string& service, const CallHead& head,
          const Mark& mark) {
    if (!head.authorization.empty()) context.AddMetadata("authorization", head.authorization);
    if (!head.trace_parent.empty()) context.AddMetadata("traceparent", head.trace_parent);
    if (mark) mark(context, service);
    if (head.timeout) context.set_deadline(std::chrono::system_clock::now() + *head.timeout);
}

/// What is in flight, so that a drain can cut it off.
class InFlight {
public:
    void add(grpc::ClientContext* context) {
        const std::lock_guard lock(mutex_);
        contexts_.insert(context);
    }
    /// The callback has been called; the context may go.
    void remove(grpc::ClientContext* context) {
        const std::lock_guard lock(mutex_);
        contexts_.erase(context);
        if (contexts_.empty()) none_.notify_all();
    }
    void cancel_all() {
        std::unique_lock lock(mutex_);
        do {
            for (auto* context : contexts_) context->TryCancel();
        } while (!none_.wait_for(lock, kCancelAgain, [&] { return contexts_.empty(); }));
    }

private:
    std::mutex mutex_;
    std::condition_variable none_;
    std::unordered_set<grpc::ClientContext*> contexts_;
};

/// Owns itself from the start of the call until its answer.
struct UnaryCall {
    grpc::ClientContext context;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
    const pb::Message* prototype = nullptr;
    std::move_only_function<void(Answer)> done;
    InFlight* in_flight = nullptr;

    void finish(const grpc::Status& status) {
        if (!status.ok()) {
            done(std::unexpected(failure_of(status)));
        } else if (auto message = from_buffer(response, *prototype)) {
            done(std::move(message));
        } else {
            done(std::unexpected(unreadable()));
        }
        in_flight->remove(&context);
        delete this;
    }
};

class GrpcStream final : public UpstreamStream,
                         public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
public:
    GrpcStream(const pb::Message& prototype, InFlight& in_flight)
        : prototype_(prototype), in_flight_(in_flight) {}

    static std::shared_ptr<GrpcStream> start(grpc::GenericStub& stub, const Operation& operation,
                                             const CallHead& head, const pb::Message* request,
                                             InFlight& in_flight, const Mark& mark) {
        auto stream = std::make_shared<GrpcStream>(*operation.response, in_flight);
        stream->self_ = stream;
        fill(stream->context_, operation.service, head, mark);
        in_flight.add(&stream->context_);
        stub.PrepareBidiStreamingCall(&stream->context_, operation.rpc, {}, stream.get());
        // Reads and writes begin outside gRPC's reactions: the hold keeps the call until finish().
        stream->AddHold();
        if (request != nullptr) {
            stream->outgoing_ = to_buffer(*request);
            stream->StartWriteLast(&stream->outgoing_, {});
        }
        stream->StartCall();
        return stream;
    }

    void read(std::move_only_function<void(std::unique_ptr<pb::Message>)> done) override {
        read_done_ = std::move(done);
        StartRead(&incoming_);
    }
    void write(const pb::Message& message, std::move_only_function<void(bool)> done) override {
        write_done_ = std::move(done);
        outgoing_ = to_buffer(message);
        StartWrite(&outgoing_);
    }
    void finish(std::move_only_function<void(std::expected<void, Failure>)> done) override {
        finish_done_ = std::move(done);
        RemoveHold();
    }
    void cancel() override { context_.TryCancel(); }

    void OnReadDone(bool ok) override {
        auto done = std::move(read_done_);
        auto message = ok ? from_buffer(incoming_, prototype_) : nullptr;
        if (ok && message == nullptr) {
            unreadable_ = true;
            context_.TryCancel();
        }
        done(std::move(message));
    }
    void OnWriteDone(bool ok) override {
        if (auto done = std::move(write_done_)) done(ok);
    }
    void OnDone(const grpc::Status& status) override {
        const auto keep = std::move(self_);
        if (unreadable_)
            finish_done_(std::unexpected(unreadable()));
        else if (!status.ok())
            finish_done_(std::unexpected(failure_of(status)));
        else
            finish_done_({});
        in_flight_.remove(&context_);
    }

private:
    const pb::Message& prototype_;
    InFlight& in_flight_;
    grpc::ClientContext context_;
    grpc::ByteBuffer incoming_;
    grpc::ByteBuffer outgoing_;
    std::atomic<bool> unreadable_{false};
    std::move_only_function<void(std::unique_ptr<pb::Message>)> read_done_;
    std::move_only_function<void(bool)> write_done_;
    std::move_only_function<void(std::expected<void, Failure>)> finish_done_;
    std::shared_ptr<GrpcStream> self_;
};

class GrpcUpstream final : public Upstream {
public:
    GrpcUpstream(std::function<std::shared_ptr<grpc::Channel>(std::string_view)> channel, Mark mark)
        : channel_(std::move(channel)), mark_(std::move(mark)) {}

    void call(const Operation& operation, const CallHead& head, const pb::Message& request,
              std::move_only_function<void(Answer)> done) override {
        auto* call = new UnaryCall;
        call->prototype = operation.response;
        call->request = to_buffer(request);
        call->done = std::move(done);
        call->in_flight = &in_flight_;
        fill(call->context, operation.service, head, mark_);
        in_flight_.add(&call->context);
        stub(operation.service)
            .UnaryCall(&call->context, operation.rpc, {}, &call->request, &call->response,
                       [call](const grpc::Status& status) { call->finish(status); });
    }
    std::shared_ptr<UpstreamStream> open(const Operation& operation, const CallHead& head,
                                         const pb::Message* request) override {
        return GrpcStream::start(stub(operation.service), operation, head, request, in_flight_,
                                 mark_);
    }
    void cancel_all() override { in_flight_.cancel_all(); }

private:
    grpc::GenericStub& stub(const std::string& service) {
        const std::lock_guard lock(mutex_);
        auto& made = stubs_[service];
        if (!made) made = std::make_unique<grpc::GenericStub>(channel_(service));
        return *made;
    }

    std::function<std::shared_ptr<grpc::Channel>(std::string_view)> channel_;
    Mark mark_;
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<grpc::GenericStub>> stubs_;
    InFlight in_flight_;
};

}  // namespace

std::unique_ptr<Upstream> make_grpc_upstream(
    std::function<std::shared_ptr<grpc::Channel>(std::string_view service)> channel, Mark mark) {
    return std::make_unique<GrpcUpstream>(std::move(channel), std::move(mark));
}

}  // namespace imece::gateway
