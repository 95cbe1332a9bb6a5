// What the chain holds after its blocks: entries by name, each provable by a header's state root.
//
// | entry | holds |
// |---|---|
// | `receipts` | number of the last anchor |
// | `receipts/N` | root and number of receipts of anchor N |
// | `emergencies` | those that were neither ended nor found past their time by a later change |
// | `emergency/ID` | level, area, expiry, hash of the cause, when it was ended |
// | `check-in/ID` | commitment |
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "crypto/state_tree.h"
#include "ledger/domain/transaction.h"

namespace imece::ledger {

/// What an entry holds; nothing when it is not there.
using ReadState = std::function<Result<std::optional<std::string>>(std::string_view name)>;

struct StateChange {
    std::string name;
    std::string value;
};

/// How an entry stands in the state tree.
crypto::StateEntry entry_of(const StateChange& change);
crypto::Digest state_key(std::string_view name);

struct Emergency {
    EmergencyId id;
    Level level = Level::kEmergency;
    std::string area;
    TimePoint expires_at;
    crypto::Digest cause_hash{};
    TimePoint declared_at;  ///< Of the block.
    TimePoint ended_at;     ///< Zero: it was not ended before its time.
    bool in_force(TimePoint at) const { return ended_at == TimePoint{} && at < expires_at; }
};
std::string encode(const Emergency& emergency);
/// Errors: kDataLoss DATA_MALFORMED.
Result<Emergency> decode_emergency(std::string_view bytes);

/// Emergencies that may be in force at once.
inline constexpr std::size_t kEmergenciesMax = 256;

/// Those in force at `at`, the gravest first. Errors: what `read` gives.
Result<std::vector<Emergency>> emergencies_in_force(TimePoint at, const ReadState& read);
Level highest(const std::vector<Emergency>& emergencies);

/// What a transaction of a block of time `at` changes. check() passed before.
/// Errors: kFailedPrecondition ANCHOR_OUT_OF_ORDER, EMERGENCY_OVER, EMERGENCIES_TOO_MANY; kNotFound EMERGENCY_UNKNOWN;
/// kAlreadyExists ID_TAKEN; what `read` gives.
Result<std::vector<StateChange>> apply(const Transaction& transaction, TimePoint at,
                                       const ReadState& read);

}  // namespace imece::ledger
