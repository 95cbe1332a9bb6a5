// How long things took, in numbers that add up: the histograms of minutes make that of an hour.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace imece::analytics {

/// Counts in 256 fixed buckets, each a tenth longer than the one before, so that a quantile is within 5 % of the true
/// one; up to 1 ms and beyond a year they do not tell times apart. Memory: 16 bytes for each bucket that is in use.
class LatencyHistogram {
public:
    /// A negative time counts as none.
    void add(Duration latency);
    void merge(const LatencyHistogram& other);
    std::uint64_t count() const;
    /// Seconds within which `share` of the times lie, 0 < share <= 1; 0 without any.
    double quantile(double share) const;

    /// The first byte is the version of the form. Errors: kDataLoss DATA_MALFORMED.
    std::string encode() const;
    static Result<LatencyHistogram> decode(std::string_view bytes);

    friend bool operator==(const LatencyHistogram&, const LatencyHistogram&) = default;

private:
    using Counted = std::pair<std::uint8_t, std::uint64_t>;  ///< Bucket, times in it.
    void add(std::uint8_t bucket, std::uint64_t count);
    std::vector<Counted> counts_;  ///< By bucket; none is zero.
};

}  // namespace imece::analytics
