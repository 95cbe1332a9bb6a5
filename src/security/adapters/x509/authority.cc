#include "security/adapters/x509/authority.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <optional>

#include "base/assert.h"
#include "base/result.h"
#include "runtime/files/private_file.h"

namespace imece::security {
namespace {

struct Free {
    void operator()(BIO* it) const { BIO_free(it); }
    void operator()(EVP_PKEY* it) const { EVP_PKEY_free(it); }
    void operator()(X509* it) const { X509_free(it); }
    void operator()(X509_REQ* it) const { X509_REQ_free(it); }
    void operator()(X509_EXTENSION* it) const { X509_EXTENSION_free(it); }
    void operator()(X509_CRL* it) const { X509_CRL_free(it); }
    void operator()(X509_REVOKED* it) const { X509_REVOKED_free(it); }
    void operator()(ASN1_STRING* it) const { ASN1_STRING_free(it); }  // Also integers and times.
    void operator()(BIGNUM* it) const { BN_free(it); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

constexpr Duration kRootLifetime = std::chrono::days(3650);
constexpr Duration kIntermediateLifetime = std::chrono::days(365);
/// The intermediate is renewed when it has less than this: leaves never outlive it.
constexpr Duration kIntermediateLeast = std::chrono::days(60);
/// Clocks in the field are wrong by minutes.
constexpr Duration kBackdated = std::chrono::minutes(5);
constexpr Duration kCrlLifetime = std::chrono::hours(24);
constexpr std::size_t kRequestBytesMax = 16 * 1024;
constexpr int kSealIterations = 600'000;  // PBKDF2-SHA256.
constexpr const char* kSealedHeader = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

std::unexpected<Error> damaged(const std::filesystem::path& file) {
    return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", file.string() + " is none of ours");
}
std::unexpected<Error> bad_request(const char* why) {
    return fail(ErrorCode::kInvalidArgument, "CSR_INVALID", why);
}

Owned<BIO> reader(std::string_view text) {
    return Owned<BIO>(BIO_new_mem_buf(text.data(), int(text.size())));
}
std::string contents(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, std::size_t(size));
}

std::string pem_of(X509* certificate) {
    const Owned<BIO> bio(BIO_new(BIO_s_mem()));
    IMECE_ASSERT(PEM_write_bio_X509(bio.get(), certificate) == 1);
    return contents(bio.get());
}

/// PKCS#8, sealed by PBES2 (PBKDF2, AES-256) where there is a passphrase.
std::string pem_of(EVP_PKEY* key, const std::string& passphrase) {
    const Owned<BIO> bio(BIO_new(BIO_s_mem()));
    if (passphrase.empty()) {
        IMECE_ASSERT(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr,
                                                   nullptr) == 1);
        return contents(bio.get());
    }
    PKCS8_PRIV_KEY_INFO* plain = EVP_PKEY2PKCS8(key);
    X509_ALGOR* how = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kSealIterations, nullptr, 0, nullptr,
                                        NID_hmacWithSHA256);
    X509_SIG* sealed = PKCS8_set0_pbe(passphrase.data(), int(passphrase.size()), plain, how);
    IMECE_ASSERT(sealed != nullptr && PEM_write_bio_PKCS8(bio.get(), sealed) == 1);
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(plain);
    return contents(bio.get());
}

/// For OpenSSL's callback: the passphrase, or none.
int give_passphrase(char* buffer, int size, int, void* passphrase) {
    const auto& text = *static_cast<const std::string*>(passphrase);
    if (text.empty() || int(text.size()) > size) return -1;
    std::ranges::copy(text, buffer);
    return int(text.size());
}

Owned<EVP_PKEY> read_key(std::string_view pem, std::string passphrase) {
    return Owned<EVP_PKEY>(
        PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, give_passphrase, &passphrase));
}

Owned<EVP_PKEY> make_key() {
    Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    IMECE_ASSERT(key);
    return key;
}

struct Pair {
    Owned<X509> certificate;
    Owned<EVP_PKEY> key;
};

struct Wanted {
    std::string common_name;
    EVP_PKEY* key = nullptr;
    TimePoint not_before, not_after;
    std::vector<std::pair<int, std::string>> extensions;
};

Owned<ASN1_TIME> time_of(TimePoint at) {
    return Owned<ASN1_TIME>(ASN1_TIME_set(nullptr, time_t(to_unix_ms(at) / 1000)));
}

/// 16 random bytes, positive: nobody can guess the next one, and two never meet.
std::array<std::uint8_t, 16> make_serial() {
    std::array<std::uint8_t, 16> serial{};
    IMECE_ASSERT(RAND_bytes(serial.data(), int(serial.size())) == 1);
    serial[0] = std::uint8_t((serial[0] & 0x7f) | 0x40);
    return serial;
}

Owned<ASN1_INTEGER> integer_of(ByteView serial) {
    const Owned<BIGNUM> number(BN_bin2bn(serial.data(), int(serial.size()), nullptr));
    return Owned<ASN1_INTEGER>(BN_to_ASN1_INTEGER(number.get(), nullptr));
}

/// Signed by `issuer`; by its own key where that is null.
Owned<X509> make_certificate(const Wanted& wanted, const Pair* issuer) {
    Owned<X509> out(X509_new());
    X509_set_version(out.get(), X509_VERSION_3);
    X509_set_serialNumber(out.get(), integer_of(make_serial()).get());
    X509_NAME* subject = X509_get_subject_name(out.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const std::uint8_t*>(wanted.common_name.c_str()),
                               -1, -1, 0);
    X509* by = issuer != nullptr ? issuer->certificate.get() : out.get();
    X509_set_issuer_name(out.get(), X509_get_subject_name(by));
    X509_set1_notBefore(out.get(), time_of(wanted.not_before).get());
    X509_set1_notAfter(out.get(), time_of(wanted.not_after).get());
    X509_set_pubkey(out.get(), wanted.key);
    X509V3_CTX context;
    X509V3_set_ctx(&context, by, out.get(), nullptr, nullptr, 0);
    for (const auto& [id, value] : wanted.extensions) {
        const Owned<X509_EXTENSION> extension(
            X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
        IMECE_ASSERT(extension && X509_add_ext(out.get(), extension.get(), -1) == 1);
    }
    IMECE_ASSERT(
        X509_sign(out.get(), issuer != nullptr ? issuer->key.get() : wanted.key, EVP_sha256()) > 0);
    return out;
}

TimePoint not_after(const X509* certificate) {
    tm broken_down{};
    IMECE_ASSERT(ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &broken_down) == 1);
    return TimePoint(std::chrono::seconds(timegm(&broken_down)));
}

Pair make_root(const std::string& site, TimePoint now) {
    Pair root{.certificate = nullptr, .key = make_key()};
    root.certificate =
        make_certificate({.common_name = "imece " + site + " root",
                          .key = root.key.get(),
                          .not_before = now - kBackdated,
                          .not_after = now + kRootLifetime,
                          .extensions = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:1"},
                                         {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                         {NID_subject_key_identifier, "hash"}}},
                         nullptr);
    return root;
}

Pair make_intermediate(const std::string& site, const Pair& root, TimePoint now) {
    Pair out{.certificate = nullptr, .key = make_key()};
    out.certificate = make_certificate(
        {.common_name = "imece " + site + " intermediate",
         .key = out.key.get(),
         .not_before = now - kBackdated,
         .not_after = std::min(now + kIntermediateLifetime, not_after(root.certificate.get())),
         .extensions = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                        {NID_key_usage, "critical,keyCertSign,cRLSign"},
                        {NID_subject_key_identifier, "hash"},
                        {NID_authority_key_identifier, "keyid:always"}}},
        &root);
    return out;
}

class Authority final : public CertificateAuthority {
public:
    Authority(Owned<X509> root, Pair intermediate)
        : root_(std::move(root)), intermediate_(std::move(intermediate)) {}

    Result<CertificateRequest> read_request(std::string_view pem) const override {
        if (pem.size() > kRequestBytesMax) return bad_request("the request is over 16 KiB");
        const Owned<X509_REQ> request(
            PEM_read_bio_X509_REQ(reader(pem).get(), nullptr, nullptr, nullptr));
        if (!request) return bad_request("not a PKCS#10 request in PEM");
        EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
        if (key == nullptr || X509_REQ_verify(request.get(), key) != 1)
            return bad_request("the request is not signed by its own key");
        const int kind = EVP_PKEY_get_base_id(key);
        if (kind != EVP_PKEY_ED25519 && !(kind == EVP_PKEY_EC && EVP_PKEY_get_bits(key) == 256))
            return bad_request("the key is neither Ed25519 nor of P-256");
        CertificateRequest out;
        std::uint8_t* der = nullptr;
        const int size = i2d_PUBKEY(key, &der);
        if (size <= 0) return bad_request("the key cannot be written again");
        out.key.assign(der, der + size);
        OPENSSL_free(der);
        if (kind == EVP_PKEY_ED25519) {
            out.ed25519.emplace();
            std::size_t length = out.ed25519->size();
            if (EVP_PKEY_get_raw_public_key(key, out.ed25519->data(), &length) != 1)
                return bad_request("the Ed25519 key has no bytes");
        }
        return out;
    }

    Result<IssuedCertificate> issue(const CertificateRequest& request, const CertificateName& name,
                                    const std::string& spiffe, TimePoint now,
                                    Duration lifetime) const override {
        const std::uint8_t* at = request.key.data();
        const Owned<EVP_PKEY> key(d2i_PUBKEY(nullptr, &at, long(request.key.size())));
        if (!key) return bad_request("not a public key");
        if (not_after(intermediate_.certificate.get()) <= now)
            return fail(ErrorCode::kFailedPrecondition, "CA_KEY_SEALED",
                        "the intermediate has run out, and the root key is away to make another");
        IssuedCertificate out{
            .not_before = now - kBackdated,
            .not_after = std::min(now + lifetime, not_after(intermediate_.certificate.get()))};
        // TLS libraries that know no SPIFFE id still check a service's name.
        const std::string dns =
            name.kind == CertificateKind::kService ? ",DNS:" + name.id : std::string();
        const Owned<X509> leaf =
            make_certificate({.common_name = name.id,
                              .key = key.get(),
                              .not_before = out.not_before,
                              .not_after = out.not_after,
                              .extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                                             {NID_key_usage, "critical,digitalSignature"},
                                             {NID_ext_key_usage, "serverAuth,clientAuth"},
                                             {NID_subject_alt_name, "critical,URI:" + spiffe + dns},
                                             {NID_subject_key_identifier, "hash"},
                                             {NID_authority_key_identifier, "keyid:always"}}},
                             &intermediate_);
        const Owned<BIGNUM> serial(ASN1_INTEGER_to_BN(X509_get0_serialNumber(leaf.get()), nullptr));
        BN_bn2binpad(serial.get(), out.serial.data(), int(out.serial.size()));
        out.pem = pem_of(leaf.get()) + pem_of(intermediate_.certificate.get());
        return out;
    }

    std::string bundle() const override { return pem_of(root_.get()); }

    Bytes revocation_list(const std::vector<RevokedCertificate>& revoked,
                          TimePoint now) const override {
        const Owned<X509_CRL> list(X509_CRL_new());
        X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
        X509_CRL_set_issuer_name(list.get(),
                                 X509_get_subject_name(intermediate_.certificate.get()));
        X509_CRL_set1_lastUpdate(list.get(), time_of(now).get());
        X509_CRL_set1_nextUpdate(list.get(), time_of(now + kCrlLifetime).get());
        for (const RevokedCertificate& each : revoked) {
            Owned<X509_REVOKED> entry(X509_REVOKED_new());
            X509_REVOKED_set_serialNumber(entry.get(), integer_of(each.serial).get());
            X509_REVOKED_set_revocationDate(entry.get(), time_of(each.revoked_at).get());
            X509_CRL_add0_revoked(list.get(), entry.release());
        }
        X509_CRL_sort(list.get());
        X509V3_CTX context;
        X509V3_set_ctx(&context, intermediate_.certificate.get(), nullptr, nullptr, list.get(), 0);
        const Owned<X509_EXTENSION> issuer(
            X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
        IMECE_ASSERT(issuer && X509_CRL_add_ext(list.get(), issuer.get(), -1) == 1);
        // A number that only grows, as RFC 5280 asks.
        const Owned<ASN1_INTEGER> number(ASN1_INTEGER_new());
        ASN1_INTEGER_set_int64(number.get(), to_unix_ms(now));
        IMECE_ASSERT(X509_CRL_add1_ext_i2d(list.get(), NID_crl_number, number.get(), 0, 0) == 1);
        IMECE_ASSERT(X509_CRL_sign(list.get(), intermediate_.key.get(), EVP_sha256()) > 0);
        std::uint8_t* der = nullptr;
        const int size = i2d_X509_CRL(list.get(), &der);
        Bytes out(der, der + size);
        OPENSSL_free(der);
        return out;
    }

private:
    Owned<X509> root_;
    Pair intermediate_;
};

/// The files of one authority.
class Store {
public:
    explicit Store(const AuthorityFiles& files) : files_(files) {}

    /// Nothing where there is none.
    Result<Owned<X509>> certificate(const char* name) const {
        IMECE_TRY(const auto pem, runtime::read_private_file(files_.directory / name));
        if (!pem) return Owned<X509>();
        Owned<X509> out(PEM_read_bio_X509(reader(*pem).get(), nullptr, nullptr, nullptr));
        if (!out) return damaged(files_.directory / name);
        return out;
    }

    Status make_root(TimePoint now) const {
        const Pair root = security::make_root(files_.site, now);
        // The key first: a certificate without its key could sign nothing, ever.
        IMECE_CHECK(write("root.key", pem_of(root.key.get(), files_.passphrase)));
        return write("root.crt", pem_of(root.certificate.get()));
    }

    Result<Pair> open_root(Owned<X509> certificate) const {
        IMECE_TRY(const auto pem, runtime::read_private_file(files_.directory / "root.key"));
        Owned<EVP_PKEY> key = pem ? read_key(*pem, files_.passphrase) : nullptr;
        if (!key)
            return fail(ErrorCode::kFailedPrecondition, "CA_KEY_SEALED",
                        "the root key is away, or sealed by another passphrase");
        if (X509_check_private_key(certificate.get(), key.get()) != 1)
            return damaged(files_.directory / "root.key");
        return Pair{std::move(certificate), std::move(key)};
    }

    /// Nothing where there is none, or where it was made by another root.
    Result<std::optional<Pair>> open_intermediate(X509* root) const {
        IMECE_TRY(auto made, certificate("intermediate.crt"));
        IMECE_TRY(const auto pem,
                  runtime::read_private_file(files_.directory / "intermediate.key"));
        if (!made || !pem) return std::nullopt;
        Pair out{std::move(made), read_key(*pem, {})};
        if (!out.key || X509_check_private_key(out.certificate.get(), out.key.get()) != 1 ||
            X509_verify(out.certificate.get(), X509_get0_pubkey(root)) != 1)
            return damaged(files_.directory / "intermediate.key");
        return out;
    }

    Result<Pair> make_intermediate(const Pair& root, TimePoint now) const {
        Pair out = security::make_intermediate(files_.site, root, now);
        // A kill between the two must not leave a key beside the certificate of another.
        std::error_code ignored;
        std::filesystem::remove(files_.directory / "intermediate.crt", ignored);
        IMECE_CHECK(write("intermediate.key", pem_of(out.key.get(), {})));
        IMECE_CHECK(write("intermediate.crt", pem_of(out.certificate.get())));
        return out;
    }

private:
    Status write(const char* name, const std::string& text) const {
        return runtime::write_private_file(files_.directory / name, text);
    }

    const AuthorityFiles& files_;
};

}  // namespace

Result<std::unique_ptr<CertificateAuthority>> open_authority(const AuthorityFiles& files,
                                                             TimePoint now) {
    IMECE_CHECK(runtime::make_private_directory(files.directory));
    const Store store(files);
    IMECE_TRY(Owned<X509> root, store.certificate("root.crt"));
    if (!root) {
        IMECE_CHECK(store.make_root(now));
        IMECE_TRY(root, store.certificate("root.crt"));
    }
    IMECE_TRY(std::optional<Pair> intermediate, store.open_intermediate(root.get()));
    if (!intermediate || not_after(intermediate->certificate.get()) < now + kIntermediateLeast) {
        X509_up_ref(root.get());
        const auto signer = store.open_root(Owned<X509>(root.get()));
        // Without the root's key the old intermediate serves to its end.
        if (!signer && !intermediate) return std::unexpected(signer.error());
        if (signer) {
            IMECE_TRY(intermediate, store.make_intermediate(*signer, now));
        }
    }
    IMECE_ASSERT(intermediate.has_value());
    return std::make_unique<Authority>(std::move(root), *std::move(intermediate));
}

Status move_root_key(const std::filesystem::path& directory, const std::string& passphrase,
                     const std::filesystem::path& out, const std::string& new_passphrase) {
    const AuthorityFiles files{.directory = directory, .site = {}, .passphrase = passphrase};
    const Store store(files);
    IMECE_TRY(Owned<X509> certificate, store.certificate("root.crt"));
    if (!certificate)
        return fail(ErrorCode::kInvalidArgument, "FILE_UNUSABLE",
                    directory.string() + " holds no certificate authority");
    IMECE_TRY(const Pair root, store.open_root(std::move(certificate)));
    if (std::filesystem::exists(out))
        return fail(ErrorCode::kInvalidArgument, "FILE_UNUSABLE",
                    out.string() + " is there already");
    IMECE_CHECK(runtime::write_private_file(out, pem_of(root.key.get(), new_passphrase)));
    IMECE_TRY(const auto written, runtime::read_private_file(out));
    const Owned<EVP_PKEY> read_back = written ? read_key(*written, new_passphrase) : nullptr;
    if (!read_back || X509_check_private_key(root.certificate.get(), read_back.get()) != 1)
        return fail(ErrorCode::kInvalidArgument, "FILE_UNUSABLE",
                    out.string() + " does not hold what was written");
    std::error_code failed;
    std::filesystem::remove(directory / "root.key", failed);
    if (failed)
        return fail(ErrorCode::kUnavailable, "STORE_DOWN",
                    "cannot remove the key from the site: " + failed.message());
    return {};
}

RootKey root_key_in(const std::filesystem::path& directory) {
    const auto pem = runtime::read_private_file(directory / "root.key");
    if (!pem || !*pem) return RootKey::kNone;
    return (*pem)->starts_with(kSealedHeader) ? RootKey::kSealed : RootKey::kUnsealed;
}

}  // namespace imece::security
