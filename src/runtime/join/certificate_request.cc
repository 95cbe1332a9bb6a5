#include "runtime/join/certificate_request.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "base/assert.h"

namespace imece::runtime {
namespace {

struct Release {
    void operator()(BIO* of) const { BIO_free_all(of); }
    void operator()(EVP_PKEY* of) const { EVP_PKEY_free(of); }
    void operator()(X509* of) const { X509_free(of); }
    void operator()(X509_REQ* of) const { X509_REQ_free(of); }
};
template <class T>
using Owned = std::unique_ptr<T, Release>;

Owned<BIO> reader(const std::string& text) {
    return Owned<BIO>(BIO_new_mem_buf(text.data(), int(text.size())));
}

Owned<EVP_PKEY> key_of(const std::string& pem) {
    return Owned<EVP_PKEY>(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, nullptr, nullptr));
}

std::string text_of(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return {data, std::size_t(size)};
}

}  // namespace

std::string make_private_key() {
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const Owned<BIO> out(BIO_new(BIO_s_mem()));
    IMECE_ASSERT(key && PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0,
                                                      nullptr, nullptr) == 1);
    return text_of(out.get());
}

Result<std::string> certificate_request(const std::string& private_key_pem) {
    const Owned<EVP_PKEY> key = key_of(private_key_pem);
    if (!key) return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", "the private key is damaged");
    const Owned<X509_REQ> request(X509_REQ_new());
    const Owned<BIO> out(BIO_new(BIO_s_mem()));
    IMECE_ASSERT(X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
                 X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0 &&
                 PEM_write_bio_X509_REQ(out.get(), request.get()) == 1);
    return text_of(out.get());
}

bool is_for_key(const std::string& certificate_pem, const std::string& private_key_pem) {
    const Owned<X509> certificate(
        PEM_read_bio_X509(reader(certificate_pem).get(), nullptr, nullptr, nullptr));
    const Owned<EVP_PKEY> key = key_of(private_key_pem);
    return certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
}

}  // namespace imece::runtime
