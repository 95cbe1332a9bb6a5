// Checking an audit log against what its site has signed, without trusting the site.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "crypto/checkpoint.h"

namespace imece::sdk {

/// What somebody kept of the log from an earlier day.
struct KeptAudit {
    std::optional<crypto::Checkpoint> checkpoint;
    std::vector<crypto::Digest> leaves;  ///< Of records 0, 1, 2 …; may be empty.
};

/// Takes the records in their order, then the checkpoint of now. Memory is constant.
///
/// Errors of both: kDataLoss AUDIT_BROKEN, naming the record that was changed or is missing, or how much was cut off.
class AuditCheck {
public:
    explicit AuditCheck(KeptAudit kept = {}) : kept_(std::move(kept)) {}

    /// `leaf` is the hash that the log has of the record.
    Status add(std::uint64_t index, ByteView record, ByteView leaf);
    /// `now` was opened with the site's verifier key.
    Status finish(const crypto::Checkpoint& now) const;

private:
    Result<crypto::Digest> root() const;

    KeptAudit kept_;
    std::uint64_t size_ = 0;
    std::map<unsigned, crypto::Digest> peaks_;  ///< The newest complete subtree of each level.
    std::optional<crypto::Digest>
        kept_root_;  ///< Ours, when we had as many records as the kept checkpoint.
};

}  // namespace imece::sdk
