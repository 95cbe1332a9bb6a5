// The receive loop of an application: each message once to the application, every copy
// acknowledged.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "imece/messaging/v1/messaging.pb.h"
#include "sdk/cpp/connection.h"
#include "sdk/cpp/dedup_window.h"
#include "sdk/cpp/device.h"

namespace imece::sdk {

/// What the application says of a message.
enum class Verdict {
    kTaken,    ///< It is done with: receipt DELIVERED.
    kRefused,  ///< It will never be taken: receipt REJECTED.
    kLater,    ///< Not now: no receipt; the backend delivers it again.
};

struct InboxStats {
    std::uint64_t handed_over = 0;  ///< Calls of the application.
    std::uint64_t duplicates = 0;   ///< Acknowledged again, not handed over.
    std::uint64_t unreadable = 0;   ///< Malformed, forged or not sealed to us.
    std::uint64_t expired = 0;      ///< Came after its lifetime, not handed over.
};

/// Takes the deliveries of one device, over any number of connections and short-range links.
///
/// A message that is past its lifetime is answered EXPIRED and never handed over: the window
/// forgets ids at that time. One that cannot be opened is answered REJECTED; one whose envelope
/// cannot even be read is dropped. Thread-safe; one batch at a time.
class Inbox {
public:
    struct Deps {
        const Device& device;
        DedupWindow& window;
        const Clock& clock;  ///< The site's time (site_clock).
    };
    struct Options {
        std::optional<crypto::SigningKey> desk_key;  ///< Where the device serves a desk.
        /// The key of a sender whose credential does not come along; empty or none: the message is
        /// handed over unverified.
        std::function<std::optional<crypto::PublicKey>(const DeviceId&)> sender_key;
        /// Gets deliveries for other nodes, where the device carries; empty: they are dropped.
        std::function<void(const imece::messaging::v1::Delivery&)> carry;
    };
    /// Must not throw. Runs once a message; again only after a crash between its return and the
    /// window's fsync.
    using Application = std::function<Verdict(const Opened&)>;

    Inbox(Deps deps, Application application, Options options);
    Inbox(Deps deps, Application application);

    /// The application is called for what is new, then all of it is remembered with one fsync; the
    /// receipts that come back may be sent. Errors: kUnavailable STORE_DOWN; nothing may be
    /// acknowledged then.
    Result<std::vector<imece::type::v1::SignedReceipt>> take(
        std::span<const imece::type::v1::SignedEnvelope> messages);
    /// The same for a frame of a connection.
    Result<std::vector<imece::type::v1::SignedReceipt>> take(
        const imece::messaging::v1::Deliveries& deliveries);
    /// take(), and sends the receipts. Errors: of take() and Connection::receipts(); the backend
    /// delivers again what has no receipt, so nothing needs to be done but to log it.
    Status serve(Connection& connection, const imece::messaging::v1::Deliveries& deliveries);

    InboxStats stats() const;

private:
    struct Batch;
    void handle(const imece::type::v1::SignedEnvelope& message, Batch& batch);
    Result<std::vector<imece::type::v1::SignedReceipt>> finish(Batch& batch);

    Deps deps_;
    Application application_;
    Options options_;
    mutable std::mutex mutex_;
    InboxStats stats_;
};

}  // namespace imece::sdk
