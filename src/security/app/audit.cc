#include "security/app/audit.h"

#include "base/result.h"
#include "crypto/merkle.h"

namespace imece::security {
namespace {

crypto::ReadMerkleNode reader_of(AuditStore& store) {
    return [&store](unsigned level, std::uint64_t index) { return store.node(level, index); };
}

std::unexpected<Error> out_of_range() {
    return fail(ErrorCode::kInvalidArgument, "PROOF_OUT_OF_RANGE",
                "the log has no such record, or was never of this size");
}

}  // namespace

Result<ReadAudit::Listed> ReadAudit::list(std::uint64_t index, std::size_t max) const {
    Listed out;
    IMECE_TRY(out.size, store_.size());
    IMECE_TRY(out.records, store_.list(index, max));
    return out;
}

Result<ReadAudit::Proof> ReadAudit::prove(std::uint64_t index, std::uint64_t size) const {
    Proof out;
    IMECE_TRY(out.size, size_or_all(size));
    IMECE_TRY(out.path, crypto::merkle_inclusion(index, out.size, reader_of(store_)));
    IMECE_TRY(auto found, store_.list(index, 1));
    if (found.empty() || found.front().index != index)
        return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", "the record is missing from the log");
    out.record = std::move(found.front());
    return out;
}

Result<ReadAudit::Consistency> ReadAudit::prove_consistency(std::uint64_t older,
                                                            std::uint64_t size) const {
    Consistency out{.older = older};
    IMECE_TRY(out.size, size_or_all(size));
    IMECE_TRY(out.path, crypto::merkle_consistency(older, out.size, reader_of(store_)));
    return out;
}

Result<std::uint64_t> ReadAudit::size_or_all(std::uint64_t size) const {
    IMECE_TRY(const std::uint64_t all, store_.size());
    if (size > all) return out_of_range();
    return size == 0 ? all : size;
}

SignCheckpoint::SignCheckpoint(Deps deps)
    : deps_(std::move(deps)),
      verifier_key_(crypto::note_verifier_key(deps_.origin, deps_.key.public_key())) {}

Result<SignCheckpoint::Signed> SignCheckpoint::operator()() const {
    Signed out{.verifier_key = verifier_key_};
    out.checkpoint.origin = deps_.origin;
    IMECE_TRY(out.checkpoint.size, deps_.store.size());
    IMECE_TRY(out.checkpoint.root,
              crypto::merkle_root(out.checkpoint.size, reader_of(deps_.store)));
    out.note = crypto::sign_checkpoint(out.checkpoint, deps_.key);
    return out;
}

}  // namespace imece::security
