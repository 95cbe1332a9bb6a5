#include <gtest/gtest.h>
#include <sodium.h>

#include <numeric>

#include "crypto/crypto.h"

namespace imece::crypto {
namespace {

/// Gives 0x40, 0x41, …: the ephemeral key of the vector.
class CountingRandom final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override {
        std::iota(out.begin(), out.end(), std::uint8_t(0x40));
    }
};

Seed vector_seed() {
    Seed seed{};
    std::iota(seed.begin(), seed.end(), std::uint8_t(0));
    return seed;
}

// Made by pyhpke 0.6.5 over PyCA cryptography 50.0.2 (KEM 0x0020, KDF 0x0001, AEAD 0x0003) with
// skE = 40 … 5f. The recipient's X25519 key was derived there from the Ed25519 seed 00 … 1f by
// clamping SHA-512, and its public half checked against u = (1 + y) / (1 - y).
constexpr std::string_view kVectorPlain = "Kat 3'te iki kişiyiz, ışık yok.";
constexpr std::string_view kVectorEd25519 =
    "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";
constexpr std::string_view kVectorX25519 =
    "4701d08488451f545a409fb58ae3e58581ca40ac3f7f114698cd71deac73ca01";
constexpr std::string_view kVectorSealed =
    "79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a4767a16ccad563a70806a673a46f3d"
    "f67cf1cfd5f939a1d09296074cd368e481dce4bd4eba822b0f574aa7bac66ca615aa1293";

TEST(Seal, is_what_another_implementation_of_hpke_makes) {
    const SigningKey recipient(vector_seed());
    ASSERT_EQ(to_hex(recipient.public_key()), kVectorEd25519);
    EXPECT_EQ(to_hex(recipient.seal_key().point), kVectorX25519);

    CountingRandom random;
    const auto sealed = seal(recipient.seal_key(), view_of(kVectorPlain), random);
    ASSERT_TRUE(sealed);
    EXPECT_EQ(to_hex(*sealed), kVectorSealed);
}

TEST(Open, reads_what_another_implementation_of_hpke_made) {
    const auto plain = SigningKey(vector_seed()).open(*parse_hex(kVectorSealed));
    ASSERT_TRUE(plain);
    EXPECT_EQ(text_of(*plain), kVectorPlain);
}

TEST(Open, reads_what_was_sealed_of_any_size) {
    SeededRandom random(3);
    const SigningKey recipient(Seed{9});
    for (const std::size_t size : {0u, 1u, 31u, 64u, 1000u, 16336u}) {
        Bytes plain(size);
        random.fill(plain);
        const auto sealed = seal(recipient.seal_key(), plain, random);
        ASSERT_TRUE(sealed);
        EXPECT_EQ(sealed->size(), size + kSealOverhead);
        const auto opened = recipient.open(*sealed);
        ASSERT_TRUE(opened) << size;
        EXPECT_EQ(*opened, plain);
    }
}

TEST(Open, refuses_every_changed_byte) {
    SeededRandom random(3);
    const SigningKey recipient(Seed{9});
    const auto sealed = seal(recipient.seal_key(), view_of("help"), random);
    for (std::size_t at = 0; at < sealed->size(); ++at) {
        Bytes changed = *sealed;
        // The top bit of enc is not part of an X25519 point, and HPKE binds it all the same.
        changed[at] ^= at == 31 ? 0x80 : 1;
        const auto got = recipient.open(changed);
        ASSERT_FALSE(got) << at;
        EXPECT_EQ(got.error().reason, "SEAL_BROKEN");
    }
}

TEST(Open, refuses_what_is_not_ours_or_not_whole) {
    SeededRandom random(3);
    const SigningKey recipient(Seed{9});
    const auto sealed = seal(recipient.seal_key(), view_of("help"), random);
    EXPECT_FALSE(SigningKey(Seed{8}).open(*sealed));
    EXPECT_FALSE(recipient.open({}));
    EXPECT_FALSE(recipient.open(ByteView(*sealed).first(kSealOverhead - 1)));
    EXPECT_FALSE(recipient.open(ByteView(*sealed).first(sealed->size() - 1)));
    EXPECT_FALSE(recipient.open(Bytes(100)));  // enc = 0 gives the shared point 0.
}

TEST(Seal, refuses_keys_that_are_no_point) {
    PublicKey none{};
    none.fill(0xff);
    PublicKey small_order{};
    small_order[0] = 1;
    for (const PublicKey& key : {none, small_order, PublicKey{}}) {
        const auto got = seal_key_of(key);
        ASSERT_FALSE(got) << to_hex(key);
        EXPECT_EQ(got.error().reason, "KEY_INVALID");
    }
    SeededRandom random(3);
    EXPECT_EQ(seal(SealKey{}, view_of("help"), random).error().reason, "KEY_INVALID");
}

}  // namespace
}  // namespace imece::crypto
