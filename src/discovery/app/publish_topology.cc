#include "discovery/app/publish_topology.h"

#include <algorithm>

#include "base/result.h"

namespace imece::discovery {

Status PublishTopology::restore(const DecodeReport& decode) {
    IMECE_TRY(Saved saved, deps_.store.load());
    const TimePoint now = deps_.clock.now();
    // In the order in which they were heard: a link that only one end claims depends on it.
    std::ranges::sort(saved.reports, {}, [](const StoredReport& report) {
        return std::pair(report.heard_at, report.node);
    });
    deps_.live.with([&](Live::State& state) {
        state.devices.insert(saved.devices.begin(), saved.devices.end());
        state.topology.continue_from(saved.version);
        for (const StoredReport& stored : saved.reports) {
            Result<Report> report = decode(view_of(stored.report));
            if (!report || !state.devices.contains(stored.node)) continue;
            std::ranges::sort(report->neighbours, {}, &Neighbour::node);
            // Refused where it is too old by now, or over a limit that was lowered: then it is
            // gone.
            (void)state.topology.report(*report, std::min(stored.heard_at, now), now);
        }
    });
    return {};
}

Result<std::optional<TimePoint>> PublishTopology::run() {
    const TimePoint now = deps_.clock.now();
    if (!pending_) {
        if (now < next_) return next_;
        pending_ = collect(now);
    }
    const bool announces = pending_->announcement.has_value();
    if (announces || !pending_->reports.empty() || !pending_->forgotten.empty()) {
        IMECE_CHECK(deps_.store.commit(*pending_));
        next_ = now + options_.interval;
        if (announces)
            deltas_since_full_ = pending_->announcement->full ? 0 : *deltas_since_full_ + 1;
    }
    pending_.reset();
    return deps_.live.with([&](Live::State& state) -> std::optional<TimePoint> {
        if (state.topology.changed() || !state.unsaved.empty()) return next_;
        const auto due = state.topology.deadline();
        return due ? std::optional(std::max(*due, next_)) : std::nullopt;
    });
}

Change PublishTopology::collect(TimePoint now) {
    Change change;
    const bool full = !deltas_since_full_ || *deltas_since_full_ >= options_.deltas_per_full;
    Delta delta;
    deps_.live.with([&](Live::State& state) {
        state.topology.tick(now);
        change.forgotten = state.topology.take_forgotten();
        change.reports.reserve(state.unsaved.size());
        for (auto& [node, report] : std::exchange(state.unsaved, {}))
            change.reports.push_back(std::move(report));
        if (full)
            delta = state.topology.take_full();
        else
            delta = state.topology.take_delta();
    });
    if (delta.version > 0)
        change.announcement = Announcement{.id = {make_uuid_v7(now, deps_.random)},
                                           .at = now,
                                           .version = delta.version,
                                           .full = full,
                                           .data = deps_.encode(delta)};
    return change;
}

}  // namespace imece::discovery
