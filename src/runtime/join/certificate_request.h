// A process's own key and what it asks a certificate with, on OpenSSL.
#pragma once

#include <string>

#include "base/error.h"

namespace imece::runtime {

/// A new P-256 key, PKCS#8 in PEM.
std::string make_private_key();
/// A PKCS#10 request in PEM, signed by the key; it names nobody: who issues does.
/// Errors: kDataLoss DATA_MALFORMED for a key that cannot be read.
Result<std::string> certificate_request(const std::string& private_key_pem);
/// Whether the first certificate of the chain is for the key.
bool is_for_key(const std::string& certificate_pem, const std::string& private_key_pem);

}  // namespace imece::runtime
