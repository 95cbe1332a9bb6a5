#include "sdk/cpp/send_queue.h"

#include <limits>

namespace imece::sdk {
namespace {

namespace messaging = imece::messaging::v1;
namespace type = imece::type::v1;

/// At least what `item` takes in a frame of either transport: base64 in JSON is the longer.
template <class Item>
std::size_t frame_bytes(const Item& item) {
    return item.ByteSizeLong() * 4 / 3 + 128;
}

std::unexpected<Error> closed() {
    return fail(ErrorCode::kCancelled, "CONNECTION_CLOSED", "the connection has ended");
}

}  // namespace

template <class Item>
Result<std::uint64_t> SendQueue::add(Lane<Item>& lane, std::span<const Item> items) {
    std::size_t bytes = 0;
    for (const Item& item : items) {
        const std::size_t one = frame_bytes(item);
        if (one > kFrameBytesMax)
            return fail(ErrorCode::kInvalidArgument, "FRAME_INVALID", "an item fills a frame");
        bytes += one;
    }
    if (items.empty())
        return fail(ErrorCode::kInvalidArgument, "FRAME_INVALID", "nothing is to be sent");

    const std::lock_guard lock(mutex_);
    if (closed_) return closed();
    if (bytes_ > 0 && bytes_ + bytes > bytes_max_) {
        refused_ = true;
        return fail(ErrorCode::kResourceExhausted, "SEND_QUEUE_FULL",
                    "as much as may wait to be sent does");
    }
    for (const Item& item : items) lane.waiting.push_back({item, frame_bytes(item)});
    bytes_ += bytes;
    const std::uint64_t first = lane.next_number;
    lane.next_number += items.size();
    return first;
}

Result<std::uint64_t> SendQueue::submit(std::span<const type::SignedEnvelope> messages) {
    return add(messages_, messages);
}

Result<std::uint64_t> SendQueue::receipts(std::span<const type::SignedReceipt> receipts) {
    return add(receipts_, receipts);
}

Status SendQueue::add_credit(std::uint32_t more) {
    const std::lock_guard lock(mutex_);
    if (closed_) return closed();
    credit_ += std::min(more, std::numeric_limits<std::uint32_t>::max() - credit_);
    return {};
}

bool SendQueue::writable() const {
    const std::lock_guard lock(mutex_);
    return !closed_ && bytes_ < bytes_max_ / 2;
}

void SendQueue::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    messages_ = {};
    receipts_ = {};
    credit_ = 0;
    bytes_ = 0;
}

template <class Item, class Add>
std::uint64_t SendQueue::fill(Lane<Item>& lane, const Add& add_item) {
    const std::uint64_t request = next_request_++;
    std::uint64_t count = 0;
    std::size_t bytes = 0;
    while (!lane.waiting.empty() && count < kFrameItemsMax) {
        auto& front = lane.waiting.front();
        if (bytes + front.bytes > kFrameBytesMax) break;
        bytes += front.bytes;
        add_item(std::move(front.item));
        lane.waiting.pop_front();
        ++count;
    }
    bytes_ -= bytes;
    lane.open.emplace(request, std::pair(lane.next_sent, count));
    lane.next_sent += count;
    return request;
}

bool SendQueue::next(messaging::ClientFrame& frame) {
    const std::lock_guard lock(mutex_);
    const auto ready = [](const auto& lane) {
        return !lane.waiting.empty() && lane.open.size() < kFramesOpenMax;
    };
    for (int tried = 0; tried < 3; ++tried) {
        const int kind = turn_;
        turn_ = (turn_ + 1) % 3;
        if (kind == 0 && ready(receipts_)) {
            auto& out = *frame.mutable_receipts();
            out.set_request(
                fill(receipts_, [&](auto item) { *out.add_receipts() = std::move(item); }));
            return true;
        }
        if (kind == 1 && credit_ > 0) {
            frame.mutable_credit()->set_add(std::exchange(credit_, 0));
            return true;
        }
        if (kind == 2 && ready(messages_)) {
            auto& out = *frame.mutable_submit();
            out.set_request(
                fill(messages_, [&](auto item) { *out.add_messages() = std::move(item); }));
            return true;
        }
    }
    return false;
}

bool SendQueue::take_writable_signal() {
    const std::lock_guard lock(mutex_);
    if (!refused_ || closed_ || bytes_ >= bytes_max_ / 2) return false;
    refused_ = false;
    return true;
}

template <class Item>
std::optional<std::uint64_t> SendQueue::answered(Lane<Item>& lane,
                                                 const messaging::Results& results) {
    const std::lock_guard lock(mutex_);
    const auto found = lane.open.find(results.request());
    const auto count = std::uint64_t(results.results_size());
    if (found == lane.open.end() || found->second.second < count) return std::nullopt;
    const std::uint64_t first = found->second.first;
    found->second.first += count;
    found->second.second -= count;
    if (found->second.second == 0) lane.open.erase(found);
    return first;
}

std::optional<std::uint64_t> SendQueue::answered_submit(const messaging::Results& results) {
    return answered(messages_, results);
}
std::optional<std::uint64_t> SendQueue::answered_receipts(const messaging::Results& results) {
    return answered(receipts_, results);
}

}  // namespace imece::sdk
