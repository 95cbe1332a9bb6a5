// Running a block's transactions on the state that is there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ledger/app/ports.h"

namespace imece::ledger {

/// The state with what a block changes laid over it. Nothing is written.
class Execution {
public:
    Execution(LedgerStore& store, TimePoint at);

    /// Takes the transaction's changes in, or none of them. Errors: what apply() gives.
    Status run(const Transaction& transaction);
    /// After all that ran.
    Result<std::vector<Emergency>> in_force() const;
    Result<crypto::Digest> state_root() const;

    std::vector<StateChange> changes() const;
    std::vector<std::pair<crypto::StatePosition, crypto::StateNode>> nodes() const;

private:
    LedgerStore& store_;
    const TimePoint at_;
    std::map<std::string, std::string, std::less<>> changes_;
    std::map<crypto::StatePosition, crypto::StateNode> nodes_;
    ReadState read_state_;
    crypto::ReadStateNode read_node_;
};

}  // namespace imece::ledger
