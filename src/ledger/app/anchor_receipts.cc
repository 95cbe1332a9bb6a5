#include "ledger/app/anchor_receipts.h"

#include "base/result.h"
#include "crypto/merkle.h"

namespace imece::ledger {
Result<std::uint64_t> AnchorReceipts::position() {
    const std::scoped_lock lock(mutex_);
    if (!position_) {
        IMECE_TRY(const ReceiptMark mark, store_.receipt_mark());
        position_ = mark.position;
    }
    return *position_;
}

Status AnchorReceipts::take(const std::vector<AnchoredReceipt>& receipts, std::uint64_t position) {
    const std::scoped_lock lock(mutex_);
    if (gathered_.size() + receipts.size() > kReceiptsMax) IMECE_CHECK(anchor_locked());
    gathered_.insert(gathered_.end(), receipts.begin(), receipts.end());
    position_ = position;
    return {};
}

void AnchorReceipts::reset() {
    const std::scoped_lock lock(mutex_);
    position_ = 0;
}

Status AnchorReceipts::run() {
    const std::scoped_lock lock(mutex_);
    if (gathered_.empty()) return {};
    return anchor_locked();
}

Status AnchorReceipts::anchor_locked() {
    IMECE_TRY(const ReceiptMark mark, store_.receipt_mark());
    const std::uint64_t number = mark.number + 1;
    ReceiptBatch batch{number, gathered_, position_.value_or(mark.position)};
    std::vector<crypto::Digest> leaves;
    for (const AnchoredReceipt& receipt : gathered_) leaves.push_back(receipt.leaf);
    IMECE_CHECK(
        submit_(TransactionId{make_uuid_v7(clock_.now(), random_)},
                ReceiptAnchor{number, std::uint32_t(leaves.size()), crypto::merkle_root(leaves)},
                {}, std::move(batch)));
    gathered_.clear();
    return {};
}

}  // namespace imece::ledger
