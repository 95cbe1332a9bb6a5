// A sparse Merkle tree over SHA-256: a map whose root proves what a key holds, and that a key is not there.
//
// A key is the digest of whatever names the entry, so keys spread evenly; its bits, the highest first, are the
// way down from the root. A subtree with one entry is that entry's leaf, so the tree is about log2(entries) deep. Hashes:
// of nothing, 32 zero bytes; of a leaf, SHA-256(0x00 || key || value); of two subtrees, SHA-256(0x01 || left || right).
// Entries are changed, never taken out.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "crypto/crypto.h"

namespace imece::crypto {

struct StateEntry {
    Digest key{};
    Digest value{};  ///< The digest of what the key holds.
    friend auto operator<=>(const StateEntry&, const StateEntry&) = default;
};

/// Where a subtree begins: `depth` bits of a key; the bits beyond are zero.
struct StatePosition {
    unsigned depth = 0;
    Digest prefix{};
    friend auto operator<=>(const StatePosition&, const StatePosition&) = default;
};

/// A subtree with something in it: a leaf when it has one entry.
struct StateNode {
    Digest hash{};
    std::optional<StateEntry> leaf;
};

/// Gives the node that lies at a position, if any does. Its errors are passed on by the functions below.
using ReadStateNode = std::function<Result<std::optional<StateNode>>(const StatePosition&)>;

/// The nodes that change when `entry` is set, from its leaf up to the root. Cost: two reads and a hash a level.
/// Errors: kDataLoss DATA_MALFORMED when an inner node has no children.
Result<std::vector<std::pair<StatePosition, StateNode>>> state_set(const StateEntry& entry,
                                                                   const ReadStateNode& read);

/// Zero for an empty tree.
Result<Digest> state_root(const ReadStateNode& read);

/// The way from the root to where `key` is or would be: the hashes beside it, from the root down, and the
/// leaf that lies there, which may be another key's: then `key` is not in the tree.
struct StateProof {
    std::vector<Digest> beside;
    std::optional<StateEntry> leaf;
};
Result<StateProof> state_prove(const Digest& key, const ReadStateNode& read);

/// What `key` holds in the tree with this root, or nothing when it is not in it. For any bytes from outside.
/// Errors: kInvalidArgument STATE_PROOF_INVALID.
Result<std::optional<Digest>> verify_state(const Digest& root, const Digest& key,
                                           const StateProof& proof);

}  // namespace imece::crypto
