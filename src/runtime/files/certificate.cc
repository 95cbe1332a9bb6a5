#include "runtime/files/certificate.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

#include "base/result.h"
#include "runtime/observe/metrics.h"

namespace imece::runtime {

Result<Validity> certificate_validity(const std::filesystem::path& pem) {
    const std::unique_ptr<BIO, void (*)(BIO*)> file(BIO_new_file(pem.c_str(), "r"), BIO_free_all);
    const std::unique_ptr<X509, void (*)(X509*)> certificate(
        file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr, X509_free);
    std::tm begin{}, end{};
    if (!certificate || ASN1_TIME_to_tm(X509_get0_notBefore(certificate.get()), &begin) != 1 ||
        ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1)
        return fail(ErrorCode::kInvalidArgument, "CONFIG_INVALID",
                    "no certificate can be read from " + pem.string());
    return Validity{TimePoint(std::chrono::seconds(timegm(&begin))),
                    TimePoint(std::chrono::seconds(timegm(&end)))};
}

std::shared_ptr<void> add_certificate_metric(Metrics& metrics, const char* use,
                                             const std::filesystem::path& pem) {
    const auto validity = certificate_validity(pem);
    if (!validity) return nullptr;
    const double seconds = std::chrono::duration<double>(validity->end.time_since_epoch()).count();
    return metrics.gauge("imece_certificate_end_seconds", "End of a certificate, since 1970.",
                         {{"use", use}}, [seconds] { return seconds; });
}

}  // namespace imece::runtime
