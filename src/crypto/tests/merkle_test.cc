#include "crypto/merkle.h"

#include <gtest/gtest.h>

#include <map>

#include "base/result.h"
#include "crypto/tests/vectors.h"

namespace imece::crypto {
namespace {

namespace json = boost::json;

/// A tree in memory.
class Tree {
public:
    void append(const Digest& leaf) {
        const auto made = merkle_append(size_, leaf, reader());
        ASSERT_TRUE(made);
        for (const MerkleNode& node : *made) {
            EXPECT_FALSE(nodes_.contains({node.level, node.index})) << "made twice";
            nodes_[{node.level, node.index}] = node.hash;
        }
        ++size_;
    }
    ReadMerkleNode reader() const {
        return [this](unsigned level, std::uint64_t index) -> Result<Digest> {
            const auto at = nodes_.find({level, index});
            if (at == nodes_.end()) return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", "no node");
            return at->second;
        };
    }

private:
    std::uint64_t size_ = 0;
    std::map<std::pair<unsigned, std::uint64_t>, Digest> nodes_;
};

/// RFC 6962's definition of the tree over leaves [begin, end).
Digest defined_root(const std::vector<Digest>& leaves, std::size_t begin, std::size_t end) {
    if (end - begin == 1) return leaves[begin];
    std::size_t k = 1;
    while (k * 2 < end - begin) k *= 2;
    return merkle_node_hash(defined_root(leaves, begin, begin + k),
                            defined_root(leaves, begin + k, end));
}

// The tree of the eight inputs that certificate transparency's implementations share.
TEST(Merkle, roots_are_those_of_certificate_transparency) {
    constexpr std::string_view kInputs[] = {"",
                                            "00",
                                            "10",
                                            "2021",
                                            "3031",
                                            "40414243",
                                            "5051525354555657",
                                            "606162636465666768696a6b6c6d6e6f"};
    constexpr std::string_view kRoots[] = {
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    Tree tree;
    EXPECT_EQ(to_hex(*merkle_root(0, tree.reader())),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (std::size_t i = 0; i < std::size(kInputs); ++i) {
        tree.append(merkle_leaf_hash(*parse_hex(kInputs[i])));
        EXPECT_EQ(to_hex(*merkle_root(i + 1, tree.reader())), kRoots[i]);
    }
}

class Trees : public testing::Test {
protected:
    static constexpr std::size_t kSize = 70;

    Trees() {
        for (std::size_t i = 0; i < kSize; ++i) {
            const auto byte = std::uint8_t(i);
            leaves_.push_back(merkle_leaf_hash({&byte, 1}));
            tree_.append(leaves_.back());
        }
        roots_.push_back(sha256({}));
        for (std::size_t size = 1; size <= kSize; ++size)
            roots_.push_back(defined_root(leaves_, 0, size));
    }

    Tree tree_;
    std::vector<Digest> leaves_, roots_;
};

TEST_F(Trees, every_old_root_is_the_defined_one) {
    for (std::size_t size = 1; size <= kSize; ++size)
        EXPECT_EQ(*merkle_root(size, tree_.reader()), roots_[size]);
}

TEST_F(Trees, leaves_at_hand_give_the_same_roots_and_paths) {
    for (std::size_t size = 0; size <= kSize; ++size) {
        const std::vector<Digest> leaves(leaves_.begin(), leaves_.begin() + std::ptrdiff_t(size));
        EXPECT_EQ(merkle_root(leaves), roots_[size]);
        for (std::size_t index = 0; index < size; ++index)
            EXPECT_EQ(merkle_inclusion(index, leaves),
                      *merkle_inclusion(index, size, tree_.reader()));
    }
}

TEST_F(Trees, every_inclusion_proof_leads_to_its_root_and_no_other_leaf_does) {
    for (std::size_t size = 1; size <= kSize; ++size)
        for (std::size_t index = 0; index < size; ++index) {
            const auto proof = merkle_inclusion(index, size, tree_.reader());
            ASSERT_TRUE(proof);
            EXPECT_TRUE(verify_merkle_inclusion(index, size, leaves_[index], *proof, roots_[size]));
            EXPECT_FALSE(verify_merkle_inclusion(index, size, leaves_[(index + 1) % kSize], *proof,
                                                 roots_[size]));
            if (size > 1)
                EXPECT_FALSE(verify_merkle_inclusion((index + 1) % size, size, leaves_[index],
                                                     *proof, roots_[size]));
        }
}

TEST_F(Trees, every_consistency_proof_holds_and_no_other_root_passes) {
    for (std::size_t size = 0; size <= kSize; ++size)
        for (std::size_t older = 0; older <= size; ++older) {
            const auto proof = merkle_consistency(older, size, tree_.reader());
            ASSERT_TRUE(proof);
            EXPECT_TRUE(verify_merkle_consistency(older, size, roots_[older], roots_[size], *proof))
                << older << " of " << size;
            Digest other = roots_[older];
            other[0] ^= 1;
            EXPECT_FALSE(verify_merkle_consistency(older, size, other, roots_[size], *proof))
                << older << " of " << size;
        }
}

TEST_F(Trees, a_proof_with_a_bit_changed_or_a_part_too_many_or_too_few_fails) {
    for (const std::size_t older : {1U, 5U, 32U, 33U, 69U}) {
        auto proof = *merkle_consistency(older, kSize, tree_.reader());
        const auto holds = [&] {
            return verify_merkle_consistency(older, kSize, roots_[older], roots_[kSize], proof)
                .has_value();
        };
        ASSERT_TRUE(holds());
        for (Digest& part : proof) {
            part[31] ^= 0x80;
            EXPECT_FALSE(holds());
            part[31] ^= 0x80;
        }
        const Digest last = proof.back();
        proof.push_back(last);
        EXPECT_FALSE(holds());
        proof.resize(proof.size() - 2);
        EXPECT_FALSE(holds());
    }
}

TEST_F(Trees, what_the_log_does_not_have_is_not_proved) {
    EXPECT_EQ(merkle_inclusion(5, 5, tree_.reader()).error().reason, "PROOF_OUT_OF_RANGE");
    EXPECT_EQ(merkle_consistency(6, 5, tree_.reader()).error().reason, "PROOF_OUT_OF_RANGE");
    EXPECT_EQ(merkle_inclusion(0, kSize + 1, tree_.reader()).error().reason, "DATA_MALFORMED");
}

Digest digest(const json::value& base64) {
    std::string text(base64.as_string());
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    text.erase(text.find_last_not_of('=') + 1);
    const auto bytes = parse_base64url(text);
    Digest out{};
    if (bytes && bytes->size() == out.size()) std::ranges::copy(*bytes, out.begin());
    return out;
}

std::vector<Digest> digests(const json::value& proof) {
    std::vector<Digest> out;
    if (proof.is_array())
        for (const json::value& part : proof.as_array()) out.push_back(digest(part));
    return out;
}

/// Runs `verify` over the files of a folder of transparency-dev's vectors.
template <class Verify>
void run_vectors(const char* name, int least, const Verify& verify) {
    const auto folder = vectors(name);
    SKIP_WITHOUT(folder);
    int tested = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
        if (file.path().extension() != ".json") continue;
        const json::value test = read_json(file.path());
        EXPECT_EQ(verify(test).has_value(), !test.at("wantErr").as_bool()) << file.path();
        ++tested;
    }
    EXPECT_GE(tested, least);
}

TEST(MerkleVectors, inclusion) {
    run_vectors("merkle/inclusion", 20, [](const json::value& test) {
        return verify_merkle_inclusion(test.at("leafIdx").to_number<std::uint64_t>(),
                                       test.at("treeSize").to_number<std::uint64_t>(),
                                       digest(test.at("leafHash")), digests(test.at("proof")),
                                       digest(test.at("root")));
    });
}

TEST(MerkleVectors, consistency) {
    run_vectors("merkle/consistency", 10, [](const json::value& test) {
        return verify_merkle_consistency(test.at("size1").to_number<std::uint64_t>(),
                                         test.at("size2").to_number<std::uint64_t>(),
                                         digest(test.at("root1")), digest(test.at("root2")),
                                         digests(test.at("proof")));
    });
}

}  // namespace
}  // namespace imece::crypto
