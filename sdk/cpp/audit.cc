#include "sdk/cpp/audit.h"

#include <algorithm>

#include "base/result.h"
#include "crypto/merkle.h"

namespace imece::sdk {
namespace {

std::unexpected<Error> broken(std::string what) {
    return fail(ErrorCode::kDataLoss, "AUDIT_BROKEN", std::move(what));
}

std::string number(std::uint64_t index) {
    return std::to_string(index);
}

}  // namespace

Status AuditCheck::add(std::uint64_t index, ByteView record, ByteView leaf) {
    if (index > size_)
        return broken("record " + number(size_) + " is missing: the log goes on with " +
                      number(index));
    if (index < size_) return broken("record " + number(index) + " comes twice");
    const crypto::Digest hash = crypto::merkle_leaf_hash(record);
    const bool as_kept = index >= kept_.leaves.size() || kept_.leaves[index] == hash;
    if (!std::ranges::equal(leaf, hash) || !as_kept)
        return broken("record " + number(index) + " was changed");

    IMECE_TRY(const auto made,
              crypto::merkle_append(size_, hash,
                                    [&](unsigned level, std::uint64_t) -> Result<crypto::Digest> {
                                        return peaks_.at(level);
                                    }));
    for (const crypto::MerkleNode& node : made) peaks_[node.level] = node.hash;
    ++size_;
    if (kept_.checkpoint && kept_.checkpoint->size == size_) {
        IMECE_TRY(kept_root_, root());
    }
    return {};
}

Status AuditCheck::finish(const crypto::Checkpoint& now) const {
    if (size_ < now.size)
        return broken("the log was cut: it has " + number(size_) +
                      " records, its checkpoint says " + number(now.size));
    const std::uint64_t known =
        std::max<std::uint64_t>(kept_.leaves.size(), kept_.checkpoint ? kept_.checkpoint->size : 0);
    if (size_ < known)
        return broken("the log was cut: it has " + number(size_) + " records, and had " +
                      number(known) + " before");
    if (size_ > now.size) return broken("the log has records that its checkpoint does not cover");
    if (kept_.checkpoint && kept_.checkpoint->size > 0 && kept_root_ != kept_.checkpoint->root)
        return broken("one of records 0 to " + number(kept_.checkpoint->size - 1) +
                      " was changed, and its hash with it");
    IMECE_TRY(const crypto::Digest ours, root());
    if (ours != now.root)
        return broken(
            "one of the records was changed, and its hash with it: the root is not the "
            "one that was signed");
    return {};
}

Result<crypto::Digest> AuditCheck::root() const {
    return crypto::merkle_root(size_, [&](unsigned level, std::uint64_t) -> Result<crypto::Digest> {
        return peaks_.at(level);
    });
}

}  // namespace imece::sdk
