// What security's use cases need from the world.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/crypto.h"

namespace imece::security {

/// A record that the log shall have, with where it comes from.
struct NewRecord {
    std::string source;
    std::uint64_t position = 0;  ///< Of its event in the source's log: 1, 2, 3 …
    Bytes record;                ///< 1 byte to 64 KiB.
};

/// A record in its place.
struct LoggedRecord {
    std::uint64_t index = 0;
    Bytes record;
    crypto::Digest
        leaf{};  ///< crypto::merkle_leaf_hash of `record`, unless somebody changed one of both.
    friend bool operator==(const LoggedRecord&, const LoggedRecord&) = default;
};

/// Where the audit log rests. Adapters: SQLite.
///
/// Every method may be called from any thread, and fails with kUnavailable STORE_DOWN when the store cannot be
/// reached, kDataLoss DATA_MALFORMED when it is damaged. All adapters pass tests/audit_store_contract.h.
class AuditStore {
public:
    virtual ~AuditStore() = default;
    /// Puts the record behind the last one and keeps the source's position, in one commit; durable when it returns OK.
    /// Records get the indexes 0, 1, 2 … in the order of their commits. One whose position is not beyond the source's
    /// is there already: nothing changes. After STORE_DOWN the record is there or not: appending it again is safe.
    virtual Status append(const NewRecord& record) = 0;
    /// Of the source's last event that was appended; 0 before the first.
    virtual Result<std::uint64_t> position(const std::string& source) = 0;
    virtual Result<std::uint64_t> size() = 0;
    /// At most `max` records from `index` on, in order.
    virtual Result<std::vector<LoggedRecord>> list(std::uint64_t index, std::size_t max) = 0;
    /// A complete subtree's hash (crypto/merkle.h). Errors: kDataLoss DATA_MALFORMED where there is none.
    virtual Result<crypto::Digest> node(unsigned level, std::uint64_t index) = 0;
};

}  // namespace imece::security
