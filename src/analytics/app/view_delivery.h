// What those in charge see: the overview, and delivery over time.
#pragma once

#include <functional>

#include "analytics/app/count_messages.h"
#include "analytics/app/follow_topology.h"

namespace imece::analytics {

struct ClassStanding {
    Priority priority = Priority::kMaintenance;
    Judgement judgement = Judgement::kNotJudged;
    Promise promise;
    Tally tally;
    TimePoint oldest_waiting;  ///< Zero: nothing waits.
};
struct SourceView {
    std::string service;
    bool connected = false;
    TimePoint counted_to;  ///< Zero: nothing is counted yet.
};
struct Overview {
    TimePoint at;
    Duration window{0};
    std::array<ClassStanding, kPriorities> classes;  ///< By rank.
    NetworkView network;
    double accepted_per_s = 0, delivered_per_s = 0;
    std::vector<SourceView> sources;
};

/// Thread-safe. Cost: of an hour 300 rows, of a week 1,400; below 5 ms.
class ViewOverview {
public:
    struct Deps {
        RollupStore& store;
        const Clock& clock;
        const CountMessages& messages;
        const FollowTopology& topology;
        std::function<bool(const std::string& source)> connected;
    };
    struct Options {
        Promises promises = kPromises;
        std::uint64_t samples_min = 30;
    };
    ViewOverview(Deps deps, const Options& options) : deps_(std::move(deps)), options_(options) {}

    /// Of what was accepted in the last `window`, from a whole minute on. Errors: the store's.
    Result<Overview> operator()(Duration window) const;
    /// Two that are equal: nothing but the time has changed between them.
    std::string state() const;

private:
    Result<std::array<Tally, kPriorities>> sum_since(TimePoint from, TimePoint now) const;
    Status fill_rates(Overview& overview) const;

    Deps deps_;
    Options options_;
};

struct DeliveryQuery {
    TimePoint from;  ///< Zero: an hour before `to`.
    TimePoint to;    ///< Not included. Zero: now.
    std::chrono::seconds step{60};
    std::optional<Priority> priority;
};

/// Thread-safe.
class QueryDelivery {
public:
    QueryDelivery(RollupStore& store, const Clock& clock) : store_(store), clock_(clock) {}
    /// One bucket a step and class that had messages, by time and class. Steps are counted from 1970.
    /// Errors: kInvalidArgument FIELD_INVALID for a step that is no number of whole minutes, QUERY_TOO_LARGE for more than
    /// 10,000 buckets that there could be.
    Result<std::vector<Bucket>> operator()(DeliveryQuery query) const;

private:
    RollupStore& store_;
    const Clock& clock_;
};

}  // namespace imece::analytics
