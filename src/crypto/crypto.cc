#include "crypto/crypto.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/assert.h"

namespace imece::crypto {
namespace {

/// libsodium picks its fastest code once; every door below comes through here.
void ready() {
    static const int initialised = sodium_init();
    IMECE_ASSERT(initialised >= 0);
}

/// domain || 0 || bytes, in a buffer that is reused by each thread: no allocation a signature.
ByteView framed(std::string_view domain, ByteView bytes) {
    thread_local Bytes frame;
    frame.resize(domain.size() + 1 + bytes.size());
    std::ranges::copy(view_of(domain), frame.begin());
    frame[domain.size()] = 0;
    std::ranges::copy(bytes, frame.begin() + std::ptrdiff_t(domain.size()) + 1);
    return frame;
}

}  // namespace

SigningKey::SigningKey(const Seed& seed) {
    ready();
    crypto_sign_seed_keypair(public_key_.data(), secret_.data(), seed.data());
    seal_key_ = *seal_key_of(public_key_);  // A key that was made from a seed has one.
}

SigningKey::~SigningKey() {
    sodium_memzero(secret_.data(), secret_.size());
}

Seed SigningKey::seed() const {
    Seed seed{};
    std::copy_n(secret_.begin(), seed.size(), seed.begin());
    return seed;
}

Signature SigningKey::sign(std::string_view domain, ByteView bytes) const {
    Signature signature{};
    const ByteView frame = framed(domain, bytes);
    crypto_sign_detached(signature.data(), nullptr, frame.data(), frame.size(), secret_.data());
    return signature;
}

Signature SigningKey::sign_bare(ByteView bytes) const {
    Signature signature{};
    crypto_sign_detached(signature.data(), nullptr, bytes.data(), bytes.size(), secret_.data());
    return signature;
}

bool verify(const PublicKey& key, std::string_view domain, ByteView bytes, ByteView signature) {
    return verify_bare(key, framed(domain, bytes), signature);
}

bool verify_bare(const PublicKey& key, ByteView bytes, ByteView signature) {
    ready();
    if (signature.size() != std::tuple_size_v<Signature>) return false;
    return crypto_sign_verify_detached(signature.data(), bytes.data(), bytes.size(), key.data()) ==
           0;
}

Digest sha256(ByteView bytes) {
    // OpenSSL's: it uses the processor's instructions for this, which libsodium's plain C does not. Fetched once, and a
    // context a thread, because looking an algorithm up costs more than hashing a short text.
    static const EVP_MD* const kind = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
        EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    Digest digest{};
    const bool done = EVP_DigestInit_ex2(context.get(), kind, nullptr) == 1 &&
                      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
                      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
    IMECE_ASSERT(done);
    return digest;
}

Digest hmac_sha256(const Digest& key, ByteView bytes) {
    static_assert(crypto_auth_hmacsha256_BYTES == std::tuple_size_v<Digest> &&
                  crypto_auth_hmacsha256_KEYBYTES == std::tuple_size_v<Digest>);
    Digest digest{};
    crypto_auth_hmacsha256(digest.data(), bytes.data(), bytes.size(), key.data());
    return digest;
}

DeviceId device_id_of(const PublicKey& key) {
    const Digest digest = sha256(key);
    DeviceId id;
    std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
    return id;
}

Result<PublicKey> public_key_from(ByteView bytes) {
    PublicKey key{};
    if (bytes.size() != key.size())
        return fail(ErrorCode::kInvalidArgument, "KEY_INVALID", "a public key is 32 bytes");
    std::ranges::copy(bytes, key.begin());
    return key;
}

}  // namespace imece::crypto
