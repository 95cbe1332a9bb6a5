#include <gtest/gtest.h>

#include "imece/trust/v1/trust.pb.h"
#include "runtime/auth/jwt.h"
#include "runtime/auth/trust_store.h"
#include "testkit/fake_clock.h"

namespace imece::runtime {
namespace {

using namespace std::chrono_literals;

TokenClaims claims_at(TimePoint now) {
    TokenClaims claims;
    claims.issuer = "hatay";
    claims.subject = "0190c8e2-1f3a-7b5c-8d9e-0a1b2c3d4e5f";
    claims.kind = "user";
    claims.session_id = "s1";
    claims.roles = {"OPERATOR", "DISPATCHER"};
    claims.issued_at = now;
    claims.expires_at = now + 15min;
    return claims;
}

class Trust : public testing::Test {
protected:
    Trust() { store_.set(bundle()); }
    imece::trust::v1::TrustBundle bundle() const {
        imece::trust::v1::TrustBundle bundle;
        bundle.set_issuer("hatay");
        auto& key = *bundle.add_keys();
        key.set_key_id(key_.key_id());
        key.set_use(imece::trust::v1::ACCESS_TOKEN);
        key.set_public_key(std::string(text_of(key_.public_point())));
        return bundle;
    }
    std::string_view reason(std::string_view token) {
        const auto got = store_.verify_token(token);
        return got ? "" : got.error().reason;
    }
    testkit::FakeClock clock_;
    TokenKey key_ = TokenKey::generate();
    TrustStore store_{clock_};
};

TEST_F(Trust, gives_back_what_was_signed) {
    const TokenClaims claims = claims_at(clock_.now());
    const auto got = store_.verify_token(key_.sign(claims));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->subject, claims.subject);
    EXPECT_EQ(got->roles, claims.roles);
    EXPECT_EQ(got->session_id, "s1");
    EXPECT_FALSE(got->carrier);
}

TEST_F(Trust, refuses_a_cached_token_once_it_expires) {
    const std::string token = key_.sign(claims_at(clock_.now()));
    EXPECT_EQ(reason(token), "");
    clock_.advance(15min);
    EXPECT_EQ(reason(token), "TOKEN_EXPIRED");
}

TEST_F(Trust, refuses_a_cached_token_once_its_session_or_device_is_revoked) {
    const std::string token = key_.sign(claims_at(clock_.now()));
    TokenClaims device = claims_at(clock_.now());
    device.kind = "device";
    device.subject = std::string(32, 'a');
    const std::string device_token = key_.sign(device);
    EXPECT_EQ(reason(token), "");
    EXPECT_EQ(reason(device_token), "");
    auto revoking = bundle();
    revoking.add_revoked_session_ids("s1");
    store_.set(revoking);
    EXPECT_EQ(reason(token), "TOKEN_REVOKED");
    auto revoking_device = bundle();
    revoking_device.add_revoked_device_ids(std::string(16, '\xaa'));
    store_.set(revoking_device);
    EXPECT_EQ(reason(token), "");
    EXPECT_EQ(reason(device_token), "TOKEN_REVOKED");
    EXPECT_TRUE(store_.is_revoked(*parse_id<DeviceId>(std::string(32, 'a'))));
}

TEST_F(Trust, refuses_what_another_wrote) {
    const TokenClaims claims = claims_at(clock_.now());
    const std::string good = key_.sign(claims);
    EXPECT_EQ(reason(TokenKey::generate().sign(claims)), "TOKEN_INVALID");
    TokenClaims other = claims;
    other.issuer = "izmir";
    EXPECT_EQ(reason(key_.sign(other)), "TOKEN_INVALID");
    for (std::size_t i = 0; i < good.size(); i += 7) {
        std::string changed = good;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_EQ(reason(changed), "TOKEN_INVALID") << i;
    }
    const std::string payload = good.substr(good.find('.'));
    const std::string none =
        to_base64url(view_of(R"({"alg":"none","typ":"at+jwt","kid":")" + key_.key_id() + "\"}"));
    for (const std::string& wrong :
         {std::string(), std::string("a.b"), std::string(9000, 'a'), none + payload,
          none + payload.substr(0, payload.rfind('.') + 1)})
        EXPECT_EQ(reason(wrong), "TOKEN_INVALID") << wrong.substr(0, 40);
}

TEST_F(Trust, says_when_it_knows_no_keys_yet) {
    TrustStore empty(clock_);
    const auto got = empty.verify_token(key_.sign(claims_at(clock_.now())));
    EXPECT_EQ(got.error().reason, "KEYS_UNAVAILABLE");
}

TEST(TokenKey, comes_back_from_its_private_form) {
    const TokenKey key = TokenKey::generate();
    const auto again = TokenKey::from_private_der(key.private_der());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->key_id(), key.key_id());
    EXPECT_FALSE(TokenKey::from_private_der(Bytes{1, 2, 3}));
    EXPECT_FALSE(TokenVerifier::from_public_point(Bytes(65, 1)));
}

}  // namespace
}  // namespace imece::runtime
