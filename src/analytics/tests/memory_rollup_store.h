// The roll-ups in memory: for the tests of the use cases, and to be broken on purpose.
#pragma once

#include <memory>
#include <mutex>

#include "analytics/app/ports.h"

namespace imece::analytics {

/// What outlives a store that is closed.
struct MemoryRollups {
    std::mutex mutex;
    std::map<std::pair<Step, BucketKey>, Tally> buckets;
    std::map<MessageId, Waiting> waiting;
    std::map<std::string, Progress> progress;
    Islands islands;
    int writes = 0;
};

class MemoryRollupStore : public RollupStore {
public:
    explicit MemoryRollupStore(std::shared_ptr<MemoryRollups> kept) : kept_(std::move(kept)) {}

    Status add(const Counts& counts, const Progress& progress) override {
        const std::scoped_lock lock(kept_->mutex);
        Progress& last = kept_->progress["messaging"];
        if (progress.position <= last.position) return {};
        for (const auto& [key, tally] : counts.minutes) {
            kept_->buckets[{Step::kMinute, key}].merge(tally);
            kept_->buckets[{Step::kHour, {hour_of(key.start), key.priority}}].merge(tally);
        }
        for (const auto& [message, waiting] : counts.waiting)
            kept_->waiting.emplace(message, waiting);
        for (const auto& [message, copies] : counts.ended) {
            const auto found = kept_->waiting.find(message);
            if (found == kept_->waiting.end()) continue;
            if (found->second.copies <= copies)
                kept_->waiting.erase(found);
            else
                found->second.copies -= copies;
        }
        last = progress;
        ++kept_->writes;
        return {};
    }
    Status put_islands(const IslandsChange& change, const Progress& progress) override {
        const std::scoped_lock lock(kept_->mutex);
        change.apply_to(kept_->islands);
        kept_->progress["discovery"] = progress;
        ++kept_->writes;
        return {};
    }
    Result<Progress> progress(const std::string& source) override {
        const std::scoped_lock lock(kept_->mutex);
        return kept_->progress[source];
    }
    Status restart(const std::string& source) override {
        const std::scoped_lock lock(kept_->mutex);
        kept_->progress[source].position = 0;
        return {};
    }
    Result<std::vector<Bucket>> buckets(Step step, TimePoint from, TimePoint to,
                                        std::optional<Priority> priority) override {
        const std::scoped_lock lock(kept_->mutex);
        std::vector<Bucket> out;
        for (const auto& [key, tally] : kept_->buckets)
            if (key.first == step && key.second.start >= from && key.second.start < to &&
                (!priority || key.second.priority == *priority))
                out.push_back({key.second, tally});
        return out;
    }
    Result<std::array<TimePoint, kPriorities>> oldest_waiting() override {
        const std::scoped_lock lock(kept_->mutex);
        std::array<TimePoint, kPriorities> oldest{};
        for (const auto& [message, waiting] : kept_->waiting) {
            TimePoint& of_class = oldest[rank(waiting.priority)];
            if (of_class == TimePoint{} || waiting.accepted_at < of_class)
                of_class = waiting.accepted_at;
        }
        return oldest;
    }
    Result<Islands> islands() override {
        const std::scoped_lock lock(kept_->mutex);
        return kept_->islands;
    }
    Status prune(TimePoint before, TimePoint expired_before) override {
        const std::scoped_lock lock(kept_->mutex);
        std::erase_if(kept_->buckets,
                      [&](const auto& bucket) { return bucket.first.second.start < before; });
        std::erase_if(kept_->waiting, [&](const auto& waiting) {
            return waiting.second.expires_at < expired_before;
        });
        return {};
    }

protected:
    std::shared_ptr<MemoryRollups> kept_;
};

}  // namespace imece::analytics
