// What every RollupStore promises, clause by clause. A clause is a function that says what is wrong, so that it can be
// held against good adapters and against deliberately broken ones.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "analytics/app/ports.h"
#include "analytics/tests/samples.h"
#include "testkit/clause.h"

namespace imece::analytics {

/// Opens the same stored state each time it is called; what it gave before is closed by then.
using Opener = std::function<std::shared_ptr<RollupStore>()>;

/// Empty: holds.
using Clause = std::string (*)(const Opener&);
struct NamedClause {
    const char* name;
    Clause clause;
};

namespace contract {

using namespace std::chrono_literals;
using samples::kHour;
using Kind = MessageFact::Kind;

inline std::vector<Bucket> all(RollupStore& store, Step step) {
    return store.buckets(step, TimePoint{}, TimePoint::max(), std::nullopt)
        .value_or(std::vector<Bucket>());
}
/// Of the whole store.
inline Tally sum(RollupStore& store, Step step) {
    Tally sum;
    for (const Bucket& bucket : all(store, step)) sum.merge(bucket.tally);
    return sum;
}
inline Status add(RollupStore& store, std::uint64_t position,
                  const std::vector<MessageFact>& facts) {
    return store.add(samples::counts(facts), {position, kHour + Duration(position)});
}
inline TimePoint oldest(RollupStore& store, Priority priority) {
    return store.oldest_waiting().value()[rank(priority)];
}

inline std::string starts_empty(const Opener& open) {
    const auto store = open();
    IMECE_HOLDS(store->progress("messaging") == Progress{});
    IMECE_HOLDS(store->progress("discovery") == Progress{});
    IMECE_HOLDS(all(*store, Step::kMinute).empty() && all(*store, Step::kHour).empty());
    IMECE_HOLDS(store->islands() == Islands{});
    IMECE_HOLDS(oldest(*store, Priority::kOperational) == TimePoint{});
    return {};
}

inline std::string adds_up_over_commits_and_restarts(const Opener& open) {
    IMECE_HOLDS(add(*open(), 1, {samples::accepted(1, kHour, 3)}));
    IMECE_HOLDS(add(*open(), 2, {samples::ended(1, Kind::kDelivered, 2s)}));
    IMECE_HOLDS(add(*open(), 3, {samples::ended(1, Kind::kRejected)}));
    IMECE_HOLDS(add(*open(), 5, {samples::ended(1, Kind::kDelivered, 30s)}));
    const auto store = open();
    Tally expected =
        samples::counts({samples::accepted(1, kHour, 3), samples::ended(1, Kind::kDelivered, 2s),
                         samples::ended(1, Kind::kRejected),
                         samples::ended(1, Kind::kDelivered, 30s)})
            .minutes.begin()
            ->second;
    for (const Step step : {Step::kMinute, Step::kHour}) {
        const auto buckets = all(*store, step);
        IMECE_HOLDS(buckets.size() == 1);
        IMECE_HOLDS((buckets[0].key == BucketKey{kHour, Priority::kOperational}));
        IMECE_HOLDS(buckets[0].tally == expected);
    }
    IMECE_HOLDS((store->progress("messaging") == Progress{5, kHour + Duration(5)}));
    return {};
}

inline std::string keeps_each_number_apart(const Opener& open) {
    const auto store = open();
    std::vector<MessageFact> facts{samples::accepted(9, kHour, 100)};
    const auto times = [&](int count, MessageFact fact) {
        for (int i = 0; i < count; ++i) facts.push_back(fact);
    };
    MessageFact unreachable = samples::ended(9, Kind::kExpired);
    unreachable.reachable_at = {};
    times(2, samples::ended(9, Kind::kDelivered));
    times(3, samples::ended(9, Kind::kRejected));
    times(4, samples::ended(9, Kind::kExpired));
    times(5, unreachable);
    IMECE_HOLDS(add(*store, 1, facts));
    const Tally sum = contract::sum(*store, Step::kMinute);
    IMECE_HOLDS(sum.accepted == 100 && sum.delivered == 2 && sum.rejected == 3);
    IMECE_HOLDS(sum.expired == 4 && sum.expired_unreachable == 5 && sum.arrived == 2);
    IMECE_HOLDS(sum.latency.count() == 2);
    return {};
}

inline std::string counts_no_event_twice(const Opener& open) {
    for (const std::uint64_t position : {7, 7, 6, 1})
        IMECE_HOLDS(add(*open(), position, {samples::accepted(1)}));
    const auto store = open();
    IMECE_HOLDS(sum(*store, Step::kMinute).accepted == 1);
    IMECE_HOLDS(store->progress("messaging")->position == 7);
    IMECE_HOLDS(add(*store, 8, {}));
    IMECE_HOLDS(store->progress("messaging")->position == 8);
    return {};
}

inline std::string counts_on_when_a_log_begins_anew(const Opener& open) {
    IMECE_HOLDS(add(*open(), 100, {samples::accepted(1)}));
    IMECE_HOLDS(open()->restart("messaging"));
    const auto store = open();
    IMECE_HOLDS(store->progress("messaging")->position == 0);
    IMECE_HOLDS(store->progress("messaging")->counted_to == kHour + Duration(100));
    IMECE_HOLDS(add(*store, 3, {samples::accepted(2)}));
    IMECE_HOLDS(sum(*store, Step::kMinute).accepted == 2);
    return {};
}

inline std::string minutes_add_up_to_hours(const Opener& open) {
    const auto store = open();
    for (std::uint32_t i = 0; i < 130; ++i)
        IMECE_HOLDS(add(*store, i + 1,
                        {samples::accepted(i, kHour + i * 1min),
                         samples::ended(i, Kind::kDelivered, i * 100ms, kHour + i * 1min)}));
    IMECE_HOLDS(all(*store, Step::kMinute).size() == 130);
    const auto hours = all(*store, Step::kHour);
    IMECE_HOLDS(hours.size() == 3);
    IMECE_HOLDS(hours[0].tally.accepted == 60 && hours[2].tally.accepted == 10);
    IMECE_HOLDS(sum(*store, Step::kHour) == sum(*store, Step::kMinute));
    return {};
}

inline std::string gives_what_was_asked_for_in_order(const Opener& open) {
    const auto store = open();
    IMECE_HOLDS(add(*store, 1,
                    {samples::accepted(1, kHour + 2min, 1, Priority::kMaintenance),
                     samples::accepted(2, kHour + 2min, 1, Priority::kLifeCritical),
                     samples::accepted(3, kHour), samples::accepted(4, kHour + 3min)}));
    const auto some =
        store->buckets(Step::kMinute, kHour + 1min, kHour + 3min, std::nullopt).value();
    IMECE_HOLDS(some.size() == 2);
    IMECE_HOLDS(some[0].key.priority == Priority::kLifeCritical);
    IMECE_HOLDS(some[1].key.priority == Priority::kMaintenance);
    const auto one =
        store->buckets(Step::kMinute, kHour, kHour + 3min + 1ms, Priority::kOperational).value();
    IMECE_HOLDS(one.size() == 2 && one[0].key.start < one[1].key.start);
    return {};
}

inline std::string knows_the_oldest_that_waits(const Opener& open) {
    IMECE_HOLDS(add(*open(), 1,
                    {samples::accepted(1, kHour, 2), samples::accepted(2, kHour + 5s),
                     samples::accepted(3, kHour + 1s, 1, Priority::kLifeCritical)}));
    IMECE_HOLDS(oldest(*open(), Priority::kOperational) == kHour);
    IMECE_HOLDS(oldest(*open(), Priority::kLifeCritical) == kHour + 1s);
    IMECE_HOLDS(oldest(*open(), Priority::kMaintenance) == TimePoint{});
    IMECE_HOLDS(add(*open(), 2, {samples::ended(1, Kind::kDelivered)}));
    IMECE_HOLDS(oldest(*open(), Priority::kOperational) == kHour);  // Its second copy.
    IMECE_HOLDS(
        add(*open(), 3, {samples::ended(1, Kind::kExpired), samples::ended(77, Kind::kDelivered)}));
    IMECE_HOLDS(oldest(*open(), Priority::kOperational) == kHour + 5s);
    IMECE_HOLDS(add(*open(), 4,
                    {samples::ended(2, Kind::kDelivered),
                     samples::ended(3, Kind::kRejected, 1s, kHour + 1s, Priority::kLifeCritical)}));
    IMECE_HOLDS(oldest(*open(), Priority::kOperational) == TimePoint{});
    IMECE_HOLDS(oldest(*open(), Priority::kLifeCritical) == TimePoint{});
    return {};
}

inline std::string keeps_islands_as_they_change(const Opener& open) {
    Islands islands;
    const std::vector<std::vector<std::vector<DeviceId>>> steps{
        {{samples::node(1), samples::node(2), samples::node(3)}, {samples::node(9)}},
        {{samples::node(1)}, {samples::node(2), samples::node(3)}},
        {{samples::node(1), samples::node(2)}},
        {}};
    std::uint64_t position = 0;
    for (const auto& components : steps) {
        const Islands next = islands.next(components, kHour + Duration(++position));
        IMECE_HOLDS(open()->put_islands(IslandsChange::between(islands, next),
                                        {position, kHour + Duration(position)}));
        islands = next;
        IMECE_HOLDS(open()->islands() == islands);
        IMECE_HOLDS(open()->progress("discovery")->position == position);
        IMECE_HOLDS(open()->progress("messaging")->position == 0);
    }
    return {};
}

inline std::string forgets_only_what_is_old(const Opener& open) {
    IMECE_HOLDS(add(*open(), 1,
                    {samples::accepted(1, kHour), samples::accepted(2, kHour + 1h),
                     samples::accepted(3, kHour + 3h)}));
    IMECE_HOLDS(open()->prune(kHour + 1h, kHour + 2h));  // Each lives for an hour.
    const auto store = open();
    for (const Step step : {Step::kMinute, Step::kHour}) {
        IMECE_HOLDS(all(*store, step).size() == 2);
        IMECE_HOLDS(all(*store, step).front().key.start == kHour + 1h);
    }
    IMECE_HOLDS(oldest(*store, Priority::kOperational) == kHour + 1h);
    IMECE_HOLDS(store->prune(TimePoint{}, kHour + 2h + 1ms));
    IMECE_HOLDS(oldest(*store, Priority::kOperational) == kHour + 3h);
    IMECE_HOLDS(store->progress("messaging")->position == 1);
    return {};
}

}  // namespace contract

inline std::vector<NamedClause> rollup_store_contract() {
    using namespace contract;
    return {
        {"starts_empty", starts_empty},
        {"adds_up_over_commits_and_restarts", adds_up_over_commits_and_restarts},
        {"keeps_each_number_apart", keeps_each_number_apart},
        {"counts_no_event_twice", counts_no_event_twice},
        {"counts_on_when_a_log_begins_anew", counts_on_when_a_log_begins_anew},
        {"minutes_add_up_to_hours", minutes_add_up_to_hours},
        {"gives_what_was_asked_for_in_order", gives_what_was_asked_for_in_order},
        {"knows_the_oldest_that_waits", knows_the_oldest_that_waits},
        {"keeps_islands_as_they_change", keeps_islands_as_they_change},
        {"forgets_only_what_is_old", forgets_only_what_is_old},
    };
}

}  // namespace imece::analytics
