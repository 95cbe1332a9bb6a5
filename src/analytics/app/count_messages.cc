#include "analytics/app/count_messages.h"

#include "base/result.h"

namespace imece::analytics {
namespace {

using namespace std::chrono_literals;

constexpr const char* kSource = "messaging";
constexpr Duration kPruneEvery = 1h;
/// How long after its expiry the end of a message may come: messaging may have been down.
constexpr Duration kEndsWithin = 24h;

}  // namespace

Status CountMessages::load() {
    IMECE_TRY(const Progress kept, deps_.store.progress(kSource));
    const std::scoped_lock lock(mutex_);
    progress_ = kept;
    return {};
}

Status CountMessages::operator()(std::span<const MessageFact> facts, const Progress& progress) {
    Counts counts;
    for (const MessageFact& fact : facts)
        if (!fact.exercise || options_.site_is_exercise) counts.add(fact);
    IMECE_CHECK(deps_.store.add(counts, progress));
    {
        const std::scoped_lock lock(mutex_);
        progress_ = progress;
    }
    ++version_;
    return prune_now_and_then();
}

Status CountMessages::restart() {
    IMECE_CHECK(deps_.store.restart(kSource));
    const std::scoped_lock lock(mutex_);
    progress_.position = 0;
    return {};
}

Progress CountMessages::progress() const {
    const std::scoped_lock lock(mutex_);
    return progress_;
}

Status CountMessages::prune_now_and_then() {
    const TimePoint now = deps_.clock.now();
    if (now < pruned_at_ + kPruneEvery) return {};
    IMECE_CHECK(deps_.store.prune(hour_of(now - options_.keep_for), now - kEndsWithin));
    pruned_at_ = now;
    return {};
}

}  // namespace imece::analytics
