#include "security/adapters/x509/authority.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "runtime/files/private_file.h"
#include "testkit/temp_dir.h"

namespace imece::security {
namespace {

struct Free {
    void operator()(BIO* it) const { BIO_free(it); }
    void operator()(EVP_PKEY* it) const { EVP_PKEY_free(it); }
    void operator()(X509* it) const { X509_free(it); }
    void operator()(X509_REQ* it) const { X509_REQ_free(it); }
    void operator()(X509_CRL* it) const { X509_CRL_free(it); }
    void operator()(X509_STORE* it) const { X509_STORE_free(it); }
    void operator()(X509_STORE_CTX* it) const { X509_STORE_CTX_free(it); }
    void operator()(STACK_OF(X509) * it) const { sk_X509_free(it); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

const TimePoint kNow(std::chrono::seconds(1'700'000'000));

std::string text_in(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, std::size_t(size)};
}

/// A request for `key`, signed by `signer`.
std::string request_of(EVP_PKEY* key, EVP_PKEY* signer, const EVP_MD* digest) {
    const Owned<X509_REQ> request(X509_REQ_new());
    X509_REQ_set_pubkey(request.get(), key);
    EXPECT_GT(X509_REQ_sign(request.get(), signer, digest), 0);
    const Owned<BIO> bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509_REQ(bio.get(), request.get());
    return text_in(bio.get());
}
Owned<EVP_PKEY> p256() {
    return Owned<EVP_PKEY>(EVP_EC_gen("P-256"));
}
std::string p256_request() {
    const auto key = p256();
    return request_of(key.get(), key.get(), EVP_sha256());
}

std::vector<Owned<X509>> certificates_in(const std::string& pem) {
    const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), int(pem.size())));
    std::vector<Owned<X509>> out;
    while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
        out.emplace_back(one);
    return out;
}

/// OpenSSL's verdict, as a TLS server would ask it at `at`; "ok" when it accepts the chain.
std::string verdict(const std::string& root, const std::string& chain, TimePoint at,
                    X509_CRL* revocations = nullptr) {
    const auto trusted = certificates_in(root);
    const auto given = certificates_in(chain);
    const Owned<X509_STORE> store(X509_STORE_new());
    X509_STORE_add_cert(store.get(), trusted.at(0).get());
    const Owned<STACK_OF(X509)> between(sk_X509_new_null());
    sk_X509_push(between.get(), given.at(1).get());
    const Owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
    X509_STORE_CTX_init(context.get(), store.get(), given.at(0).get(), between.get());
    X509_STORE_CTX_set_time(context.get(), X509_V_FLAG_X509_STRICT, time_t(to_unix_ms(at) / 1000));
    X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_X509_STRICT);
    X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_CLIENT);
    if (revocations != nullptr) {
        X509_STORE_add_crl(store.get(), revocations);
        X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_CRL_CHECK);
    }
    if (X509_verify_cert(context.get()) == 1) return "ok";
    return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

class AuthorityTest : public testing::Test {
protected:
    std::unique_ptr<CertificateAuthority> open(const std::string& passphrase = "",
                                               TimePoint now = kNow) {
        auto opened = open_authority(
            {.directory = directory_.path() / "ca", .site = "demo", .passphrase = passphrase}, now);
        EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
        return opened ? *std::move(opened) : nullptr;
    }
    std::string reason(const std::string& passphrase, TimePoint now = kNow) {
        const auto opened = open_authority(
            {.directory = directory_.path() / "ca", .site = "demo", .passphrase = passphrase}, now);
        return opened ? "" : std::string(opened.error().reason);
    }
    std::filesystem::path file(const char* name) const { return directory_.path() / "ca" / name; }

    static IssuedCertificate issue(const CertificateAuthority& authority, const std::string& csr,
                                   TimePoint now = kNow) {
        const auto request = authority.read_request(csr);
        EXPECT_TRUE(request) << (request ? "" : request.error().message);
        const CertificateName name{CertificateKind::kService, "messaging"};
        const auto made = authority.issue(*request, name, spiffe_id("demo", name), now,
                                          Lifetimes().of(name.kind));
        EXPECT_TRUE(made);
        return *made;
    }

    testkit::TempDir directory_;
};

TEST_F(AuthorityTest, what_it_issues_is_accepted_by_a_strict_verifier_in_its_time) {
    const auto authority = open();
    const IssuedCertificate made = issue(*authority, p256_request());
    EXPECT_EQ(verdict(authority->bundle(), made.pem, kNow), "ok");
    EXPECT_EQ(verdict(authority->bundle(), made.pem, made.not_after + std::chrono::seconds(1)),
              "certificate has expired");
    EXPECT_EQ(made.not_after, kNow + std::chrono::hours(24));
    const auto leaf = certificates_in(made.pem);
    const Owned<BIO> out(BIO_new(BIO_s_mem()));
    X509V3_extensions_print(out.get(), nullptr, X509_get0_extensions(leaf.at(0).get()), 0, 0);
    EXPECT_NE(text_in(out.get()).find("URI:spiffe://demo/service/messaging"), std::string::npos);
}

TEST_F(AuthorityTest, another_sites_root_does_not_accept_it) {
    const auto authority = open();
    const testkit::TempDir other;
    const auto stranger =
        *open_authority({.directory = other.path() / "ca", .site = "demo", .passphrase = {}}, kNow);
    EXPECT_NE(verdict(stranger->bundle(), issue(*authority, p256_request()).pem, kNow), "ok");
}

TEST_F(AuthorityTest, it_is_made_once) {
    const std::string bundle = open()->bundle();
    EXPECT_EQ(open()->bundle(), bundle);
    EXPECT_EQ(verdict(bundle, issue(*open(), p256_request()).pem, kNow), "ok");
}

TEST_F(AuthorityTest, an_ed25519_key_is_named_by_its_bytes) {
    const crypto::Seed seed{9};
    const Owned<EVP_PKEY> key(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
    const auto request = open()->read_request(request_of(key.get(), key.get(), nullptr));
    ASSERT_TRUE(request);
    EXPECT_EQ(request->ed25519, crypto::SigningKey(seed).public_key());
    EXPECT_FALSE(open()->read_request(p256_request())->ed25519);
}

TEST_F(AuthorityTest, requests_that_are_none_are_refused) {
    const auto authority = open();
    const auto reason_of = [&](const std::string& pem) {
        const auto read = authority->read_request(pem);
        return read ? "" : std::string(read.error().reason);
    };
    const auto key = p256();
    const auto other = p256();
    const Owned<EVP_PKEY> rsa(EVP_RSA_gen(2048));
    const std::string good = request_of(key.get(), key.get(), EVP_sha256());
    EXPECT_EQ(reason_of(good), "");
    EXPECT_EQ(reason_of(""), "CSR_INVALID");
    EXPECT_EQ(
        reason_of("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"),
        "CSR_INVALID");
    EXPECT_EQ(reason_of(good.substr(0, good.size() / 2)), "CSR_INVALID");
    EXPECT_EQ(reason_of(std::string(20'000, 'A')), "CSR_INVALID");
    // Somebody else's key: the requester does not hold it.
    EXPECT_EQ(reason_of(request_of(key.get(), other.get(), EVP_sha256())), "CSR_INVALID");
    EXPECT_EQ(reason_of(request_of(rsa.get(), rsa.get(), EVP_sha256())), "CSR_INVALID");
    const Owned<EVP_PKEY> p384(EVP_EC_gen("P-384"));
    EXPECT_EQ(reason_of(request_of(p384.get(), p384.get(), EVP_sha256())), "CSR_INVALID");
}

TEST_F(AuthorityTest, a_revoked_certificate_is_refused_by_who_has_the_list) {
    const auto authority = open();
    const IssuedCertificate good = issue(*authority, p256_request());
    const IssuedCertificate bad = issue(*authority, p256_request());
    EXPECT_NE(good.serial, bad.serial);
    const Bytes der = authority->revocation_list({{bad.serial, kNow}}, kNow);
    const std::uint8_t* at = der.data();
    const Owned<X509_CRL> list(d2i_X509_CRL(nullptr, &at, long(der.size())));
    ASSERT_TRUE(list);
    EXPECT_EQ(verdict(authority->bundle(), good.pem, kNow, list.get()), "ok");
    EXPECT_EQ(verdict(authority->bundle(), bad.pem, kNow, list.get()), "certificate revoked");
}

TEST_F(AuthorityTest, the_root_key_is_sealed_by_the_passphrase) {
    EXPECT_EQ(root_key_in(directory_.path() / "ca"), RootKey::kNone);
    open("a long passphrase");
    EXPECT_EQ(root_key_in(directory_.path() / "ca"), RootKey::kSealed);
    // It is not needed as long as the intermediate is there.
    EXPECT_EQ(reason(""), "");
    std::filesystem::remove(file("intermediate.key"));
    EXPECT_EQ(reason(""), "CA_KEY_SEALED");
    EXPECT_EQ(reason("another"), "CA_KEY_SEALED");
    EXPECT_EQ(reason("a long passphrase"), "");
}

TEST_F(AuthorityTest, a_root_key_without_a_passphrase_is_told) {
    open();
    EXPECT_EQ(root_key_in(directory_.path() / "ca"), RootKey::kUnsealed);
}

TEST_F(AuthorityTest, the_intermediate_is_renewed_in_time_and_the_root_stays) {
    const std::string bundle = open()->bundle();
    const TimePoint later = kNow + std::chrono::days(320);
    const auto renewed = open("", later);
    EXPECT_EQ(renewed->bundle(), bundle);
    const IssuedCertificate made = issue(*renewed, p256_request(), later);
    EXPECT_EQ(verdict(bundle, made.pem, later), "ok");
    EXPECT_EQ(made.not_after, later + std::chrono::hours(24));
}

TEST_F(AuthorityTest, without_the_root_key_the_old_intermediate_serves_to_its_end) {
    const std::string bundle = open()->bundle();
    const auto usb = directory_.path() / "usb.key";
    ASSERT_TRUE(move_root_key(directory_.path() / "ca", "", usb, "sesame and more"));
    EXPECT_EQ(root_key_in(directory_.path() / "ca"), RootKey::kNone);
    EXPECT_TRUE(runtime::read_private_file(usb)->value().starts_with("-----BEGIN ENCRYPTED"));

    const TimePoint later = kNow + std::chrono::days(364);
    const auto authority = open("", later);
    const IssuedCertificate made = issue(*authority, p256_request(), later);
    EXPECT_EQ(verdict(bundle, made.pem, later), "ok");
    EXPECT_LE(made.not_after, kNow + std::chrono::days(365));
    const auto request = authority->read_request(p256_request());
    const auto refused =
        authority->issue(*request, {CertificateKind::kService, "a"}, "spiffe://demo/service/a",
                         kNow + std::chrono::days(366), std::chrono::hours(1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, "CA_KEY_SEALED");

    // Brought back, it makes the next one.
    std::filesystem::copy_file(usb, file("root.key"));
    const auto again = open("sesame and more", later);
    EXPECT_EQ(issue(*again, p256_request(), later).not_after, later + std::chrono::hours(24));
}

TEST_F(AuthorityTest, a_root_key_that_cannot_be_moved_stays) {
    open("right");
    const auto out = directory_.path() / "out.key";
    EXPECT_EQ(move_root_key(directory_.path() / "ca", "wrong", out, "new").error().reason,
              "CA_KEY_SEALED");
    ASSERT_TRUE(runtime::write_private_file(out, "something dear"));
    EXPECT_EQ(move_root_key(directory_.path() / "ca", "right", out, "new").error().reason,
              "FILE_UNUSABLE");
    EXPECT_EQ(*runtime::read_private_file(out), "something dear");
    EXPECT_EQ(root_key_in(directory_.path() / "ca"), RootKey::kSealed);
}

TEST_F(AuthorityTest, a_damaged_file_is_never_replaced) {
    open();
    for (const char* name : {"root.crt", "intermediate.crt", "intermediate.key"}) {
        const std::string good = runtime::read_private_file(file(name))->value();
        ASSERT_TRUE(runtime::write_private_file(file(name), "damaged"));
        EXPECT_EQ(reason(""), "DATA_MALFORMED") << name;
        EXPECT_EQ(*runtime::read_private_file(file(name)), "damaged");
        ASSERT_TRUE(runtime::write_private_file(file(name), good));
    }
}

}  // namespace
}  // namespace imece::security
