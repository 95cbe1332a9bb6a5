// The primitives that crypto.cc and seal.cc stand on, against Wycheproof's vectors, and RFC 7748's always.
#include <gtest/gtest.h>
#include <sodium.h>

#include "base/bytes.h"
#include "crypto/tests/vectors.h"

namespace imece::crypto {
namespace {

namespace json = boost::json;

Bytes bytes(const json::object& object, std::string_view key) {
    return *parse_hex(std::string_view(object.at(key).as_string()));
}

TEST(Wycheproof, ed25519) {
    const auto file = vectors("wycheproof/ed25519_test.json");
    SKIP_WITHOUT(file);
    int tested = 0;
    for (const auto& group : read_json(file).at("testGroups").as_array()) {
        const Bytes key = *parse_hex(std::string_view(group.at("publicKey").at("pk").as_string()));
        ASSERT_EQ(key.size(), crypto_sign_PUBLICKEYBYTES);
        for (const auto& each : group.at("tests").as_array()) {
            const json::object& test = each.as_object();
            const Bytes message = bytes(test, "msg");
            const Bytes signature = bytes(test, "sig");
            const bool passes = signature.size() == crypto_sign_BYTES &&
                                crypto_sign_verify_detached(signature.data(), message.data(),
                                                            message.size(), key.data()) == 0;
            EXPECT_EQ(passes, test.at("result").as_string() == "valid") << test.at("tcId");
            ++tested;
        }
    }
    EXPECT_GE(tested, 100);
}

TEST(Wycheproof, x25519) {
    const auto file = vectors("wycheproof/x25519_test.json");
    SKIP_WITHOUT(file);
    int tested = 0;
    for (const auto& group : read_json(file).at("testGroups").as_array()) {
        for (const auto& each : group.at("tests").as_array()) {
            const json::object& test = each.as_object();
            const Bytes secret = bytes(test, "private");
            const Bytes point = bytes(test, "public");
            const Bytes expected = bytes(test, "shared");
            Bytes shared(32);
            const bool met = crypto_scalarmult(shared.data(), secret.data(), point.data()) == 0;
            // Points of small order are "acceptable" to Wycheproof; they must be refused here.
            const bool zero = expected == Bytes(32);
            EXPECT_EQ(met, !zero) << test.at("tcId");
            if (met) {
                EXPECT_EQ(shared, expected) << test.at("tcId");
            }
            ++tested;
        }
    }
    EXPECT_GE(tested, 500);
}

// RFC 7748 section 5.2, both vectors.
constexpr std::string_view kRfc7748[][3] = {
    {"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
     "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
     "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
    {"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
     "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
     "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
};

TEST(Rfc7748, x25519) {
    for (const auto& [scalar, point, expected] : kRfc7748) {
        Bytes shared(32);
        EXPECT_EQ(
            crypto_scalarmult(shared.data(), parse_hex(scalar)->data(), parse_hex(point)->data()),
            0);
        EXPECT_EQ(to_hex(shared), expected);
    }
}

}  // namespace
}  // namespace imece::crypto
