// Any text as a certificate request, as it is and as the base64 of one.
#include <cstdint>

#include "base/assert.h"
#include "base/base64.h"
#include "security/adapters/x509/authority.h"
#include "testkit/temp_dir.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imece::security;
    static const imece::TimePoint now(std::chrono::seconds(1'700'000'000));
    static const imece::testkit::TempDir directory;
    static const auto authority =
        *open_authority({.directory = directory.path(), .site = "fuzz", .passphrase = {}}, now);
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    (void)authority->read_request(bytes);

    std::string base64;
    imece::append_base64(base64, bytes);
    std::string pem = "-----BEGIN CERTIFICATE REQUEST-----\n";
    for (std::size_t at = 0; at < base64.size(); at += 64) pem += base64.substr(at, 64) + "\n";
    pem += "-----END CERTIFICATE REQUEST-----\n";
    if (const auto request = authority->read_request(pem)) {
        const CertificateName name{CertificateKind::kService, "a"};
        IMECE_ASSERT(
            authority->issue(*request, name, spiffe_id("fuzz", name), now, std::chrono::hours(1)));
    }
    return 0;
}
