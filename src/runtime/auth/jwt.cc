#include "runtime/auth/jwt.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/assert.h"
#include "base/result.h"
#include "crypto/crypto.h"

namespace imece::runtime {
namespace {

namespace json = boost::json;

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
    void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

constexpr std::size_t kCoordinate = 32;

std::unexpected<Error> bad_token(const char* why) {
    return fail(ErrorCode::kUnauthenticated, "TOKEN_INVALID", why);
}

std::unexpected<Error> bad_key() {
    return fail(ErrorCode::kInvalidArgument, "KEY_INVALID", "not a P-256 key");
}

/// JWS writes r || s, OpenSSL a DER sequence.
Bytes raw_signature(ByteView der) {
    const std::uint8_t* at = der.data();
    const Owned<ECDSA_SIG> signature(d2i_ECDSA_SIG(nullptr, &at, long(der.size())));
    IMECE_ASSERT(signature);
    Bytes raw(2 * kCoordinate);
    BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), kCoordinate);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + kCoordinate, kCoordinate);
    return raw;
}

Bytes der_signature(ByteView raw) {
    const Owned<ECDSA_SIG> signature(ECDSA_SIG_new());
    ECDSA_SIG_set0(signature.get(), BN_bin2bn(raw.data(), kCoordinate, nullptr),
                   BN_bin2bn(raw.data() + kCoordinate, kCoordinate, nullptr));
    std::uint8_t* out = nullptr;
    const int size = i2d_ECDSA_SIG(signature.get(), &out);
    Bytes der(out, out + size);
    OPENSSL_free(out);
    return der;
}

struct Parts {
    std::string_view signed_part;
    json::object header;
    std::string_view payload;
    Bytes signature;
};

Result<json::object> parse_object(std::string_view base64) {
    const auto bytes = parse_base64url(base64);
    if (!bytes) return bad_token("the token is not base64url");
    boost::system::error_code error;
    json::value value = json::parse(text_of(*bytes), error);
    if (error || !value.is_object()) return bad_token("the token holds no JSON object");
    return std::move(value.as_object());
}

Result<Parts> split(std::string_view token) {
    const std::size_t first = token.find('.');
    const std::size_t last = token.rfind('.');
    if (token.size() > 4096 || first == std::string_view::npos || first == last)
        return bad_token("the token has not three parts");
    Parts parts{token.substr(0, last), {}, token.substr(first + 1, last - first - 1), {}};
    IMECE_TRY(parts.header, parse_object(token.substr(0, first)));
    auto signature = parse_base64url(token.substr(last + 1));
    if (!signature || signature->size() != 2 * kCoordinate)
        return bad_token("the token's signature has a wrong form");
    parts.signature = *std::move(signature);
    return parts;
}

std::string text_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

Result<TimePoint> seconds_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr || !value->is_int64() || value->as_int64() < 0 ||
        value->as_int64() > 253'402'300'799)
        return bad_token("the token's times are missing or malformed");
    return TimePoint(std::chrono::seconds(value->as_int64()));
}

Result<TokenClaims> parse_claims(std::string_view payload) {
    IMECE_TRY(const json::object object, parse_object(payload));
    TokenClaims claims;
    claims.issuer = text_at(object, "iss");
    claims.subject = text_at(object, "sub");
    claims.kind = text_at(object, "knd");
    claims.session_id = text_at(object, "sid");
    IMECE_TRY(claims.issued_at, seconds_at(object, "iat"));
    IMECE_TRY(claims.expires_at, seconds_at(object, "exp"));
    if (const json::value* roles = object.if_contains("rol"); roles && roles->is_array())
        for (const json::value& role : roles->as_array())
            if (role.is_string()) claims.roles.emplace_back(role.as_string());
    if (const json::value* carrier = object.if_contains("car"))
        claims.carrier = carrier->is_bool() && carrier->as_bool();
    if (claims.subject.empty() || (claims.kind != "user" && claims.kind != "device"))
        return bad_token("the token names no user and no device");
    return claims;
}

Bytes public_point_of(EVP_PKEY* key) {
    Bytes point(65);
    std::size_t size = 0;
    IMECE_ASSERT(EVP_PKEY_get_octet_string_param(key, "pub", point.data(), point.size(), &size));
    point.resize(size);
    return point;
}

}  // namespace

struct TokenKey::State {
    Owned<EVP_PKEY> key;
    std::string key_id;
};

TokenKey::TokenKey(std::unique_ptr<State> state) : state_(std::move(state)) {
    const Bytes point = public_point_of(state_->key.get());
    state_->key_id = to_hex(ByteView(crypto::sha256(point)).first(8));
}
TokenKey::TokenKey(TokenKey&&) noexcept = default;
TokenKey& TokenKey::operator=(TokenKey&&) noexcept = default;
TokenKey::~TokenKey() = default;

TokenKey TokenKey::generate() {
    auto state = std::make_unique<State>();
    state->key.reset(EVP_EC_gen("P-256"));
    IMECE_ASSERT(state->key);
    return TokenKey(std::move(state));
}

Result<TokenKey> TokenKey::from_private_der(ByteView der) {
    const std::uint8_t* at = der.data();
    auto state = std::make_unique<State>();
    state->key.reset(d2i_AutoPrivateKey(nullptr, &at, long(der.size())));
    if (!state->key || EVP_PKEY_get_bits(state->key.get()) != 256 ||
        EVP_PKEY_get_base_id(state->key.get()) != EVP_PKEY_EC)
        return bad_key();
    return TokenKey(std::move(state));
}

Bytes TokenKey::private_der() const {
    std::uint8_t* out = nullptr;
    PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(state_->key.get());
    const int size = i2d_PKCS8_PRIV_KEY_INFO(info, &out);
    IMECE_ASSERT(size > 0);
    Bytes der(out, out + size);
    OPENSSL_clear_free(out, std::size_t(size));
    PKCS8_PRIV_KEY_INFO_free(info);
    return der;
}

Bytes TokenKey::public_point() const {
    return public_point_of(state_->key.get());
}

std::string TokenKey::key_id() const {
    return state_->key_id;
}

std::string TokenKey::sign(const TokenClaims& claims) const {
    const json::object header{{"alg", "ES256"}, {"typ", "at+jwt"}, {"kid", state_->key_id}};
    const auto seconds = [](TimePoint at) {
        return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
    };
    json::object payload{{"iss", claims.issuer},
                         {"sub", claims.subject},
                         {"knd", claims.kind},
                         {"sid", claims.session_id},
                         {"iat", seconds(claims.issued_at)},
                         {"exp", seconds(claims.expires_at)}};
    if (!claims.roles.empty())
        payload["rol"] = json::array(claims.roles.begin(), claims.roles.end());
    if (claims.carrier) payload["car"] = true;
    std::string token = to_base64url(view_of(json::serialize(header))) + "." +
                        to_base64url(view_of(json::serialize(payload)));

    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    Bytes der(80);
    std::size_t size = der.size();
    const bool done =
        EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, state_->key.get()) == 1 &&
        EVP_DigestSign(context.get(), der.data(), &size, view_of(token).data(), token.size()) == 1;
    IMECE_ASSERT(done);
    der.resize(size);
    return token + "." + to_base64url(raw_signature(der));
}

struct TokenVerifier::State {
    Owned<EVP_PKEY> key;
};

TokenVerifier::TokenVerifier(std::unique_ptr<State> state) : state_(std::move(state)) {}
TokenVerifier::TokenVerifier(TokenVerifier&&) noexcept = default;
TokenVerifier& TokenVerifier::operator=(TokenVerifier&&) noexcept = default;
TokenVerifier::~TokenVerifier() = default;

Result<TokenVerifier> TokenVerifier::from_public_point(ByteView point) {
    char curve[] = "prime256v1";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string("group", curve, 0),
        OSSL_PARAM_construct_octet_string("pub", const_cast<std::uint8_t*>(point.data()),
                                          point.size()),
        OSSL_PARAM_construct_end()};
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* key = nullptr;
    if (point.size() != 65 || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY,
                          const_cast<OSSL_PARAM*>(parameters)) != 1)
        return bad_key();
    auto state = std::make_unique<State>();
    state->key.reset(key);
    return TokenVerifier(std::move(state));
}

Result<TokenClaims> TokenVerifier::verify(std::string_view token) const {
    IMECE_TRY(const Parts parts, split(token));
    if (text_at(parts.header, "alg") != "ES256" || text_at(parts.header, "typ") != "at+jwt" ||
        parts.header.contains("crit"))
        return bad_token("the token is no ES256 access token");
    const Bytes der = der_signature(parts.signature);
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    if (EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, state_->key.get()) !=
            1 ||
        EVP_DigestVerify(context.get(), der.data(), der.size(), view_of(parts.signed_part).data(),
                         parts.signed_part.size()) != 1)
        return bad_token("the token's signature does not verify");
    return parse_claims(parts.payload);
}

Result<std::string> key_id_of(std::string_view token) {
    IMECE_TRY(const Parts parts, split(token));
    std::string key_id = text_at(parts.header, "kid");
    if (key_id.empty()) return bad_token("the token names no key");
    return key_id;
}

}  // namespace imece::runtime
