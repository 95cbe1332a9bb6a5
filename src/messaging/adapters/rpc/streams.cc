#include "messaging/adapters/rpc/streams.h"

#include <deque>
#include <mutex>

#include "messaging/adapters/rpc/convert.h"
#include "messaging/adapters/rpc/intake.h"
#include "runtime/executor.h"
#include "runtime/observe/tracer.h"
#include "runtime/rpc/refused.h"
#include "runtime/rpc/time.h"

namespace imece::messaging {
namespace {

namespace pb = imece::messaging::v1;
using runtime::Call;
using runtime::Refused;
using runtime::to_grpc;

constexpr std::uint32_t kCreditDefault = 64;
constexpr int kFrameItemsMax = 256;
constexpr std::size_t kDeliveriesPerFrame = 32;
/// Frames that may wait for a slow reader. Above it nothing more is read from the device, and status updates are left out;
/// deliveries are bounded by credit.
constexpr std::size_t kWaitingFramesMax = 1024;

Error frame_invalid(const char* why) {
    return {ErrorCode::kInvalidArgument, "FRAME_INVALID", why};
}

/// Writing, closing and life-time, alike for both kinds of stream. Reactor is gRPC's base with
/// StartWrite and Finish; Frame is what it writes.
template <class Reactor, class Frame>
class Stream : public Reactor, public DeliverySink {
public:
    Stream(const MessageServiceDeps& deps, const DeviceId& device) : deps_(deps), device_(device) {}

    void hold(std::shared_ptr<Stream> self) { self_ = std::move(self); }

    void OnWriteDone(bool ok) override {
        std::unique_lock lock(mutex_);
        writing_ = false;
        frames_.pop_front();
        if (!ok) ended_ = true;
        const bool roomy = ended_ || frames_.size() <= kWaitingFramesMax;
        const bool told = std::exchange(room_awaited_, room_awaited_ && !roomy) && roomy;
        advance(lock);
        if (!told) return;
        has_room();
        finish_work();
    }
    void OnCancel() override { end(grpc::Status::CANCELLED); }
    void OnDone() override {
        deps_.dispatcher.detach(device_, this);
        const auto last = std::move(self_);
    }
    void close(const Error& why) override { end(to_grpc(why)); }

protected:
    void write(Frame frame) {
        std::unique_lock lock(mutex_);
        if (ended_) return;
        frames_.push_back(std::move(frame));
        advance(lock);
    }
    bool is_backed_up() {
        const std::scoped_lock lock(mutex_);
        return frames_.size() > kWaitingFramesMax;
    }
    /// True when frames wait above their limit: then has_room() is called once they no longer do, or the stream ends.
    bool await_room() {
        const std::scoped_lock lock(mutex_);
        // Frames wait behind one that is being written: its end is what tells.
        if (ended_ || frames_.size() <= kWaitingFramesMax) return false;
        room_awaited_ = true;
        ++working_;
        return true;
    }
    virtual void has_room() {}
    bool refuse_revoked() {
        if (!deps_.trust.is_revoked(device_)) return false;
        close({ErrorCode::kUnauthenticated, "TOKEN_REVOKED", "the device was revoked"});
        return true;
    }
    /// Nothing more is written; finishes once no operation is under way.
    void end(const grpc::Status& status) {
        std::unique_lock lock(mutex_);
        if (!ended_) status_ = status;
        ended_ = true;
        advance(lock);
    }
    /// Work on the executor holds the stream open: begin before, finish after.
    void begin_work() {
        const std::scoped_lock lock(mutex_);
        ++working_;
    }
    void finish_work() {
        std::unique_lock lock(mutex_);
        --working_;
        advance(lock);
    }
    bool is_ended() {
        const std::scoped_lock lock(mutex_);
        return ended_;
    }

    const MessageServiceDeps& deps_;
    const DeviceId device_;
    std::shared_ptr<Stream> self_;

private:
    void advance(std::unique_lock<std::mutex>& lock) {
        if (writing_ || finished_) return;
        if (!ended_ && !frames_.empty()) {
            writing_ = true;
            // What waits behind this frame goes to the socket with it: one wake-up for a burst.
            grpc::WriteOptions options;
            if (frames_.size() > 1) options.set_buffer_hint();
            this->StartWrite(&frames_.front(), options);
            return;
        }
        if (!ended_ || working_ > 0) return;
        finished_ = true;
        lock.unlock();
        this->Finish(status_);
    }

    std::mutex mutex_;
    std::deque<Frame> frames_;
    bool writing_ = false, ended_ = false, finished_ = false, room_awaited_ = false;
    int working_ = 0;
    grpc::Status status_;
};

class Connection final
    : public Stream<grpc::ServerBidiReactor<pb::ClientFrame, pb::ServerFrame>, pb::ServerFrame> {
public:
    Connection(const MessageServiceDeps& deps, const DeviceId& device, const Call& call)
        : Stream(deps, device),
          may_carry_(call.principal.carrier),
          opened_(call.trace),
          trace_parent_(unfollowed(call.trace)) {}

    void begin() { this->StartRead(&in_); }

    void OnReadDone(bool ok) override {
        if (!ok) return end(grpc::Status::OK);  // The device closed its side.
        begin_work();
        deps_.executor.post([this, self = self_] {
            take(in_);
            // The next frame is read when this one is done with and answers are taken: that is the back-pressure.
            if (!await_room()) has_room();
            finish_work();
        });
    }

    void deliver(std::vector<OutDelivery> deliveries) override {
        if (refuse_revoked()) return;
        pb::ServerFrame frame;
        for (OutDelivery& delivery : deliveries) {
            fill(*frame.mutable_deliveries()->add_deliveries(), std::move(delivery));
            if (std::size_t(frame.deliveries().deliveries_size()) < kDeliveriesPerFrame) continue;
            write(std::move(frame));
            frame = {};
        }
        if (frame.has_deliveries()) write(std::move(frame));
    }

    void status(std::vector<StatusNews> news) override {
        if (is_backed_up()) return;
        pb::ServerFrame frame;
        for (const StatusNews& one : news) {
            pb::StatusUpdate& update = *frame.mutable_status_updates()->add_updates();
            update.set_message_id(to_text(one.message));
            update.set_state(state_of(one.end));
            if (!one.receipt.empty()) update.mutable_receipt()->ParseFromString(one.receipt);
            if (frame.status_updates().updates_size() < kFrameItemsMax) continue;
            write(std::move(frame));
            frame = {};
        }
        if (frame.has_status_updates()) write(std::move(frame));
    }

private:
    void has_room() override {
        if (!is_ended()) this->StartRead(&in_);
    }

    void take(const pb::ClientFrame& frame) {
        if (refuse_revoked()) return;
        if (frame.has_hello() == said_hello_)
            return close(frame_invalid("send hello first, and once"));
        pb::ServerFrame answer;
        switch (frame.frame_case()) {
            case pb::ClientFrame::kHello: return hello(frame.hello());
            case pb::ClientFrame::kSubmit: {
                if (frame.submit().messages_size() > kFrameItemsMax)
                    return close(frame_invalid("a frame has at most 256 messages"));
                pb::Results& results = *answer.mutable_submit_results();
                results.set_request(frame.submit().request());
                submit(frame.submit(), *results.mutable_results());
                return write(std::move(answer));
            }
            case pb::ClientFrame::kReceipts: {
                if (frame.receipts().receipts_size() > kFrameItemsMax)
                    return close(frame_invalid("a frame has at most 256 receipts"));
                pb::Results& results = *answer.mutable_receipt_results();
                results.set_request(frame.receipts().request());
                record_all(deps_.record, device_, frame.receipts().receipts(),
                           *results.mutable_results());
                return write(std::move(answer));
            }
            case pb::ClientFrame::kCredit:
                return deps_.dispatcher.credit(device_, frame.credit().add());
            case pb::ClientFrame::FRAME_NOT_SET: return close(frame_invalid("the frame is empty"));
        }
    }

    /// A connection may live for days: what is submitted on it is followed by the frame, each in a trace of its own.
    void submit(const pb::Submit& frame, ItemResults& results) {
        runtime::Tracer* const tracer = deps_.tracer;
        if (tracer == nullptr || !tracer->choose())
            return submit_all(deps_.submit, frame.messages(), trace_parent_, results);
        runtime::Span span{.context = tracer->root(),
                           .name = "imece.messaging.v1.MessageService/Connect submit",
                           .kind = runtime::Span::Kind::kServer,
                           .began = runtime::wall_now()};
        submit_all(deps_.submit, frame.messages(), span.context.header(), results);
        span.ended = runtime::wall_now();
        span.links = {opened_};
        tracer->finish(std::move(span));
    }

    static std::string unfollowed(runtime::TraceContext trace) {
        trace.sampled = false;
        return trace.header();
    }

    void hello(const pb::Hello& hello) {
        if (hello.carries() && !may_carry_)
            return close({ErrorCode::kPermissionDenied, "ROLE_MISSING",
                          "the device's credential does not let it carry for others"});
        said_hello_ = true;
        pb::ServerFrame answer;
        answer.mutable_welcome()->set_device_id(to_text(device_));
        *answer.mutable_welcome()->mutable_now() = runtime::to_proto(deps_.clock.now());
        write(std::move(answer));
        LinkOptions options;
        options.credit = hello.credit() == 0 ? kCreditDefault
                                             : std::min(hello.credit(), LinkOptions::kCreditMax);
        options.carries = hello.carries();
        options.capacity_bytes_per_s = hello.capacity_bytes_per_s();
        deps_.dispatcher.attach(device_, options, self_);
    }

    const bool may_carry_;
    const runtime::TraceContext opened_;
    const std::string trace_parent_;  ///< Of what is not followed.
    pb::ClientFrame in_;
    bool said_hello_ = false;  ///< Touched by take() only.
};

class DeliveryStream final : public Stream<grpc::ServerWriteReactor<pb::Delivery>, pb::Delivery> {
public:
    using Stream::Stream;

    void begin(std::uint32_t credit) {
        LinkOptions options;
        options.credit = credit == 0 ? kCreditDefault : std::min(credit, LinkOptions::kCreditMax);
        deps_.dispatcher.attach(device_, options, self_);
    }
    void deliver(std::vector<OutDelivery> deliveries) override {
        if (refuse_revoked()) return;
        for (OutDelivery& delivery : deliveries) {
            pb::Delivery out;
            fill(out, std::move(delivery));
            write(std::move(out));
        }
    }
    void status(std::vector<StatusNews>) override {}  // Has no frame for it.
};

Result<DeviceId> device_of(const Result<Call>& call) {
    if (!call) return std::unexpected(call.error());
    return parse_id<DeviceId>(call->principal.subject);
}

}  // namespace

grpc::ServerBidiReactor<pb::ClientFrame, pb::ServerFrame>* open_connection(
    const MessageServiceDeps& deps, const Result<Call>& call) {
    const auto device = device_of(call);
    if (!device)
        return new Refused<grpc::ServerBidiReactor<pb::ClientFrame, pb::ServerFrame>>(
            device.error());
    auto connection = std::make_shared<Connection>(deps, *device, *call);
    connection->hold(connection);
    connection->begin();
    return connection.get();
}

grpc::ServerWriteReactor<pb::Delivery>* open_stream(const MessageServiceDeps& deps,
                                                    const Result<Call>& call,
                                                    std::uint32_t credit) {
    const auto device = device_of(call);
    if (!device) return new Refused<grpc::ServerWriteReactor<pb::Delivery>>(device.error());
    auto stream = std::make_shared<DeliveryStream>(deps, *device);
    stream->hold(stream);
    stream->begin(credit);
    return stream.get();
}

}  // namespace imece::messaging
