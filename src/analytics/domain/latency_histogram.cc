#include "analytics/domain/latency_histogram.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace imece::analytics {
namespace {

constexpr std::size_t kBuckets = 256;
constexpr double kGrowth = 1.1;
constexpr char kVersion = 1;

/// Bucket i ends with bounds[i] milliseconds, included. By multiplication, not by logarithms: the same on every machine.
constexpr std::array<double, kBuckets> make_bounds() {
    std::array<double, kBuckets> bounds{};
    double bound = 1;
    for (double& one : bounds) {
        one = bound;
        bound *= kGrowth;
    }
    return bounds;
}
constexpr auto kBounds = make_bounds();

std::uint8_t bucket_of(Duration latency) {
    const auto found = std::ranges::lower_bound(kBounds, double(latency.count()));
    return std::uint8_t(std::min<std::size_t>(std::size_t(found - kBounds.begin()), kBuckets - 1));
}

/// In the middle of the bucket, so that neither edge is further away than 1 - 2 / (1 + kGrowth), 4.8 %.
double seconds_of(std::uint8_t bucket) {
    return (bucket == 0 ? 1.0 : kBounds[bucket] * 2 / (1 + kGrowth)) / 1000;
}

std::unexpected<Error> malformed() {
    return fail(ErrorCode::kDataLoss, "DATA_MALFORMED", "a stored histogram is malformed");
}

}  // namespace

void LatencyHistogram::add(Duration latency) {
    add(bucket_of(latency), 1);
}

void LatencyHistogram::add(std::uint8_t bucket, std::uint64_t count) {
    const auto place = std::ranges::lower_bound(counts_, bucket, {}, &Counted::first);
    if (place != counts_.end() && place->first == bucket)
        place->second += count;
    else
        counts_.insert(place, {bucket, count});
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
    for (const auto& [bucket, count] : other.counts_) add(bucket, count);
}

std::uint64_t LatencyHistogram::count() const {
    std::uint64_t all = 0;
    for (const auto& [bucket, count] : counts_) all += count;
    return all;
}

double LatencyHistogram::quantile(double share) const {
    const double rank = std::ceil(share * double(count()));
    std::uint64_t seen = 0;
    for (const auto& [bucket, count] : counts_) {
        seen += count;
        if (double(seen) >= rank) return seconds_of(bucket);
    }
    return 0;
}

std::string LatencyHistogram::encode() const {
    std::string out(1, kVersion);
    for (auto [bucket, count] : counts_) {
        out.push_back(char(bucket));
        for (; count >= 128; count >>= 7) out.push_back(char(count | 128));
        out.push_back(char(count));
    }
    return out;
}

Result<LatencyHistogram> LatencyHistogram::decode(std::string_view bytes) {
    if (bytes.empty() || bytes.front() != kVersion) return malformed();
    LatencyHistogram out;
    for (std::size_t i = 1; i < bytes.size();) {
        const auto bucket = std::uint8_t(bytes[i++]);
        std::uint64_t count = 0;
        bool whole = false;
        for (unsigned shift = 0; !whole && shift < 63 && i < bytes.size(); shift += 7) {
            const auto byte = std::uint8_t(bytes[i++]);
            count |= std::uint64_t(byte & 127) << shift;
            whole = byte < 128;
        }
        const bool ascends = out.counts_.empty() || out.counts_.back().first < bucket;
        if (!whole || count == 0 || !ascends) return malformed();
        out.counts_.emplace_back(bucket, count);
    }
    return out;
}

}  // namespace imece::analytics
