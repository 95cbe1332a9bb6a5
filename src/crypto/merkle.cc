#include "crypto/merkle.h"

#include <algorithm>
#include <bit>

#include "base/result.h"

namespace imece::crypto {
namespace {

std::unexpected<Error> out_of_range() {
    return fail(ErrorCode::kInvalidArgument, "PROOF_OUT_OF_RANGE",
                "the log has no such entry or no such size");
}

std::unexpected<Error> invalid() {
    return fail(ErrorCode::kInvalidArgument, "LOG_PROOF_INVALID",
                "the proof does not lead to the root");
}

/// The leaves [begin, end) of a split: begin is a multiple of a power of two that is at least end - begin.
struct Span {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    std::uint64_t size() const { return end - begin; }
    /// Where RFC 6962 parts it: behind the largest power of two that leaves something for the right.
    std::uint64_t middle() const { return begin + std::bit_floor(size() - 1); }
};

Result<Digest> hash_of(Span span, const ReadMerkleNode& read) {
    if (std::has_single_bit(span.size())) {
        const auto level = unsigned(std::countr_zero(span.size()));
        return read(level, span.begin >> level);
    }
    IMECE_TRY(const Digest left, hash_of({span.begin, span.middle()}, read));
    IMECE_TRY(const Digest right, hash_of({span.middle(), span.end}, read));
    return merkle_node_hash(left, right);
}

using Levels = std::vector<std::vector<Digest>>;

Levels complete_subtrees(const std::vector<Digest>& leaves) {
    Levels levels{leaves};
    while (levels.back().size() > 1) {
        std::vector<Digest> next;
        const std::vector<Digest>& last = levels.back();
        for (std::size_t i = 0; i + 1 < last.size(); i += 2)
            next.push_back(merkle_node_hash(last[i], last[i + 1]));
        levels.push_back(std::move(next));
    }
    return levels;
}

ReadMerkleNode reader_of(Levels levels) {
    return [levels = std::move(levels)](unsigned level, std::uint64_t index) -> Result<Digest> {
        return levels.at(level).at(index);
    };
}

}  // namespace

Digest merkle_leaf_hash(ByteView entry) {
    Bytes prefixed;
    prefixed.reserve(entry.size() + 1);
    prefixed.push_back(0x00);
    prefixed.insert(prefixed.end(), entry.begin(), entry.end());
    return sha256(prefixed);
}

Digest merkle_node_hash(const Digest& left, const Digest& right) {
    std::array<std::uint8_t, 1 + 2 * sizeof(Digest)> prefixed{0x01};
    std::ranges::copy(left, prefixed.begin() + 1);
    std::ranges::copy(right, prefixed.begin() + 1 + sizeof(Digest));
    return sha256(prefixed);
}

Result<std::vector<MerkleNode>> merkle_append(std::uint64_t size, const Digest& leaf,
                                              const ReadMerkleNode& read) {
    std::vector<MerkleNode> made{{0, size, leaf}};
    // Each trailing one is a complete subtree on the left that the new one completes to the next.
    for (unsigned level = 0; (size >> level & 1) != 0; ++level) {
        IMECE_TRY(const Digest left, read(level, (size >> level) - 1));
        made.push_back({level + 1, size >> (level + 1), merkle_node_hash(left, made.back().hash)});
    }
    return made;
}

Result<Digest> merkle_root(std::uint64_t size, const ReadMerkleNode& read) {
    if (size == 0) return sha256({});
    return hash_of({0, size}, read);
}

Result<std::vector<Digest>> merkle_inclusion(std::uint64_t index, std::uint64_t size,
                                             const ReadMerkleNode& read) {
    if (index >= size) return out_of_range();
    std::vector<Digest> proof;
    for (Span span{0, size}; span.size() > 1;) {
        const Span left{span.begin, span.middle()};
        const Span right{span.middle(), span.end};
        const bool in_left = index < left.end;
        IMECE_TRY(const Digest sibling, hash_of(in_left ? right : left, read));
        proof.push_back(sibling);
        span = in_left ? left : right;
    }
    std::ranges::reverse(proof);
    return proof;
}

Result<std::vector<Digest>> merkle_consistency(std::uint64_t older, std::uint64_t size,
                                               const ReadMerkleNode& read) {
    if (older > size) return out_of_range();
    std::vector<Digest> proof;
    if (older == 0 || older == size) return proof;
    Span span{0, size};
    bool whole = true;  // The older tree fills the part we are in: the verifier has its root.
    while (span.end != older) {
        const Span left{span.begin, span.middle()};
        const Span right{span.middle(), span.end};
        const bool in_left = older <= left.end;
        IMECE_TRY(const Digest sibling, hash_of(in_left ? right : left, read));
        proof.push_back(sibling);
        span = in_left ? left : right;
        if (!in_left) whole = false;
    }
    if (!whole) {
        IMECE_TRY(const Digest seed, hash_of(span, read));
        proof.push_back(seed);
    }
    std::ranges::reverse(proof);
    return proof;
}

Digest merkle_root(const std::vector<Digest>& leaves) {
    return *merkle_root(leaves.size(), reader_of(complete_subtrees(leaves)));
}

std::vector<Digest> merkle_inclusion(std::uint64_t index, const std::vector<Digest>& leaves) {
    return *merkle_inclusion(index, leaves.size(), reader_of(complete_subtrees(leaves)));
}

Status verify_merkle_inclusion(std::uint64_t index, std::uint64_t size, const Digest& leaf,
                               const std::vector<Digest>& proof, const Digest& root) {
    if (index >= size) return out_of_range();
    Digest hash = leaf;
    std::uint64_t at = index;
    std::uint64_t last = size - 1;
    for (const Digest& sibling : proof) {
        if (last == 0) return invalid();
        if ((at & 1) != 0 || at == last) {
            hash = merkle_node_hash(sibling, hash);
            // A last node without a right sibling rises unchanged to where it is a right child.
            const int rise = std::countr_zero(at);
            at >>= rise;
            last >>= rise;
        } else {
            hash = merkle_node_hash(hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if (last != 0 || hash != root) return invalid();
    return {};
}

Status verify_merkle_consistency(std::uint64_t older, std::uint64_t size, const Digest& older_root,
                                 const Digest& root, const std::vector<Digest>& proof) {
    if (older > size) return out_of_range();
    if (older == 0 || older == size) {
        const Digest expected = older == size ? root : sha256({});
        if (!proof.empty() || older_root != expected) return invalid();
        return {};
    }
    if (proof.empty()) return invalid();
    std::uint64_t at = older - 1;
    std::uint64_t last = size - 1;
    const int rise = std::countr_one(at);
    at >>= rise;
    last >>= rise;
    // An older tree of a power of two is itself the first node of the path.
    auto next = proof.begin();
    Digest old_hash = std::has_single_bit(older) ? older_root : *next++;
    Digest new_hash = old_hash;
    for (; next != proof.end(); ++next) {
        if (last == 0) return invalid();
        if ((at & 1) != 0 || at == last) {
            old_hash = merkle_node_hash(*next, old_hash);
            new_hash = merkle_node_hash(*next, new_hash);
            const int up = std::countr_zero(at);
            at >>= up;
            last >>= up;
        } else {
            new_hash = merkle_node_hash(new_hash, *next);
        }
        at >>= 1;
        last >>= 1;
    }
    if (last != 0 || old_hash != older_root || new_hash != root) return invalid();
    return {};
}

}  // namespace imece::crypto
