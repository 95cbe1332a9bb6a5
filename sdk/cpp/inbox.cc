#include "sdk/cpp/inbox.h"

#include <algorithm>

#include "base/result.h"

namespace imece::sdk {
namespace {

namespace type = imece::type::v1;

// Past a message's end by our clock, which may be set back a little: it must still be known then.
constexpr std::chrono::minutes kMargin{10};

}  // namespace

struct Inbox::Batch {
    TimePoint now;
    std::vector<Handled> handled;
    std::vector<type::SignedReceipt> receipts;
};

Inbox::Inbox(Deps deps, Application application, Options options)
    : deps_(deps), application_(std::move(application)), options_(std::move(options)) {}

Inbox::Inbox(Deps deps, Application application) : Inbox(deps, std::move(application), Options{}) {}

void Inbox::handle(const type::SignedEnvelope& message, Batch& batch) {
    const auto envelope = read_envelope(message);
    if (!envelope) {
        ++stats_.unreadable;
        return;
    }
    MessageId id;
    DeviceId sender;
    std::ranges::copy(view_of(envelope->message_id()), id.bytes.begin());
    std::ranges::copy(view_of(envelope->sender_device_id()), sender.bytes.begin());
    const auto answer = [&](type::ReceiptKind kind) {
        batch.receipts.push_back(deps_.device.receipt(id, kind, batch.now));
    };

    const bool in_batch =
        std::ranges::any_of(batch.handled, [&](const Handled& one) { return one.message == id; });
    if (in_batch || deps_.window.contains(deps_.device.id(), id)) {
        ++stats_.duplicates;
        return answer(type::DELIVERED);
    }

    std::optional<crypto::PublicKey> sender_key;
    if (!message.has_credential() && options_.sender_key) sender_key = options_.sender_key(sender);
    const auto opened =
        deps_.device.open(message, {.desk_key = options_.desk_key ? &*options_.desk_key : nullptr,
                                    .sender_key = sender_key ? &*sender_key : nullptr});
    if (!opened) {
        ++stats_.unreadable;
        return answer(type::REJECTED);
    }
    if (opened->expires_at <= batch.now) {
        ++stats_.expired;
        return answer(type::EXPIRED);
    }

    ++stats_.handed_over;
    const Verdict verdict = application_(*opened);
    if (verdict == Verdict::kLater) return;
    if (verdict == Verdict::kRefused) return answer(type::REJECTED);
    batch.handled.push_back({deps_.device.id(), id, opened->expires_at + kMargin});
    answer(type::DELIVERED);
}

Result<std::vector<type::SignedReceipt>> Inbox::finish(Batch& batch) {
    IMECE_CHECK(deps_.window.remember(batch.handled, batch.now));
    return std::move(batch.receipts);
}

Result<std::vector<type::SignedReceipt>> Inbox::take(
    std::span<const type::SignedEnvelope> messages) {
    const std::lock_guard lock(mutex_);
    Batch batch{.now = deps_.clock.now()};
    for (const auto& message : messages) handle(message, batch);
    return finish(batch);
}

Result<std::vector<type::SignedReceipt>> Inbox::take(
    const imece::messaging::v1::Deliveries& deliveries) {
    const std::lock_guard lock(mutex_);
    Batch batch{.now = deps_.clock.now()};
    const std::string ours = to_text(deps_.device.id());
    for (const auto& delivery : deliveries.deliveries()) {
        if (delivery.device_id() == ours)
            handle(delivery.message(), batch);
        else if (options_.carry)
            options_.carry(delivery);
    }
    return finish(batch);
}

Status Inbox::serve(Connection& connection, const imece::messaging::v1::Deliveries& deliveries) {
    IMECE_TRY(const auto receipts, take(deliveries));
    if (receipts.empty()) return {};
    IMECE_TRY([[maybe_unused]] const auto first, connection.receipts(receipts));
    return {};
}

InboxStats Inbox::stats() const {
    const std::lock_guard lock(mutex_);
    return stats_;
}

}  // namespace imece::sdk
