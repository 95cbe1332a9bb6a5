#include "crypto/crypto.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>

namespace imece::crypto {
namespace {

template <class Array>
Array array_of(std::string_view hex) {
    Array array{};
    const auto bytes = parse_hex(hex);
    EXPECT_EQ(bytes->size(), array.size());
    std::ranges::copy(*bytes, array.begin());
    return array;
}

struct Rfc8032 {
    std::string_view seed, public_key, message, signature;
};
// RFC 8032 section 7.1, tests 1 to 3.
constexpr Rfc8032 kRfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(SigningKey, is_the_ed25519_of_rfc_8032) {
    for (const Rfc8032& test : kRfc8032) {
        const SigningKey key(array_of<Seed>(test.seed));
        EXPECT_EQ(to_hex(key.public_key()), test.public_key);
        EXPECT_EQ(to_hex(key.seed()), test.seed);
        const auto message = parse_hex(test.message);
        const auto signature = parse_hex(test.signature);
        EXPECT_EQ(crypto_sign_verify_detached(signature->data(), message->data(), message->size(),
                                              key.public_key().data()),
                  0);
    }
}

TEST(SigningKey, signs_the_domain_a_zero_byte_and_the_bytes) {
    const SigningKey key(Seed{7});
    const Signature signature = key.sign("imece.test.v1", view_of("hello"));
    constexpr std::string_view kFrame("imece.test.v1\0hello", 19);
    EXPECT_EQ(crypto_sign_verify_detached(signature.data(), view_of(kFrame).data(), kFrame.size(),
                                          key.public_key().data()),
              0);
}

struct Tampering {
    const char* name;
    void (*change)(PublicKey&, std::string& domain, std::string& bytes, Bytes& signature);
    bool passes = false;
};
class Verify : public testing::TestWithParam<Tampering> {};

TEST_P(Verify, says) {
    const SigningKey signer(Seed{1});
    std::string domain(kEnvelopeDomain);
    std::string bytes = "what was signed";
    PublicKey key = signer.public_key();
    const Signature made = signer.sign(domain, view_of(bytes));
    Bytes signature(made.begin(), made.end());
    GetParam().change(key, domain, bytes, signature);
    EXPECT_EQ(verify(key, domain, view_of(bytes), signature), GetParam().passes);
}

INSTANTIATE_TEST_SUITE_P(
    table, Verify,
    testing::Values(
        Tampering{"untouched", [](auto&, auto&, auto&, auto&) {}, true},
        Tampering{"other_domain",
                  [](auto&, auto& domain, auto&, auto&) { domain = kReceiptDomain; }},
        Tampering{"bytes_moved_into_the_domain",
                  [](auto&, auto& domain, auto& bytes, auto&) {
                      domain += bytes.substr(0, 1);
                      bytes.erase(0, 1);
                  }},
        Tampering{"a_bit_of_the_bytes", [](auto&, auto&, auto& bytes, auto&) { bytes[3] ^= 1; }},
        Tampering{"a_byte_more", [](auto&, auto&, auto& bytes, auto&) { bytes += '\0'; }},
        Tampering{"no_bytes", [](auto&, auto&, auto& bytes, auto&) { bytes.clear(); }},
        Tampering{"a_bit_of_r", [](auto&, auto&, auto&, auto& signature) { signature[0] ^= 1; }},
        Tampering{"a_bit_of_s", [](auto&, auto&, auto&, auto& signature) { signature[40] ^= 1; }},
        Tampering{"short_signature",
                  [](auto&, auto&, auto&, auto& signature) { signature.pop_back(); }},
        Tampering{"long_signature",
                  [](auto&, auto&, auto&, auto& signature) { signature.push_back(0); }},
        Tampering{"no_signature", [](auto&, auto&, auto&, auto& signature) { signature.clear(); }},
        Tampering{"zero_signature",
                  [](auto&, auto&, auto&, auto& signature) { std::ranges::fill(signature, 0); }},
        Tampering{"other_key",
                  [](auto& key, auto&, auto&, auto&) { key = SigningKey(Seed{2}).public_key(); }},
        Tampering{"zero_key", [](auto& key, auto&, auto&, auto&) { key = {}; }}),
    [](const auto& test) { return test.param.name; });

TEST(Sha256, is_that_of_fips_180) {
    EXPECT_EQ(to_hex(sha256(view_of("abc"))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(sha256({})),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(DeviceId, is_the_beginning_of_the_hash_of_the_key) {
    const PublicKey key = SigningKey(Seed{1}).public_key();
    EXPECT_EQ(to_text(device_id_of(key)), to_hex(sha256(key)).substr(0, 32));
}

TEST(PublicKey, is_32_bytes) {
    EXPECT_TRUE(public_key_from(Bytes(32)));
    for (const std::size_t size : {0u, 31u, 33u, 64u}) {
        const auto got = public_key_from(Bytes(size));
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().reason, "KEY_INVALID");
    }
}

}  // namespace
}  // namespace imece::crypto
