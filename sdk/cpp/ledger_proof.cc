#include "sdk/cpp/ledger_proof.h"

#include <algorithm>

#include "base/result.h"
#include "crypto/merkle.h"

namespace imece::sdk {
namespace {

namespace pb = imece::ledger::v1;

Result<crypto::Digest> digest_of(const std::string& bytes) {
    crypto::Digest digest{};
    if (bytes.size() != digest.size())
        return fail(ErrorCode::kInvalidArgument, "LOG_PROOF_INVALID", "a hash has 32 bytes");
    std::ranges::copy(view_of(bytes), digest.begin());
    return digest;
}

template <class List>
Result<std::vector<crypto::Digest>> digests_of(const List& list) {
    std::vector<crypto::Digest> digests;
    for (const std::string& bytes : list) {
        IMECE_TRY(const crypto::Digest digest, digest_of(bytes));
        digests.push_back(digest);
    }
    return digests;
}

}  // namespace

Result<ledger::BlockHeader> verify_block(const TrustedChain& trusted, const pb::Block& block) {
    IMECE_TRY(const ledger::BlockHeader header, ledger::decode_header(block.encoded_header()));
    const crypto::Digest chain = header.height == 0 ? ledger::hash_of(header) : header.chain;
    if (chain != trusted.chain)
        return fail(ErrorCode::kInvalidArgument, "BLOCK_MALFORMED",
                    "the block is of another chain than the one that is trusted");
    IMECE_TRY(const ledger::Certificate certificate,
              ledger::decode_certificate(block.encoded_certificate()));
    IMECE_CHECK(ledger::check(certificate, header, trusted.authorities));
    return header;
}

Result<ledger::Transaction> verify_transaction(const TrustedChain& trusted,
                                               const pb::TransactionProof& proof) {
    IMECE_TRY(const ledger::BlockHeader header, verify_block(trusted, proof.block()));
    IMECE_TRY(const auto path, digests_of(proof.path()));
    IMECE_CHECK(crypto::verify_merkle_inclusion(
        proof.index(), header.transactions, crypto::merkle_leaf_hash(view_of(proof.transaction())),
        path, header.transactions_root));
    IMECE_TRY(ledger::Transaction transaction, ledger::decode_transaction(proof.transaction()));
    IMECE_CHECK(ledger::check(transaction, trusted.chain, trusted.authorities));
    return transaction;
}

Status verify_receipt(const TrustedChain& trusted, const imece::type::v1::SignedReceipt& receipt,
                      const pb::ReceiptProof& proof) {
    IMECE_TRY(const ledger::Transaction anchor, verify_transaction(trusted, proof.anchor()));
    const auto* body = std::get_if<ledger::ReceiptAnchor>(&anchor.body);
    if (body == nullptr)
        return fail(ErrorCode::kInvalidArgument, "TRANSACTION_MALFORMED",
                    "the proof's transaction anchors no receipts");
    IMECE_TRY(const auto path, digests_of(proof.path()));
    const std::string leaf = receipt.receipt() + receipt.signature();
    return crypto::verify_merkle_inclusion(
        proof.index(), body->receipts, crypto::merkle_leaf_hash(view_of(leaf)), path, body->root);
}

Result<std::optional<std::string>> verify_entry(const TrustedChain& trusted, std::string_view name,
                                                const pb::EntryProof& proof) {
    IMECE_TRY(const ledger::BlockHeader header, verify_block(trusted, proof.block()));
    crypto::StateProof state;
    IMECE_TRY(state.beside, digests_of(proof.beside()));
    if (!proof.leaf_key().empty()) {
        crypto::StateEntry leaf;
        IMECE_TRY(leaf.key, digest_of(proof.leaf_key()));
        IMECE_TRY(leaf.value, digest_of(proof.leaf_value()));
        state.leaf = leaf;
    }
    IMECE_TRY(const auto held,
              crypto::verify_state(header.state_root, ledger::state_key(name), state));
    if (held.has_value() != proof.there() ||
        (held && *held != crypto::sha256(view_of(proof.value()))))
        return fail(ErrorCode::kInvalidArgument, "STATE_PROOF_INVALID",
                    "the state holds something else than the proof says");
    if (!held) return std::optional<std::string>();
    return proof.value();
}

Result<ledger::BlockHeader> verify_history(const TrustedChain& trusted,
                                           const pb::BlockProof& proof) {
    IMECE_TRY(const ledger::BlockHeader newer, verify_block(trusted, proof.newer()));
    IMECE_TRY(const ledger::BlockHeader older,
              ledger::decode_header(proof.older().encoded_header()));
    IMECE_TRY(const auto path, digests_of(proof.path()));
    IMECE_CHECK(crypto::verify_merkle_inclusion(older.height, newer.height, ledger::hash_of(older),
                                                path, newer.history_root));
    return older;
}

}  // namespace imece::sdk
