// What an append-only log promises about itself: a C2SP tlog-checkpoint, in a signed note with one Ed25519 signature.
// Go's sumdb/note and other stock tools read it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "crypto/crypto.h"

namespace imece::crypto {

struct Checkpoint {
    std::string origin;  ///< Which log; also the name of its key. No space, no plus sign.
    std::uint64_t size = 0;
    Digest root{};
    friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// A public key as signed notes write it: name, key hash and key, with plus signs between.
std::string note_verifier_key(std::string_view name, const PublicKey& key);

/// `key` signs nothing but checkpoints.
std::string sign_checkpoint(const Checkpoint& checkpoint, const SigningKey& key);

/// For any text from outside, of at most 4 KiB. Lines after the root and other keys' signatures are let through.
/// Errors: kInvalidArgument CHECKPOINT_INVALID.
Result<Checkpoint> open_checkpoint(std::string_view note, std::string_view verifier_key);

}  // namespace imece::crypto
