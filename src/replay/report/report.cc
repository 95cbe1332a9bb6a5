#include "replay/report/report.h"

#include <algorithm>

#include "base/assert.h"
#include "replay/report/oracle.h"

namespace imece::replay {
namespace {

std::optional<double> share(std::uint64_t part, std::uint64_t whole) {
    if (whole == 0) return std::nullopt;
    return double(part) / double(whole);
}

void fill_latencies(ClassReport& into, std::vector<Ms>& latencies) {
    if (latencies.empty()) return;
    std::ranges::sort(latencies);
    into.p50_ms = nearest_rank(latencies, 50);
    into.p95_ms = nearest_rank(latencies, 95);
    into.p99_ms = nearest_rank(latencies, 99);
}

Judgement judge(const ClassReport& got, const Promise& promise) {
    if (promise.ratio <= 0 || got.reachable < kSamplesMin) return Judgement::kNotJudged;
    const bool held =
        *got.ratio_reachable() >= promise.ratio && got.p95_ms && *got.p95_ms <= promise.p95_ms;
    return held ? Judgement::kHeld : Judgement::kBroken;
}

void add(ClassReport& total, const ClassReport& part) {
    total.submitted += part.submitted;
    total.refused += part.refused;
    total.delivered += part.delivered;
    total.reachable += part.reachable;
    total.delivered_reachable += part.delivered_reachable;
    total.expired += part.expired;
    total.duplicates += part.duplicates;
    total.hops += part.hops;
}

/// The first hand-over to any recipient; kNever without one.
Ms first_delivery(const Outcome& outcome) {
    Ms first = kNever;
    for (const Delivered& at : outcome.delivered)
        if (first == kNever || at.first_at < first) first = at.first_at;
    return first;
}

}  // namespace

std::string_view judgement_name(Judgement judgement) {
    switch (judgement) {
        case Judgement::kHeld: return "held";
        case Judgement::kBroken: return "broken";
        case Judgement::kNotJudged: return "not judged";
    }
    return "?";
}

std::optional<double> ClassReport::ratio_all() const {
    return share(delivered, submitted);
}
std::optional<double> ClassReport::ratio_reachable() const {
    return share(delivered_reachable, reachable);
}
std::optional<double> ClassReport::mean_hops() const {
    return share(hops, delivered);
}

bool Report::held() const {
    return twice == 0 && std::ranges::none_of(classes, [](const ClassReport& c) {
               return c.judgement == Judgement::kBroken;
           });
}

bool passed(const Report& report, const RunFacts& facts) {
    return report.held() && facts.lost.empty() && facts.corrupted == 0;
}

Ms nearest_rank(const std::vector<Ms>& sorted, std::size_t percent) {
    IMECE_ASSERT(!sorted.empty() && percent >= 1 && percent <= 100);
    return sorted[(percent * sorted.size() + 99) / 100 - 1];
}

Report make_report(const RunLog& log) {
    const Plan& plan = log.plan();
    const auto [arrivals, islands, links] = reckon(log);
    Report report;
    report.nodes = std::uint32_t(plan.nodes.size());
    report.links = links;
    report.islands = islands;
    report.name = plan.name;
    report.seed = plan.seed;
    std::array<std::vector<Ms>, kClasses> latencies;
    for (MessageIndex m = 0; m < plan.messages.size(); ++m) {
        const MessagePlan& message = plan.messages[m];
        const Outcome& outcome = log.outcomes()[m];
        ClassReport& into = report.classes[std::size_t(message.cls)];
        if (!outcome.submitted) {
            ++report.never_submitted;
            continue;
        }
        for (const Delivered& at : outcome.delivered) report.twice += at.times > 1 ? 1 : 0;
        if (!outcome.refused.empty()) {
            ++into.refused;
            continue;
        }
        ++into.submitted;
        const Ms deadline = outcome.submitted_at + message.ttl;
        const bool reachable =
            arrivals[m] != kNever && arrivals[m] <= std::min(deadline, plan.horizon);
        const Ms first = first_delivery(outcome);
        const bool delivered = first != kNever && first <= deadline;
        std::uint32_t handed_over = 0;
        for (const Delivered& at : outcome.delivered) handed_over += at.times;
        into.duplicates += outcome.arrivals - handed_over;
        into.reachable += reachable ? 1 : 0;
        if (delivered) {
            ++into.delivered;
            into.hops += outcome.hops;
        } else if (deadline <= log.ended_at()) {
            ++into.expired;
        } else if (reachable && outcome.accepted) {
            report.missing.push_back(to_text(message.id));
        }
        if (delivered && reachable) {
            ++into.delivered_reachable;
            latencies[std::size_t(message.cls)].push_back(std::max<Ms>(0, first - arrivals[m]));
        }
    }
    std::vector<Ms> all;
    for (std::size_t c = 0; c < kClasses; ++c) {
        fill_latencies(report.classes[c], latencies[c]);
        report.classes[c].judgement = judge(report.classes[c], kPromises[c]);
        add(report.total, report.classes[c]);
        all.insert(all.end(), latencies[c].begin(), latencies[c].end());
    }
    fill_latencies(report.total, all);
    return report;
}

}  // namespace imece::replay
