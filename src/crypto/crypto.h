// The cryptography that imece uses, as pure functions over libsodium.
//
// Signing keys are Ed25519; a device's encryption key is the X25519 form of the same key, so that one public key
// addresses, verifies and seals. Signatures are over a domain string, a zero byte and the bytes: a
// signature made for one purpose is never valid for another.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/ids.h"
#include "base/random.h"

namespace imece::crypto {

using PublicKey = std::array<std::uint8_t, 32>;
using Seed = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;
using Digest = std::array<std::uint8_t, 32>;

/// Domains of signatures. Part of the wire format: never changed, only added to.
inline constexpr std::string_view kEnvelopeDomain = "imece.envelope.v1";
inline constexpr std::string_view kReceiptDomain = "imece.receipt.v1";
inline constexpr std::string_view kReportDomain = "imece.report.v1";
inline constexpr std::string_view kCredentialDomain = "imece.credential.v1";
inline constexpr std::string_view kEnrolDomain = "imece.enrol.v1";
inline constexpr std::string_view kChallengeDomain = "imece.challenge.v1";

/// What bodies are sealed to: the X25519 form of an Ed25519 public key.
struct SealKey {
    std::array<std::uint8_t, 32> point{};
};

/// Errors: kInvalidArgument KEY_INVALID for a key that is no curve point, or one of small order.
/// Cost: 60 µs, as much as a seal: made once a contact, not once a message.
Result<SealKey> seal_key_of(const PublicKey& key);

/// An Ed25519 key pair; the secret half is wiped when it goes.
class SigningKey {
public:
    explicit SigningKey(const Seed& seed);
    SigningKey(const SigningKey&) = default;
    SigningKey& operator=(const SigningKey&) = default;
    ~SigningKey();

    const PublicKey& public_key() const { return public_key_; }
    const SealKey& seal_key() const { return seal_key_; }
    Seed seed() const;
    /// Cost: 15 µs for half a kilobyte.
    Signature sign(std::string_view domain, ByteView bytes) const;
    /// Signs the bytes as they are, for formats of others. Only with a key that signs nothing else.
    Signature sign_bare(ByteView bytes) const;
    /// Opens what `seal` made for our seal key. Errors: kInvalidArgument SEAL_BROKEN. Cost: 40 µs.
    Result<Bytes> open(ByteView sealed) const;

private:
    PublicKey public_key_{};
    std::array<std::uint8_t, 64> secret_{};
    SealKey seal_key_;
};

/// True when `signature` was made by the holder of `key` over `bytes` in `domain`. Cost: 36 µs.
bool verify(const PublicKey& key, std::string_view domain, ByteView bytes, ByteView signature);

bool verify_bare(const PublicKey& key, ByteView bytes, ByteView signature);

/// Encrypts to the holder of `recipient`: HPKE (RFC 9180) in base mode, suite DHKEM(X25519,
/// HKDF-SHA256) / HKDF-SHA256 / ChaCha20-Poly1305, info "imece.body.v1", no associated data; written as enc || ciphertext.
/// Errors: kInvalidArgument KEY_INVALID for a seal key of small order. Cost: 75 µs.
Result<Bytes> seal(const SealKey& recipient, ByteView plain, Random& random);
inline constexpr std::size_t kSealOverhead = 48;

Digest sha256(ByteView bytes);
/// RFC 2104.
Digest hmac_sha256(const Digest& key, ByteView bytes);
DeviceId device_id_of(const PublicKey& key);

/// Errors: kInvalidArgument KEY_INVALID unless `bytes` are 32.
Result<PublicKey> public_key_from(ByteView bytes);

}  // namespace imece::crypto
