#include "messaging/app/record_receipts.h"

namespace imece::messaging {

std::vector<Result<Recorded>> RecordReceipts::operator()(
    const DeviceId& bringer, std::vector<ReceiptSubmission> receipts) const {
    const TimePoint now = deps_.clock.now();
    std::vector<Result<Recorded>> results;
    std::vector<Ending> endings;
    std::vector<std::size_t> places;  // Of the endings among the results.
    for (ReceiptSubmission& receipt : receipts) {
        if (auto verified = verify(bringer, receipt); !verified) {
            results.push_back(std::unexpected(std::move(verified).error()));
            continue;
        }
        places.push_back(results.size());
        results.push_back(Recorded{});
        endings.push_back({receipt.copy, receipt.end, now, std::move(receipt.signed_receipt)});
    }
    if (endings.empty()) return results;

    deps_.dispatcher.note_paths(endings);
    const auto ended = deps_.store.end(endings);
    for (std::size_t i = 0; i < places.size(); ++i) {
        Result<Recorded>& result = results[places[i]];
        if (!ended) {
            result = std::unexpected(ended.error());
            continue;
        }
        switch ((*ended)[i].outcome) {
            case Ended::Outcome::kUnknownMessage:
                result = fail(ErrorCode::kNotFound, "MESSAGE_UNKNOWN", "no message has this id");
                break;
            case Ended::Outcome::kNotARecipient:
                result = fail(ErrorCode::kPermissionDenied, "NOT_A_RECIPIENT",
                              "the device is no recipient of this message");
                break;
            case Ended::Outcome::kWasThere: result->was_there = true; break;
            case Ended::Outcome::kRecorded: break;
        }
    }
    if (ended) deps_.dispatcher.finished(endings, *ended);
    return results;
}

Status RecordReceipts::verify(const DeviceId& bringer, const ReceiptSubmission& receipt) const {
    if (bringer == receipt.copy.target) return {};
    const auto device = deps_.directory.device(receipt.copy.target);
    if (!device)
        return fail(ErrorCode::kFailedPrecondition, "CREDENTIAL_UNKNOWN",
                    "the receipt's device is not known here yet");
    if (!crypto::verify(device->key, crypto::kReceiptDomain, view_of(receipt.receipt_bytes),
                        view_of(receipt.signature)))
        return fail(ErrorCode::kPermissionDenied, "SIGNATURE_INVALID",
                    "the receipt is not signed by the device that it names");
    return {};
}

}  // namespace imece::messaging
