// Sealing what rests on this machine, under a key that stays here (XChaCha20-Poly1305).
#pragma once

#include <array>

#include "base/bytes.h"
#include "base/error.h"
#include "base/random.h"

namespace imece::crypto {

/// 32 bytes that open what was locked with them; wiped when they go.
class BoxKey {
public:
    static constexpr std::size_t kSize = 32;
    explicit BoxKey(const std::array<std::uint8_t, kSize>& bytes) : bytes_(bytes) {}
    BoxKey(const BoxKey&) = default;
    BoxKey& operator=(const BoxKey&) = default;
    ~BoxKey();
    const std::array<std::uint8_t, kSize>& bytes() const { return bytes_; }

private:
    std::array<std::uint8_t, kSize> bytes_;
};

using BoxSalt = std::array<std::uint8_t, 16>;
/// Argon2id (3 passes, 64 MiB). Errors: kResourceExhausted OVERLOADED without that memory. Cost: 0.2 s.
Result<BoxKey> box_key_of(std::string_view passphrase, const BoxSalt& salt);

inline constexpr std::size_t kBoxOverhead = 40;
/// A fresh nonce, then the ciphertext. Opens only with the same `purpose`: a box put in another's place is noticed.
Bytes lock_box(const BoxKey& key, std::string_view purpose, ByteView plain, Random& random);
/// For any bytes from outside. Errors: kInvalidArgument SEAL_BROKEN.
Result<Bytes> open_box(const BoxKey& key, std::string_view purpose, ByteView box);

}  // namespace imece::crypto
