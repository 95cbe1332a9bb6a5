#include "crypto/state_tree.h"

#include <algorithm>

#include "base/result.h"

namespace imece::crypto {
namespace {

constexpr unsigned kBits = 8 * sizeof(Digest);

bool bit(const Digest& key, unsigned index) {
    return (key[index / 8] >> (7 - index % 8) & 1) != 0;
}

StatePosition position_of(const Digest& key, unsigned depth) {
    StatePosition position{depth, key};
    for (unsigned i = (depth + 7) / 8; i < sizeof(Digest); ++i) position.prefix[i] = 0;
    if (depth % 8 != 0) position.prefix[depth / 8] &= std::uint8_t(0xff << (8 - depth % 8));
    return position;
}

/// The subtree beside the one on the way to `key`, `depth` bits down.
StatePosition beside(const Digest& key, unsigned depth) {
    StatePosition position = position_of(key, depth);
    position.prefix[(depth - 1) / 8] ^= std::uint8_t(1 << (7 - (depth - 1) % 8));
    return position;
}

Digest leaf_hash(const StateEntry& entry) {
    std::array<std::uint8_t, 1 + 2 * sizeof(Digest)> prefixed{0x00};
    std::ranges::copy(entry.key, prefixed.begin() + 1);
    std::ranges::copy(entry.value, prefixed.begin() + 1 + sizeof(Digest));
    return sha256(prefixed);
}

/// The hash one level up from the subtree on the way to `key`, which is `depth` bits down.
Digest hash_up(const Digest& key, unsigned depth, const Digest& mine, const Digest& other) {
    std::array<std::uint8_t, 1 + 2 * sizeof(Digest)> prefixed{0x01};
    const bool right = bit(key, depth - 1);
    std::ranges::copy(right ? other : mine, prefixed.begin() + 1);
    std::ranges::copy(right ? mine : other, prefixed.begin() + 1 + sizeof(Digest));
    return sha256(prefixed);
}

struct Descent {
    std::vector<Digest> beside;      ///< From the root down.
    std::optional<StateEntry> leaf;  ///< What lies at the end.
};

Result<Descent> descend(const Digest& key, const ReadStateNode& read) {
    Descent descent;
    for (unsigned depth = 0;; ++depth) {
        IMECE_TRY(const std::optional<StateNode> node, read(position_of(key, depth)));
        if (depth > 0) {
            IMECE_TRY(const std::optional<StateNode> other, read(beside(key, depth)));
            descent.beside.push_back(other ? other->hash : Digest{});
            if (!node && !other)
                return fail(ErrorCode::kDataLoss, "DATA_MALFORMED",
                            "an inner node of the state tree has no children");
        }
        if (!node) return descent;
        if (node->leaf) {
            descent.leaf = node->leaf;
            return descent;
        }
        if (depth == kBits)
            return fail(ErrorCode::kDataLoss, "DATA_MALFORMED",
                        "the state tree is deeper than its keys are long");
    }
}

}  // namespace

Result<std::vector<std::pair<StatePosition, StateNode>>> state_set(const StateEntry& entry,
                                                                   const ReadStateNode& read) {
    IMECE_TRY(Descent descent, descend(entry.key, read));
    std::vector<std::pair<StatePosition, StateNode>> changed;
    auto depth = unsigned(descent.beside.size());
    if (descent.leaf && descent.leaf->key != entry.key) {
        // Another entry lies here: both go down to where their keys part.
        const Digest moved = leaf_hash(*descent.leaf);
        while (bit(entry.key, depth) == bit(descent.leaf->key, depth)) {
            descent.beside.push_back({});
            ++depth;
        }
        descent.beside.push_back(moved);
        ++depth;
        changed.push_back({position_of(descent.leaf->key, depth), StateNode{moved, descent.leaf}});
    }
    StateNode node{leaf_hash(entry), entry};
    changed.push_back({position_of(entry.key, depth), node});
    for (; depth > 0; --depth) {
        node = {hash_up(entry.key, depth, node.hash, descent.beside[depth - 1]), std::nullopt};
        changed.push_back({position_of(entry.key, depth - 1), node});
    }
    return changed;
}

Result<Digest> state_root(const ReadStateNode& read) {
    IMECE_TRY(const std::optional<StateNode> root, read({}));
    return root ? root->hash : Digest{};
}

Result<StateProof> state_prove(const Digest& key, const ReadStateNode& read) {
    IMECE_TRY(Descent descent, descend(key, read));
    return StateProof{std::move(descent.beside), descent.leaf};
}

Result<std::optional<Digest>> verify_state(const Digest& root, const Digest& key,
                                           const StateProof& proof) {
    const auto invalid = [](const char* why) {
        return fail(ErrorCode::kInvalidArgument, "STATE_PROOF_INVALID", why);
    };
    const auto depth = unsigned(proof.beside.size());
    if (depth > kBits) return invalid("the proof is longer than a key");
    if (proof.leaf && position_of(proof.leaf->key, depth) != position_of(key, depth))
        return invalid("the proof's leaf does not lie on the key's way");
    Digest hash = proof.leaf ? leaf_hash(*proof.leaf) : Digest{};
    for (unsigned at = depth; at > 0; --at) hash = hash_up(key, at, hash, proof.beside[at - 1]);
    if (hash != root) return invalid("the proof does not lead to the root");
    if (!proof.leaf || proof.leaf->key != key) return std::nullopt;
    return proof.leaf->value;
}

}  // namespace imece::crypto
