// What a connection has to send, cut into frames, and what it waits for.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include "base/error.h"
#include "imece/messaging/v1/messaging.pb.h"
#include "sdk/cpp/connection.h"

namespace imece::sdk {

/// The part of a connection that its transports share. Thread-safe.
class SendQueue {
public:
    explicit SendQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    // Connection's methods of the same name, and their contracts.
    Result<std::uint64_t> submit(std::span<const imece::type::v1::SignedEnvelope> messages);
    Result<std::uint64_t> receipts(std::span<const imece::type::v1::SignedReceipt> receipts);
    Status add_credit(std::uint32_t add);
    bool writable() const;

    /// Every later call above fails, and nothing waits any more.
    void close();

    /// Moves the next frame out; false: nothing waits, or what does waits for answers. Receipts,
    /// credit and messages take turns.
    bool next(imece::messaging::v1::ClientFrame& frame);
    /// True once after a refusal, as soon as the queue is half empty.
    bool take_writable_signal();

    /// The number of the first item that `results` answers; none: no such request is open, or it
    /// had fewer items.
    std::optional<std::uint64_t> answered_submit(const imece::messaging::v1::Results& results);
    std::optional<std::uint64_t> answered_receipts(const imece::messaging::v1::Results& results);

private:
    template <class Item>
    struct Lane {
        struct Waiting {
            Item item;
            std::size_t bytes;
        };
        std::deque<Waiting> waiting;
        std::uint64_t next_number = 1;  ///< Of the next item to be queued.
        std::uint64_t next_sent = 1;    ///< Of the next item to be sent.
        /// Open requests: the number of the next item to be answered, and how many are left.
        std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> open;
    };
    template <class Item>
    Result<std::uint64_t> add(Lane<Item>& lane, std::span<const Item> items);
    template <class Item, class Add>
    std::uint64_t fill(Lane<Item>& lane, const Add& add_item);
    template <class Item>
    std::optional<std::uint64_t> answered(Lane<Item>& lane,
                                          const imece::messaging::v1::Results& results);

    const std::size_t bytes_max_;
    mutable std::mutex mutex_;
    Lane<imece::type::v1::SignedEnvelope> messages_;
    Lane<imece::type::v1::SignedReceipt> receipts_;
    std::uint32_t credit_ = 0;
    std::size_t bytes_ = 0;  ///< Of all that waits.
    std::uint64_t next_request_ = 1;
    int turn_ = 0;  ///< Which kind goes first next.
    bool refused_ = false;
    bool closed_ = false;
};

}  // namespace imece::sdk
