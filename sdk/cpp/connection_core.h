// What the two transports of a connection share: queue, hello, handing frames to the handlers, the
// end.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <memory>
#include <utility>

#include "sdk/cpp/connection.h"
#include "sdk/cpp/send_queue.h"

namespace imece::sdk {

/// A transport derives from it, and is made by std::make_shared. All but Connection's own methods
/// runs on the strand.
class ConnectionCore : public Connection, public std::enable_shared_from_this<ConnectionCore> {
public:
    ConnectionCore(boost::asio::io_context& io, ConnectionOptions options,
                   ConnectionHandlers handlers);

    Result<std::uint64_t> submit(std::span<const imece::type::v1::SignedEnvelope> messages) final;
    Result<std::uint64_t> receipts(std::span<const imece::type::v1::SignedReceipt> receipts) final;
    Status add_credit(std::uint32_t add) final;
    bool writable() const final { return queue_.writable(); }
    void close() final;

protected:
    using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;

    /// Writes `frame`; sent() follows. One at a time; `frame` may be moved from.
    virtual void send(imece::messaging::v1::ClientFrame& frame) = 0;
    /// Begins the transport's end: once, and from then on nothing is sent.
    virtual void end() = 0;

    /// The open timer starts to run.
    void starting();
    /// The transport is up: the hello goes first.
    void say_hello();
    void sent();
    /// Gives a frame to its handler. False: the connection has ended, read no more.
    bool take(Result<imece::messaging::v1::ServerFrame> frame);
    /// Ends the connection for `why`; only the first time counts.
    void finish(Error why);
    /// Puts a better reason in the place of the one that finish() had.
    void blame(Error why) { why_ = std::move(why); }
    /// Tells on_closed. The transport calls it once after end(), when nothing of it runs any more.
    void ended();

    bool finished() const { return finished_; }
    const ConnectionOptions& options() const { return options_; }
    const Strand& strand() const { return strand_; }

private:
    template <class Queued>
    Queued wake_if(Queued queued);
    void write();
    Status dispatch(imece::messaging::v1::ServerFrame& frame);

    const ConnectionOptions options_;
    const Strand strand_;
    ConnectionHandlers handlers_;
    SendQueue queue_;
    boost::asio::steady_timer timer_;
    std::atomic<bool> woken_ = false;  ///< A wake-up is under way: a burst of calls costs one.
    Error why_;
    bool open_ = false;
    bool sending_ = false;
    bool finished_ = false;
};

}  // namespace imece::sdk
