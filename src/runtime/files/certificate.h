// What a certificate file says of itself.
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "base/error.h"

namespace imece::runtime {

class Metrics;

struct Validity {
    TimePoint begin, end;
};
/// Of the first certificate of the PEM file. Errors: kInvalidArgument CONFIG_INVALID when there is none.
Result<Validity> certificate_validity(const std::filesystem::path& pem);

/// imece_certificate_end_seconds{use} in /metrics, until the token goes: the end of the certificate that lies there now, since the
/// process goes on with what it read at its start. Null when there is none.
[[nodiscard]] std::shared_ptr<void> add_certificate_metric(Metrics& metrics, const char* use,
                                                           const std::filesystem::path& pem);

}  // namespace imece::runtime
