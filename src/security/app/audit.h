// The audit log: what is written into it, read from it and proved of it.
#pragma once

#include <string>
#include <vector>

#include "crypto/checkpoint.h"
#include "security/app/ports.h"

namespace imece::security {

class ReadAudit {
public:
    explicit ReadAudit(AuditStore& store) : store_(store) {}

    struct Listed {
        std::vector<LoggedRecord> records;
        std::uint64_t size = 0;  ///< Of the log, read before the records.
    };
    /// From `index` on, at most `max`.
    Result<Listed> list(std::uint64_t index, std::size_t max) const;

    struct Proof {
        LoggedRecord record;
        std::uint64_t size = 0;
        std::vector<crypto::Digest> path;
    };
    /// In the log of its first `size` records; 0 stands for all. Errors: kInvalidArgument PROOF_OUT_OF_RANGE.
    Result<Proof> prove(std::uint64_t index, std::uint64_t size) const;

    struct Consistency {
        std::uint64_t older = 0, size = 0;
        std::vector<crypto::Digest> path;
    };
    /// Errors: kInvalidArgument PROOF_OUT_OF_RANGE.
    Result<Consistency> prove_consistency(std::uint64_t older, std::uint64_t size) const;

private:
    Result<std::uint64_t> size_or_all(std::uint64_t size) const;

    AuditStore& store_;
};

class SignCheckpoint {
public:
    struct Deps {
        AuditStore& store;
        const crypto::SigningKey& key;  ///< Signs nothing else.
        std::string origin;             ///< Of this site's log.
    };
    explicit SignCheckpoint(Deps deps);

    struct Signed {
        crypto::Checkpoint checkpoint;
        std::string note;
        std::string verifier_key;
    };
    /// Over the log as it is now. Errors: those of the store.
    Result<Signed> operator()() const;

private:
    Deps deps_;
    std::string verifier_key_;
};

}  // namespace imece::security
