#include "crypto/state_tree.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"
#include "base/result.h"

namespace imece::crypto {
namespace {

class Tree {
public:
    void set(const StateEntry& entry) {
        const auto changed = state_set(entry, reader());
        ASSERT_TRUE(changed) << changed.error().message;
        for (const auto& [position, node] : *changed) nodes_[position] = node;
    }
    Digest root() const { return state_root(reader()).value(); }
    StateProof prove(const Digest& key) const { return state_prove(key, reader()).value(); }
    ReadStateNode reader() const {
        return [this](const StatePosition& position) -> Result<std::optional<StateNode>> {
            const auto at = nodes_.find(position);
            if (at == nodes_.end()) return std::optional<StateNode>();
            return at->second;
        };
    }
    std::map<StatePosition, StateNode> nodes_;
};

Digest digest(std::uint64_t number) {
    return sha256(view_of(std::to_string(number)));
}

/// The root by its definition: over the entries whose keys begin with the same `depth` bits.
Digest defined_root(const std::vector<StateEntry>& entries, unsigned depth) {
    if (entries.empty()) return {};
    Bytes bytes;
    if (entries.size() == 1) {
        bytes.push_back(0);
        bytes.insert(bytes.end(), entries[0].key.begin(), entries[0].key.end());
        bytes.insert(bytes.end(), entries[0].value.begin(), entries[0].value.end());
        return sha256(bytes);
    }
    std::vector<StateEntry> sides[2];
    for (const StateEntry& entry : entries)
        sides[entry.key[depth / 8] >> (7 - depth % 8) & 1].push_back(entry);
    bytes.push_back(1);
    for (const auto& side : sides) {
        const Digest hash = defined_root(side, depth + 1);
        bytes.insert(bytes.end(), hash.begin(), hash.end());
    }
    return sha256(bytes);
}

/// Keys of which some share many leading bits.
Digest key_of(std::uint64_t number, Random& random) {
    Digest key = digest(number % 7);
    if (random.below(2) == 0) return digest(number);
    key[random.below(32)] ^= std::uint8_t(1 << random.below(8));
    return key;
}

TEST(StateTree, root_is_that_of_its_definition_whatever_the_order) {
    SeededRandom random(5);
    for (int round = 0; round < 30; ++round) {
        std::map<Digest, Digest> want;
        Tree tree;
        EXPECT_EQ(tree.root(), Digest{});
        for (std::uint64_t i = 0; i < 60; ++i) {
            const StateEntry entry{key_of(random.below(40), random), digest(random.next_u64())};
            tree.set(entry);
            want[entry.key] = entry.value;
        }
        std::vector<StateEntry> entries;
        for (const auto& [key, value] : want) entries.push_back({key, value});
        EXPECT_EQ(tree.root(), defined_root(entries, 0)) << "round " << round;
    }
}

TEST(StateTree, proves_what_is_there_and_what_is_not) {
    SeededRandom random(9);
    Tree tree;
    std::map<Digest, Digest> want;
    for (std::uint64_t i = 0; i < 200; ++i) {
        const StateEntry entry{key_of(i, random), digest(i)};
        tree.set(entry);
        want[entry.key] = entry.value;
    }
    for (const auto& [key, value] : want) {
        const auto held = verify_state(tree.root(), key, tree.prove(key));
        ASSERT_TRUE(held);
        EXPECT_EQ(*held, value);
    }
    for (std::uint64_t i = 1000; i < 1200; ++i) {
        const Digest key = key_of(i, random);
        if (want.contains(key)) continue;
        const auto held = verify_state(tree.root(), key, tree.prove(key));
        ASSERT_TRUE(held);
        EXPECT_EQ(*held, std::nullopt);
    }
    const Tree empty;
    EXPECT_EQ(verify_state({}, digest(1), empty.prove(digest(1))).value(), std::nullopt);
}

TEST(StateTree, a_changed_proof_is_refused) {
    Tree tree;
    for (std::uint64_t i = 0; i < 50; ++i) tree.set({digest(i), digest(i + 1)});
    const Digest root = tree.root();
    const StateProof good = tree.prove(digest(7));
    ASSERT_TRUE(verify_state(root, digest(7), good));

    std::vector<StateProof> bad;
    for (std::size_t i = 0; i < good.beside.size(); ++i) {
        bad.push_back(good);
        bad.back().beside[i][3] ^= 1;
    }
    bad.push_back(good);
    bad.back().beside.pop_back();
    bad.push_back(good);
    bad.back().beside.push_back({});
    bad.push_back(good);
    bad.back().leaf->value[0] ^= 1;
    bad.push_back(good);
    bad.back().leaf.reset();  // "It is not there."
    bad.push_back(good);
    bad.back().beside.resize(300);
    bad.push_back(tree.prove(digest(8)));  // Another key's.
    for (const StateProof& proof : bad) {
        const auto refused = verify_state(root, digest(7), proof);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().reason, "STATE_PROOF_INVALID");
    }
    EXPECT_FALSE(verify_state(digest(1), digest(7), good));
}

TEST(StateTree, a_tree_with_a_lost_node_is_an_error_not_an_answer) {
    Tree tree;
    for (std::uint64_t i = 0; i < 20; ++i) tree.set({digest(i), digest(i)});
    std::erase_if(tree.nodes_, [](const auto& node) { return node.first.depth == 1; });
    EXPECT_EQ(state_prove(digest(3), tree.reader()).error().reason, "DATA_MALFORMED");
    EXPECT_EQ(state_set({digest(3), digest(4)}, tree.reader()).error().reason, "DATA_MALFORMED");
}

}  // namespace
}  // namespace imece::crypto
