#include "crypto/secret_box.h"

#include <sodium.h>

namespace imece::crypto {
namespace {

constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(kNonce + kTag == kBoxOverhead);
static_assert(BoxKey::kSize == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(sizeof(BoxSalt) == crypto_pwhash_SALTBYTES);

constexpr unsigned long long kPasses = 3;
constexpr std::size_t kMemory = 64 << 20;

}  // namespace

BoxKey::~BoxKey() {
    sodium_memzero(bytes_.data(), bytes_.size());
}

Result<BoxKey> box_key_of(std::string_view passphrase, const BoxSalt& salt) {
    std::array<std::uint8_t, BoxKey::kSize> bytes{};
    if (crypto_pwhash(bytes.data(), bytes.size(), passphrase.data(), passphrase.size(), salt.data(),
                      kPasses, kMemory, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return fail(ErrorCode::kResourceExhausted, "OVERLOADED",
                    "no memory to derive a key from the passphrase");
    BoxKey key(bytes);
    sodium_memzero(bytes.data(), bytes.size());
    return key;
}

Bytes lock_box(const BoxKey& key, std::string_view purpose, ByteView plain, Random& random) {
    Bytes box(plain.size() + kBoxOverhead);
    random.fill(std::span(box).first(kNonce));
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        box.data() + kNonce, nullptr, plain.data(), plain.size(), view_of(purpose).data(),
        purpose.size(), nullptr, box.data(), key.bytes().data());
    return box;
}

Result<Bytes> open_box(const BoxKey& key, std::string_view purpose, ByteView box) {
    const auto broken = [] {
        return fail(ErrorCode::kInvalidArgument, "SEAL_BROKEN",
                    "the box was locked with another key or for another purpose, or was changed");
    };
    if (box.size() < kBoxOverhead) return broken();
    Bytes plain(box.size() - kBoxOverhead);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            plain.data(), nullptr, nullptr, box.data() + kNonce, box.size() - kNonce,
            view_of(purpose).data(), purpose.size(), box.data(), key.bytes().data()) != 0)
        return broken();
    return plain;
}

}  // namespace imece::crypto
