// What happened, line by line, and one digest of it all.
#pragma once

#include <cstdint>
#include <ostream>
#include <string_view>

#include "crypto/crypto.h"
#include "sim/kit/scheduler.h"

namespace imece::sim {

/// Runs of one seed by one binary give the same lines, so the same digest.
class Trace {
public:
    /// `out` gets the lines; null: only the digest is kept. It outlives this.
    Trace(const Scheduler& scheduler, std::ostream* out)
        : scheduler_(scheduler), start_(scheduler.now()), out_(out) {}

    void note(std::string_view who, std::string_view what);
    /// SHA-256 over the digest before and the line, from zeros on.
    const crypto::Digest& digest() const { return digest_; }
    std::uint64_t lines() const { return lines_; }

private:
    const Scheduler& scheduler_;
    const TimePoint start_;
    std::ostream* out_;
    crypto::Digest digest_{};
    std::uint64_t lines_ = 0;
};

}  // namespace imece::sim
