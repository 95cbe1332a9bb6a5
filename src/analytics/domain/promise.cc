#include "analytics/domain/promise.h"

namespace imece::analytics {

void Tally::merge(const Tally& other) {
    accepted += other.accepted;
    delivered += other.delivered;
    rejected += other.rejected;
    expired += other.expired;
    expired_unreachable += other.expired_unreachable;
    arrived += other.arrived;
    latency.merge(other.latency);
}

double Tally::delivered_share() const {
    return judged() == 0 ? 0 : double(delivered) / double(judged());
}

Judgement judge(const Tally& tally, const Promise& promise, std::uint64_t samples_min) {
    const bool promised = promise.share > 0 || promise.p95_s > 0;
    if (!promised || tally.judged() == 0 || tally.judged() < samples_min)
        return Judgement::kNotJudged;
    const bool in_number = tally.delivered_share() >= promise.share;
    const bool in_time = promise.p95_s == 0 || tally.latency.quantile(0.95) <= promise.p95_s;
    return in_number && in_time ? Judgement::kHeld : Judgement::kBroken;
}

}  // namespace imece::analytics
