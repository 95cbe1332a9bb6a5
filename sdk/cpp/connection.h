// The delivery connection of a device: messages and receipts up, results and deliveries down.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "imece/messaging/v1/messaging.pb.h"
#include "imece/type/v1/types.pb.h"
#include "sdk/cpp/endpoint.h"

namespace boost::asio {
class io_context;
}

namespace imece::sdk {

inline constexpr std::size_t kFrameItemsMax = 256;
inline constexpr std::size_t kFrameBytesMax = 512 * 1024;
/// Frames of messages, and frames of receipts, that may be unanswered at a time. What is queued
/// meanwhile goes together: the busier the server, the fewer and larger the frames that it gets.
inline constexpr std::size_t kFramesOpenMax = 2;

struct ConnectionOptions {
    // The hello.
    std::uint32_t credit = 64;  ///< Deliveries in flight, 1 to 1024.
    bool carries = false;       ///< Takes deliveries for other nodes; needs the CARRIER role.
    std::uint32_t capacity_bytes_per_s = 0;  ///< Of the link, site time; 0: not limited.

    /// What may wait to be sent. A call is refused when it would exceed this and something waits.
    std::size_t queue_bytes_max = 1 << 20;
    std::size_t frame_bytes_in_max = 8 << 20;
    std::chrono::milliseconds open_timeout{30'000};  ///< From the start to the welcome, wall time.
    /// WebSocket only, wall time: a peer that was silent for half of this is pinged, after all of
    /// it given up.
    std::chrono::milliseconds idle_timeout{60'000};
};

/// Each may be empty. They never run at the same time, nor inside a call of yours, but on the
/// thread or threads that run the io_context. They must not block for long: all connections share
/// the threads.
struct ConnectionHandlers {
    /// Once, before all others but on_closed.
    std::function<void(const imece::messaging::v1::Welcome&)> on_open;
    /// Results of items `first`, `first` + 1, … as submit() numbered them. Results of different
    /// calls may come out of order.
    std::function<void(std::uint64_t first, const imece::messaging::v1::Results&)>
        on_submit_results;
    /// The same for receipts().
    std::function<void(std::uint64_t first, const imece::messaging::v1::Results&)>
        on_receipt_results;
    std::function<void(imece::messaging::v1::Deliveries)> on_deliveries;
    std::function<void(const imece::messaging::v1::StatusUpdates&)> on_status_updates;
    /// After a call was refused with SEND_QUEUE_FULL: half of the queue is free again.
    std::function<void()> on_writable;
    /// Exactly once, the last: nothing of this connection runs later, and its handlers are
    /// released.
    ///   kCancelled CONNECTION_CLOSED    close() was called
    ///   kUnavailable PEER_UNREACHABLE   it could not be made, or broke
    ///   kDeadlineExceeded DEADLINE_PASSED    no welcome in time
    ///   kUnknown ANSWER_MALFORMED       a frame that breaks the contract
    ///   or the server's code and reason: TOKEN_…, STREAM_REPLACED, FRAME_INVALID, SHUTTING_DOWN, …
    std::function<void(const Error&)> on_closed;
};

/// One connection, from its making to on_closed; there is no reconnecting inside, since only the
/// user knows when it is worth it (SHUTTING_DOWN and PEER_UNREACHABLE: with back-off;
/// TOKEN_EXPIRED: sign in first). What was submitted and has no result is to be submitted again:
/// ids make that safe.
///
/// Thread-safe. Messages are sent in the order of the calls, and so are receipts, as many a frame
/// as wait (at most kFrameItemsMax and kFrameBytesMax, and kFramesOpenMax such frames unanswered);
/// what is queued before on_open waits for it.
/// The io_context outlives the connection.
class Connection {
public:
    virtual ~Connection() = default;

    /// Queues messages; answers with the number of the first, the others follow it.
    /// Errors: kResourceExhausted SEND_QUEUE_FULL (nothing was queued; on_writable will come);
    /// kCancelled CONNECTION_CLOSED; kInvalidArgument FRAME_INVALID for none at all or one item
    /// that fills a frame.
    virtual Result<std::uint64_t> submit(
        std::span<const imece::type::v1::SignedEnvelope> messages) = 0;
    /// Queues receipts; numbered apart from messages. Errors: as submit.
    virtual Result<std::uint64_t> receipts(
        std::span<const imece::type::v1::SignedReceipt> receipts) = 0;
    /// Lets `add` more deliveries be in flight. A receipt gives its delivery's credit back by
    /// itself.
    /// Errors: kCancelled CONNECTION_CLOSED.
    virtual Status add_credit(std::uint32_t add) = 0;
    /// False while the queue is at least half full, or after the end.
    virtual bool writable() const = 0;
    /// Sends what is queued no further. on_closed follows unless it has come. Safe to repeat.
    virtual void close() = 0;
};

/// Opens a WebSocket to the gateway's /v1/connect with JSON frames: for phones. Returns at once;
/// dropping the pointer does not close the connection.
std::shared_ptr<Connection> connect_websocket(boost::asio::io_context& io, const Endpoint& endpoint,
                                              std::string access_token, ConnectionOptions options,
                                              ConnectionHandlers handlers);

/// Opens MessageService.Connect on `channel` (Endpoint::grpc_channel): for uplink nodes. gRPC's own
/// threads only hand over to `io`, which is kept running until on_closed.
std::shared_ptr<Connection> connect_grpc(boost::asio::io_context& io,
                                         const std::shared_ptr<grpc::Channel>& channel,
                                         std::string access_token, ConnectionOptions options,
                                         ConnectionHandlers handlers);

}  // namespace imece::sdk
