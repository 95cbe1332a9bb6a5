#include "sdk/cpp/connection_core.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "base/result.h"

namespace imece::sdk {
namespace {

namespace asio = boost::asio;
namespace messaging = imece::messaging::v1;

std::unexpected<Error> malformed(const char* what) {
    return fail(ErrorCode::kUnknown, "ANSWER_MALFORMED", what);
}

}  // namespace

ConnectionCore::ConnectionCore(asio::io_context& io, ConnectionOptions options,
                               ConnectionHandlers handlers)
    : options_(options),
      strand_(asio::make_strand(io)),
      handlers_(std::move(handlers)),
      queue_(options.queue_bytes_max),
      timer_(strand_) {}

template <class Queued>
Queued ConnectionCore::wake_if(Queued queued) {
    if (queued && !woken_.exchange(true)) {
        asio::post(strand_, [self = shared_from_this()] {
            self->woken_ = false;
            self->write();
        });
    }
    return queued;
}

Result<std::uint64_t> ConnectionCore::submit(
    std::span<const imece::type::v1::SignedEnvelope> messages) {
    return wake_if(queue_.submit(messages));
}

Result<std::uint64_t> ConnectionCore::receipts(
    std::span<const imece::type::v1::SignedReceipt> receipts) {
    return wake_if(queue_.receipts(receipts));
}

Status ConnectionCore::add_credit(std::uint32_t add) {
    return wake_if(queue_.add_credit(add));
}

void ConnectionCore::close() {
    queue_.close();
    asio::post(strand_, [self = shared_from_this()] {
        self->finish({ErrorCode::kCancelled, "CONNECTION_CLOSED", "the connection was closed"});
    });
}

void ConnectionCore::starting() {
    timer_.expires_after(options_.open_timeout);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
        const auto self = weak.lock();
        if (cancelled || !self || self->open_) return;
        self->finish({ErrorCode::kDeadlineExceeded, "DEADLINE_PASSED", "no welcome in time"});
    });
}

void ConnectionCore::say_hello() {
    messaging::ClientFrame frame;
    frame.mutable_hello()->set_credit(options_.credit);
    frame.mutable_hello()->set_carries(options_.carries);
    frame.mutable_hello()->set_capacity_bytes_per_s(options_.capacity_bytes_per_s);
    sending_ = true;
    send(frame);
}

void ConnectionCore::write() {
    if (finished_ || sending_ || !open_) return;
    messaging::ClientFrame frame;
    if (!queue_.next(frame)) return;
    sending_ = true;
    send(frame);
}

void ConnectionCore::sent() {
    sending_ = false;
    if (finished_) return;
    if (queue_.take_writable_signal() && handlers_.on_writable) handlers_.on_writable();
    write();
}

Status ConnectionCore::dispatch(messaging::ServerFrame& frame) {
    if (!open_ && !frame.has_welcome()) return malformed("a frame came before the welcome");
    switch (frame.frame_case()) {
        case messaging::ServerFrame::kWelcome:
            if (std::exchange(open_, true)) return malformed("a second welcome came");
            timer_.cancel();
            if (handlers_.on_open) handlers_.on_open(frame.welcome());
            write();
            return {};
        case messaging::ServerFrame::kSubmitResults: {
            const auto first = queue_.answered_submit(frame.submit_results());
            if (!first) return malformed("results came for no request");
            if (handlers_.on_submit_results)
                handlers_.on_submit_results(*first, frame.submit_results());
            write();
            return {};
        }
        case messaging::ServerFrame::kReceiptResults: {
            const auto first = queue_.answered_receipts(frame.receipt_results());
            if (!first) return malformed("results came for no request");
            if (handlers_.on_receipt_results)
                handlers_.on_receipt_results(*first, frame.receipt_results());
            write();
            return {};
        }
        case messaging::ServerFrame::kDeliveries:
            if (handlers_.on_deliveries)
                handlers_.on_deliveries(std::move(*frame.mutable_deliveries()));
            return {};
        case messaging::ServerFrame::kStatusUpdates:
            if (handlers_.on_status_updates) handlers_.on_status_updates(frame.status_updates());
            return {};
        case messaging::ServerFrame::FRAME_NOT_SET: return {};  // A newer server's: not for us.
    }
    return {};
}

bool ConnectionCore::take(Result<messaging::ServerFrame> frame) {
    if (finished_) return false;
    const Status taken = frame ? dispatch(*frame) : std::unexpected(std::move(frame).error());
    if (!taken) finish(taken.error());
    return !finished_;
}

void ConnectionCore::finish(Error why) {
    if (std::exchange(finished_, true)) return;
    why_ = std::move(why);
    queue_.close();
    timer_.cancel();
    end();
}

void ConnectionCore::ended() {
    // What the handlers hold goes when they are done, not when the last pointer to us does.
    const ConnectionHandlers handlers = std::exchange(handlers_, {});
    if (handlers.on_closed) handlers.on_closed(why_);
}

}  // namespace imece::sdk
