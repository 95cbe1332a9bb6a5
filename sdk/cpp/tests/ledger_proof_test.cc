#include "sdk/cpp/ledger_proof.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/base64.h"
#include "crypto/merkle.h"

namespace imece::sdk {
namespace {

namespace pb = imece::ledger::v1;
using namespace ledger;

std::string json_of(const google::protobuf::Message& message) {
    std::string json;
    EXPECT_TRUE(google::protobuf::util::MessageToJsonString(message, &json).ok());
    return json;
}

std::string bytes_of(const crypto::Digest& digest) {
    return std::string(text_of(digest));
}

/// A chain of two blocks; the second anchors three receipts and changes the state.
class LedgerProof : public testing::Test {
protected:
    void SetUp() override {
        std::vector<Authority> list;
        for (std::uint8_t i = 1; i <= 4; ++i) {
            crypto::Seed seed{};
            seed[0] = i;
            keys_.emplace_back(seed);
            list.push_back({keys_.back().public_key(), 10});
        }
        set_ = *AuthoritySet::make(0, list);
        BlockHeader first;
        first.authority_set = set_->hash();
        first_ = final_block(first, 3);
        trusted_ = TrustedChain{hash_of(first), *set_};

        for (int i = 0; i < 3; ++i) {
            imece::type::v1::SignedReceipt receipt;
            receipt.set_receipt("receipt " + std::to_string(i));
            receipt.set_signature(std::string(64, char('a' + i)));
            leaves_.push_back(
                crypto::merkle_leaf_hash(view_of(receipt.receipt() + receipt.signature())));
            receipts_.push_back(receipt);
        }
        Transaction anchor{.chain = trusted_->chain,
                           .id = {},
                           .at = from_unix_ms(1),
                           .author = authority_id_of(keys_[0].public_key()),
                           .body = ReceiptAnchor{1, 3, crypto::merkle_root(leaves_)},
                           .signature = {},
                           .approvals = {}};
        anchor.signature = keys_[0].sign(kTransactionDomain, view_of(signed_part(anchor)));
        const std::vector<std::string> transactions{"other", encode(anchor)};

        for (const StateChange& change :
             {StateChange{"a", "1"}, StateChange{"b", "2"}, StateChange{"c", "3"}}) {
            const auto changed = crypto::state_set(entry_of(change), reader());
            for (const auto& [position, node] : *changed) nodes_.emplace_back(position, node);
        }
        BlockHeader header;
        header.chain = header.parent = trusted_->chain;
        header.height = 1;
        header.authority_set = set_->hash();
        header.history_root = crypto::merkle_root({hash_of(first)});
        header.transactions = 2;
        header.transactions_root = transactions_root(transactions);
        header.state_root = *crypto::state_root(reader());
        block_ = final_block(header, 3);

        pb::TransactionProof& proof = *receipt_proof_.mutable_anchor();
        proof.set_transaction(transactions[1]);
        proof.set_index(1);
        for (const auto& hash : transaction_path(transactions, 1)) proof.add_path(bytes_of(hash));
        *proof.mutable_block() = block_;
        receipt_proof_.set_index(2);
        for (const auto& hash : crypto::merkle_inclusion(2, leaves_))
            receipt_proof_.add_path(bytes_of(hash));
    }

    pb::Block final_block(const BlockHeader& header, std::size_t votes) const {
        Certificate certificate;
        for (std::size_t i = 0; i < votes; ++i)
            certificate.votes.push_back({authority_id_of(keys_[i].public_key()),
                                         keys_[i].sign(kVoteDomain, view_of(vote_bytes(header)))});
        std::ranges::sort(certificate.votes, {}, &Vote::authority);
        pb::Block block;
        block.set_encoded_header(encode(header));
        block.set_encoded_certificate(encode(certificate));
        return block;
    }
    crypto::ReadStateNode reader() const {
        return
            [this](
                const crypto::StatePosition& position) -> Result<std::optional<crypto::StateNode>> {
                std::optional<crypto::StateNode> found;
                for (const auto& [at, node] : nodes_)
                    if (at == position) found = node;  // The last one written.
                return found;
            };
    }
    pb::EntryProof entry_proof(const std::string& name, const std::optional<std::string>& value) {
        const auto proof = crypto::state_prove(state_key(name), reader());
        pb::EntryProof out;
        out.set_there(value.has_value());
        out.set_value(value.value_or(""));
        for (const auto& hash : proof->beside) out.add_beside(bytes_of(hash));
        if (proof->leaf) {
            out.set_leaf_key(bytes_of(proof->leaf->key));
            out.set_leaf_value(bytes_of(proof->leaf->value));
        }
        *out.mutable_block() = block_;
        return out;
    }

    std::vector<crypto::SigningKey> keys_;
    std::optional<AuthoritySet> set_;
    std::optional<TrustedChain> trusted_;
    std::vector<imece::type::v1::SignedReceipt> receipts_;
    std::vector<crypto::Digest> leaves_;
    std::vector<std::pair<crypto::StatePosition, crypto::StateNode>> nodes_;
    pb::Block first_, block_;
    pb::ReceiptProof receipt_proof_;
};

TEST_F(LedgerProof, a_receipt_on_the_chain_is_proven_and_no_other_is) {
    EXPECT_TRUE(verify_receipt(*trusted_, receipts_[2], receipt_proof_));
    EXPECT_FALSE(verify_receipt(*trusted_, receipts_[1], receipt_proof_));
    auto changed = receipts_[2];
    (*changed.mutable_signature())[0] ^= 1;
    EXPECT_FALSE(verify_receipt(*trusted_, changed, receipt_proof_));
}

TEST_F(LedgerProof, every_changed_byte_is_found) {
    const std::string bytes = receipt_proof_.SerializeAsString();
    int read = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        std::string changed = bytes;
        changed[at] ^= 1;
        pb::ReceiptProof proof;
        if (!proof.ParseFromString(changed)) continue;
        ++read;
        // What is there only to read, and what protobuf does not know, proves nothing and harms nothing.
        if (verify_receipt(*trusted_, receipts_[2], proof)) {
            EXPECT_EQ(proof.anchor().block().encoded_header(), block_.encoded_header());
            EXPECT_EQ(proof.anchor().transaction(), receipt_proof_.anchor().transaction());
        }
    }
    EXPECT_GT(read, 100);
}

TEST_F(LedgerProof, a_block_needs_a_quorum_of_the_trusted_authorities_and_the_trusted_chain) {
    EXPECT_EQ(verify_block(*trusted_, first_)->height, 0u);
    EXPECT_EQ(verify_block(*trusted_, block_)->height, 1u);
    BlockHeader header = *decode_header(block_.encoded_header());
    EXPECT_EQ(verify_block(*trusted_, final_block(header, 2)).error().reason, "QUORUM_MISSING");
    header.chain[0] ^= 1;
    EXPECT_EQ(verify_block(*trusted_, final_block(header, 3)).error().reason, "BLOCK_MALFORMED");
    EXPECT_EQ(verify_block(*trusted_, {}).error().reason, "BLOCK_MALFORMED");
}

TEST_F(LedgerProof, an_entry_is_proven_and_so_is_that_it_is_not_there) {
    EXPECT_EQ(verify_entry(*trusted_, "b", entry_proof("b", "2")).value(), "2");
    EXPECT_EQ(verify_entry(*trusted_, "d", entry_proof("d", std::nullopt)).value(), std::nullopt);
    for (const pb::EntryProof& lie :
         {entry_proof("b", "3"), entry_proof("b", std::nullopt), entry_proof("d", "4")}) {
        const auto refused = verify_entry(*trusted_, lie.value() == "4" ? "d" : "b", lie);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().reason, "STATE_PROOF_INVALID");
    }
    EXPECT_FALSE(verify_entry(*trusted_, "a", entry_proof("b", "2")));
}

TEST_F(LedgerProof, an_older_block_is_in_the_history_of_a_final_one) {
    pb::BlockProof proof;
    *proof.mutable_older() = first_;
    *proof.mutable_newer() = block_;
    EXPECT_EQ(verify_history(*trusted_, proof)->height, 0u);
    BlockHeader other = *decode_header(first_.encoded_header());
    other.exercise = true;
    proof.mutable_older()->set_encoded_header(encode(other));
    EXPECT_EQ(verify_history(*trusted_, proof).error().reason, "LOG_PROOF_INVALID");
}

// Verifiers in other languages (console/src/proof) are held to this file, so it must be what holds here.
TEST_F(LedgerProof, is_written_down_for_other_languages) {
    pb::BlockProof history;
    *history.mutable_older() = first_;
    *history.mutable_newer() = block_;
    std::string authorities;
    append_base64(authorities, set_->encode());
    const std::string samples = "{\n\"chain\": \"" + to_hex(trusted_->chain) +
                                "\",\n\"authorities\": \"" + authorities +
                                "\",\n\"receipt\": " + json_of(receipts_[2]) +
                                ",\n\"receiptProof\": " + json_of(receipt_proof_) +
                                ",\n\"blockProof\": " + json_of(history) + "\n}\n";
    std::ifstream file(IMECE_SOURCE_DIR "/tests/vectors/ledger_proofs.json");
    const std::string written{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(written, samples);
}

}  // namespace
}  // namespace imece::sdk
