// HPKE in base mode, one shot. libsodium 1.0.18 has its parts but not the whole.
#include <sodium.h>

#include <algorithm>
#include <initializer_list>

#include "crypto/crypto.h"

namespace imece::crypto {
namespace {

using Block = std::array<std::uint8_t, 32>;

constexpr std::string_view kKemSuite("KEM\x00\x20", 5);
constexpr std::string_view kHpkeSuite("HPKE\x00\x20\x00\x01\x00\x03", 10);
constexpr std::string_view kInfo = "imece.body.v1";

Block hmac(ByteView key, std::initializer_list<ByteView> parts) {
    crypto_auth_hmacsha256_state state;
    static constexpr std::uint8_t kNone = 0;  // An empty salt is no null pointer.
    crypto_auth_hmacsha256_init(&state, key.empty() ? &kNone : key.data(), key.size());
    for (const ByteView part : parts)
        crypto_auth_hmacsha256_update(&state, part.data(), part.size());
    Block out{};
    crypto_auth_hmacsha256_final(&state, out.data());
    return out;
}

Block labeled_extract(std::string_view suite, ByteView salt, std::string_view label, ByteView ikm) {
    return hmac(salt, {view_of("HPKE-v1"), view_of(suite), view_of(label), ikm});
}

/// The first `size` bytes of the expansion; `size` <= 32, so one block of HKDF is enough.
Block labeled_expand(std::string_view suite, const Block& key, std::string_view label,
                     ByteView info, std::uint8_t size) {
    const std::uint8_t length[] = {0, size};
    const std::uint8_t counter[] = {1};
    return hmac(key, {length, view_of("HPKE-v1"), view_of(suite), view_of(label), info, counter});
}

struct Secrets {
    Block key{};
    Block nonce{};  ///< The first 12 bytes count.
};

/// The key schedule from the shared point, for both sides.
Secrets schedule(const Block& shared_point, const Block& enc, const SealKey& recipient) {
    std::array<std::uint8_t, 64> kem_context{};
    std::ranges::copy(enc, kem_context.begin());
    std::ranges::copy(recipient.point, kem_context.begin() + 32);
    const Block shared =
        labeled_expand(kKemSuite, labeled_extract(kKemSuite, {}, "eae_prk", shared_point),
                       "shared_secret", kem_context, 32);

    const Block psk_id_hash = labeled_extract(kHpkeSuite, {}, "psk_id_hash", {});
    const Block info_hash = labeled_extract(kHpkeSuite, {}, "info_hash", view_of(kInfo));
    std::array<std::uint8_t, 65> context{};  // Byte 0 is the mode: base.
    std::ranges::copy(psk_id_hash, context.begin() + 1);
    std::ranges::copy(info_hash, context.begin() + 33);

    const Block secret = labeled_extract(kHpkeSuite, shared, "secret", {});
    return {labeled_expand(kHpkeSuite, secret, "key", context, 32),
            labeled_expand(kHpkeSuite, secret, "base_nonce", context, 12)};
}

}  // namespace

Result<SealKey> seal_key_of(const PublicKey& key) {
    SealKey made;
    if (crypto_sign_ed25519_pk_to_curve25519(made.point.data(), key.data()) != 0)
        return fail(ErrorCode::kInvalidArgument, "KEY_INVALID", "not an Ed25519 public key");
    return made;
}

Result<Bytes> seal(const SealKey& recipient, ByteView plain, Random& random) {
    Block ephemeral{};
    random.fill(ephemeral);
    Block enc{};
    Block shared{};
    crypto_scalarmult_base(enc.data(), ephemeral.data());
    if (crypto_scalarmult(shared.data(), ephemeral.data(), recipient.point.data()) != 0)
        return fail(ErrorCode::kInvalidArgument, "KEY_INVALID", "not an X25519 public key");
    const Secrets secrets = schedule(shared, enc, recipient);

    Bytes sealed(plain.size() + kSealOverhead);
    std::ranges::copy(enc, sealed.begin());
    crypto_aead_chacha20poly1305_ietf_encrypt(sealed.data() + enc.size(), nullptr, plain.data(),
                                              plain.size(), nullptr, 0, nullptr,
                                              secrets.nonce.data(), secrets.key.data());
    return sealed;
}

Result<Bytes> SigningKey::open(ByteView sealed) const {
    const auto broken = [] {
        return fail(ErrorCode::kInvalidArgument, "SEAL_BROKEN",
                    "the sealed bytes were not made for this key, or were changed");
    };
    if (sealed.size() < kSealOverhead) return broken();
    Block enc{};
    Block curve_secret{};
    Block shared{};
    std::copy_n(sealed.begin(), enc.size(), enc.begin());
    crypto_sign_ed25519_sk_to_curve25519(curve_secret.data(), secret_.data());
    const int met = crypto_scalarmult(shared.data(), curve_secret.data(), enc.data());
    sodium_memzero(curve_secret.data(), curve_secret.size());
    if (met != 0) return broken();
    const Secrets secrets = schedule(shared, enc, seal_key_);

    Bytes plain(sealed.size() - kSealOverhead);
    const ByteView ciphertext = sealed.subspan(enc.size());
    if (crypto_aead_chacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, ciphertext.data(),
                                                  ciphertext.size(), nullptr, 0,
                                                  secrets.nonce.data(), secrets.key.data()) != 0)
        return broken();
    return plain;
}

}  // namespace imece::crypto
