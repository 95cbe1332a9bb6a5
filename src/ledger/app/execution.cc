#include "ledger/app/execution.h"

#include "base/result.h"

namespace imece::ledger {

Execution::Execution(LedgerStore& store, TimePoint at)
    : store_(store),
      at_(at),
      read_state_([this](std::string_view name) -> Result<std::optional<std::string>> {
          const auto changed = changes_.find(name);
          if (changed != changes_.end()) return changed->second;
          return store_.state(name);
      }),
      read_node_([this](const crypto::StatePosition& position)
                     -> Result<std::optional<crypto::StateNode>> {
          const auto changed = nodes_.find(position);
          if (changed != nodes_.end()) return changed->second;
          return store_.state_node(position);
      }) {}

Status Execution::run(const Transaction& transaction) {
    IMECE_TRY(const std::vector<StateChange> changes, apply(transaction, at_, read_state_));
    for (const StateChange& change : changes) {
        IMECE_TRY(auto nodes, crypto::state_set(entry_of(change), read_node_));
        for (auto& [position, node] : nodes) nodes_[position] = node;
        changes_[change.name] = change.value;
    }
    return {};
}

Result<std::vector<Emergency>> Execution::in_force() const {
    return emergencies_in_force(at_, read_state_);
}

Result<crypto::Digest> Execution::state_root() const {
    return crypto::state_root(read_node_);
}

std::vector<StateChange> Execution::changes() const {
    std::vector<StateChange> changes;
    for (const auto& [name, value] : changes_) changes.push_back({name, value});
    return changes;
}

std::vector<std::pair<crypto::StatePosition, crypto::StateNode>> Execution::nodes() const {
    return {nodes_.begin(), nodes_.end()};
}

}  // namespace imece::ledger
