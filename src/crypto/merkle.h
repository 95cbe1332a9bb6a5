// Merkle trees of RFC 6962, section 2.1, over SHA-256: the history of a log that only grows.
//
// A tree is kept as the hashes of its complete subtrees. The node (level, index) covers the leaves index · 2^level up to
// the next node of its level; level 0 holds the leaves' hashes. A node never changes once it is there, so any store
// that keeps them by that pair gives every root and proof, old ones too, in O(log n) reads.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/error.h"
#include "crypto/crypto.h"

namespace imece::crypto {

Digest merkle_leaf_hash(ByteView entry);
Digest merkle_node_hash(const Digest& left, const Digest& right);

struct MerkleNode {
    unsigned level = 0;
    std::uint64_t index = 0;
    Digest hash{};
};

/// Gives a node's hash. Its errors are passed on by the functions below.
using ReadMerkleNode = std::function<Result<Digest>(unsigned level, std::uint64_t index)>;

/// The nodes that come to be when `leaf` is put behind `size` leaves, the leaf first.
/// Cost: one read and one hash for each trailing one of `size`; two in the mean.
Result<std::vector<MerkleNode>> merkle_append(std::uint64_t size, const Digest& leaf,
                                              const ReadMerkleNode& read);

/// The root over the first `size` leaves; SHA-256 of nothing for none. Cost: O(log size) reads.
Result<Digest> merkle_root(std::uint64_t size, const ReadMerkleNode& read);

/// The audit path of leaf `index` in the tree of `size` leaves, from the leaf up.
/// Errors: kInvalidArgument PROOF_OUT_OF_RANGE unless index < size. Cost: O(log² size) reads.
Result<std::vector<Digest>> merkle_inclusion(std::uint64_t index, std::uint64_t size,
                                             const ReadMerkleNode& read);

/// Proves that the first `older` leaves of the tree of `size` are the older tree; empty for 0 and for `size`.
/// Errors: kInvalidArgument PROOF_OUT_OF_RANGE unless older <= size. Cost: O(log² size) reads.
Result<std::vector<Digest>> merkle_consistency(std::uint64_t older, std::uint64_t size,
                                               const ReadMerkleNode& read);

/// The same for leaves that are at hand. `index` is below their number. Cost: a hash a leaf.
Digest merkle_root(const std::vector<Digest>& leaves);
std::vector<Digest> merkle_inclusion(std::uint64_t index, const std::vector<Digest>& leaves);

/// For any bytes from outside. Errors: kInvalidArgument LOG_PROOF_INVALID, PROOF_OUT_OF_RANGE.
Status verify_merkle_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf,
                               const std::vector<Digest>& proof, const Digest& root);
Status verify_merkle_consistency(std::uint64_t older, std::uint64_t size, const Digest& older_root,
                                 const Digest& root, const std::vector<Digest>& proof);

}  // namespace imece::crypto
