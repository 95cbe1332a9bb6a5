#include "analytics/app/view_delivery.h"

#include <algorithm>

#include "base/result.h"

namespace imece::analytics {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kBucketsMax = 10'000;

TimePoint floor_to(TimePoint at, Duration step) {
    const std::int64_t ms = to_unix_ms(at);
    const std::int64_t rest = (ms % step.count() + step.count()) % step.count();
    return from_unix_ms(ms - rest);
}

}  // namespace

Result<Overview> ViewOverview::operator()(Duration window) const {
    Overview overview{.at = deps_.clock.now(),
                      .window = window,
                      .classes = {},
                      .network = deps_.topology.view(),
                      .sources = {}};
    IMECE_TRY(auto tallies, sum_since(minute_of(overview.at - window), overview.at));
    IMECE_TRY(const auto oldest, deps_.store.oldest_waiting());
    for (std::size_t i = 0; i < kPriorities; ++i) {
        ClassStanding& standing = overview.classes[i];
        standing.priority = priority_of_rank(i);
        standing.promise = options_.promises[i];
        standing.tally = std::move(tallies[i]);
        standing.judgement = judge(standing.tally, standing.promise, options_.samples_min);
        standing.oldest_waiting = oldest[i];
    }
    IMECE_CHECK(fill_rates(overview));
    overview.sources = {
        {"messaging", deps_.connected("messaging"), deps_.messages.progress().counted_to},
        {"discovery", deps_.connected("discovery"), deps_.topology.counted_to()}};
    return overview;
}

std::string ViewOverview::state() const {
    return std::to_string(to_unix_ms(minute_of(deps_.clock.now()))) + ' ' +
           std::to_string(deps_.messages.version()) + ' ' +
           std::to_string(deps_.topology.version()) + ' ' +
           (deps_.connected("messaging") ? '1' : '0') + (deps_.connected("discovery") ? '1' : '0');
}

Result<std::array<Tally, kPriorities>> ViewOverview::sum_since(TimePoint from,
                                                               TimePoint now) const {
    std::array<Tally, kPriorities> sums;
    const auto add = [&](Step step, TimePoint begin, TimePoint end) -> Status {
        if (begin >= end) return {};
        IMECE_TRY(const auto buckets, deps_.store.buckets(step, begin, end, std::nullopt));
        for (const Bucket& bucket : buckets) sums[rank(bucket.key.priority)].merge(bucket.tally);
        return {};
    };
    // Whole hours by the hour: a week would be 50,000 rows of minutes.
    const TimePoint first_hour = std::chrono::ceil<std::chrono::hours>(from);
    const TimePoint last_hour = std::max(first_hour, hour_of(now));
    IMECE_CHECK(add(Step::kMinute, from, first_hour));
    IMECE_CHECK(add(Step::kHour, first_hour, last_hour));
    IMECE_CHECK(add(Step::kMinute, last_hour, TimePoint::max()));
    return sums;
}

Status ViewOverview::fill_rates(Overview& overview) const {
    const TimePoint minute = minute_of(overview.at);
    IMECE_TRY(const auto buckets,
              deps_.store.buckets(Step::kMinute, minute - 1min, minute + 1min, std::nullopt));
    // The last 60 s are this minute and the rest of the one before.
    const double rest = 1 - double((overview.at - minute).count()) / double(Duration(1min).count());
    for (const Bucket& bucket : buckets) {
        const double share = bucket.key.start == minute ? 1 : rest;
        overview.accepted_per_s += double(bucket.tally.accepted) * share / 60;
        overview.delivered_per_s += double(bucket.tally.arrived) * share / 60;
    }
    return {};
}

Result<std::vector<Bucket>> QueryDelivery::operator()(DeliveryQuery query) const {
    const Duration step = query.step;
    if (step < 1min || step % Duration(1min) != 0ms)
        return fail(ErrorCode::kInvalidArgument, "FIELD_INVALID",
                    "step_s is not a number of whole minutes");
    if (query.to == TimePoint{}) query.to = clock_.now();
    if (query.from == TimePoint{}) query.from = query.to - 1h;
    query.from = floor_to(query.from, step);
    const std::int64_t classes = query.priority ? 1 : kPriorities;
    if ((query.to - query.from) / step * classes > kBucketsMax)
        return fail(ErrorCode::kInvalidArgument, "QUERY_TOO_LARGE",
                    "the answer could have more than " + std::to_string(kBucketsMax) + " buckets");
    const Step kept = step % Duration(1h) == 0ms ? Step::kHour : Step::kMinute;
    IMECE_TRY(const auto found, store_.buckets(kept, query.from, query.to, query.priority));
    std::map<BucketKey, Tally> steps;
    for (const Bucket& bucket : found)
        steps[{floor_to(bucket.key.start, step), bucket.key.priority}].merge(bucket.tally);
    std::vector<Bucket> out;
    for (auto& [key, tally] : steps) {
        // A minute in which something only arrived is none of those that the caller asked about.
        if (tally.accepted + tally.judged() + tally.rejected + tally.expired_unreachable > 0)
            out.push_back({key, std::move(tally)});
    }
    return out;
}

}  // namespace imece::analytics
