// The report as a table and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <iterator>

#include "replay/report/report.h"

namespace imece::replay {
namespace {

namespace json = boost::json;

std::string percent(const std::optional<double>& ratio) {
    // Rounded down, so that 100 % means all of it.
    return ratio ? fmt::format("{:.2f} %", double(std::uint64_t(*ratio * 10'000)) / 100) : "-";
}

std::string seconds(const std::optional<Ms>& ms) {
    return ms ? fmt::format("{:.2f} s", double(*ms) / 1'000) : "-";
}

void add_row(std::string& out, std::string_view name, const ClassReport& c, const Promise& promise,
             std::string_view verdict) {
    const bool judged = promise.ratio > 0;
    fmt::format_to(
        std::back_inserter(out),
        "{:<16}{:>10}{:>10}{:>9}{:>10}{:>10} {:>8}{:>9} {:>8} {:>6}{:>10}{:>8}{:>8}{:>9}  {}\n",
        name, c.submitted, c.delivered, c.refused, percent(c.ratio_all()),
        percent(c.ratio_reachable()), judged ? percent(promise.ratio) : "-", seconds(c.p50_ms),
        seconds(c.p95_ms), judged ? fmt::format("{} s", promise.p95_ms / 1'000) : "-",
        seconds(c.p99_ms), c.expired, c.duplicates,
        c.mean_hops() ? fmt::format("{:.2f}", *c.mean_hops()) : "-", verdict);
}

json::value value_of(const std::optional<double>& number) {
    return number ? json::value(*number) : json::value(nullptr);
}
json::value value_of(const std::optional<Ms>& number) {
    return number ? json::value(*number) : json::value(nullptr);
}

json::object class_object(const ClassReport& c) {
    json::object out;
    out["submitted"] = c.submitted;
    out["refused"] = c.refused;
    out["delivered"] = c.delivered;
    out["reachable"] = c.reachable;
    out["delivered_reachable"] = c.delivered_reachable;
    out["ratio_all"] = value_of(c.ratio_all());
    out["ratio_reachable"] = value_of(c.ratio_reachable());
    out["p50_ms"] = value_of(c.p50_ms);
    out["p95_ms"] = value_of(c.p95_ms);
    out["p99_ms"] = value_of(c.p99_ms);
    out["expired"] = c.expired;
    out["duplicates"] = c.duplicates;
    out["hops_mean"] = value_of(c.mean_hops());
    out["held"] = c.judgement == Judgement::kNotJudged
                      ? json::value(nullptr)
                      : json::value(c.judgement == Judgement::kHeld);
    return out;
}

json::array strings(const std::vector<std::string>& all) {
    return json::array(all.begin(), all.end());
}

json::object run_object(const Report& report, const Plan& plan, const RunFacts& facts) {
    json::object out;
    out["time_scale"] = facts.scale;
    out["scenario_seconds"] = double(plan.end) / 1'000;
    out["wall_seconds"] = facts.wall_seconds;
    out["set_up_seconds"] = facts.set_up_seconds;
    out["towers"] = plan.towers;
    out["towers_down_at_start"] = plan.towers_down;
    out["islands_planned"] = plan.islands;
    out["acknowledged"] = facts.acknowledged;
    out["suppressed_at_backend"] = facts.suppressed;
    out["messages_per_second"] =
        facts.busy_seconds > 0 ? double(facts.acknowledged) / facts.busy_seconds : 0.0;
    out["peak_messages_per_second"] = facts.peak_per_second;
    out["ack_wall_p50_ms"] = value_of(facts.ack_p50_ms);
    out["ack_wall_p95_ms"] = value_of(facts.ack_p95_ms);
    out["server_rss_bytes"] =
        facts.server_rss_bytes ? json::value(*facts.server_rss_bytes) : json::value(nullptr);
    out["connections_lost"] = facts.connections_lost;
    out["dropped_by_full_nodes"] = facts.dropped;
    out["stale_paths"] = facts.stale_paths;
    out["corrupted"] = facts.corrupted;
    out["never_submitted"] = report.never_submitted;
    return out;
}

}  // namespace

std::string to_table(const Report& report, const Plan& plan, const RunFacts& facts) {
    std::string out = fmt::format(
        "\nEXERCISE {}, seed {}: {} of scenario time in {:.0f} s, {} times as fast as the wall\n",
        report.name, report.seed, fmt::format("{:.1f} min", double(plan.end) / 60'000),
        facts.wall_seconds, facts.scale);
    fmt::format_to(
        std::back_inserter(out),
        "{:<16}{:>10}{:>10}{:>9}{:>10}{:>10} {:>8}{:>9} {:>8} {:>6}{:>10}{:>8}{:>8}{:>9}  {}\n",
        "class", "submitted", "delivered", "refused", "of all", "reachable", "promise", "p50",
        "p95", "limit", "p99", "expired", "again", "hops", "promise");
    for (std::size_t c = 0; c < kClasses; ++c)
        add_row(out, class_name(Class(c)), report.classes[c], kPromises[c],
                judgement_name(report.classes[c].judgement));
    add_row(out, "all", report.total, Promise{}, "");
    const auto count = [&](NodeKind kind) {
        return std::ranges::count(plan.nodes, kind, &NodePlan::kind);
    };
    auto to = std::back_inserter(out);
    fmt::format_to(to,
                   "\nmesh      {} nodes ({} phones, {} relays, {} desk devices), {} links, {} "
                   "islands at once\n",
                   report.nodes, count(NodeKind::kPhone), count(NodeKind::kRelay),
                   count(NodeKind::kDesk), report.links, report.islands);
    if (plan.towers > 0)
        fmt::format_to(
            to, "towers    {} of {} down at the start ({:.1f} %); {} groups cut off and healed\n",
            plan.towers_down, plan.towers, 100.0 * plan.towers_down / plan.towers, plan.islands);
    fmt::format_to(
        to, "backend   {} submissions acknowledged, {} known already; {:.0f}/s, at most {:.0f}/s",
        facts.acknowledged, facts.suppressed,
        facts.busy_seconds > 0 ? double(facts.acknowledged) / facts.busy_seconds : 0,
        facts.peak_per_second);
    if (facts.ack_p50_ms)
        fmt::format_to(to, "; p50 {:.1f} ms, p95 {:.1f} ms", *facts.ack_p50_ms, *facts.ack_p95_ms);
    if (facts.server_rss_bytes)
        fmt::format_to(to, "; {:.0f} MB", double(*facts.server_rss_bytes) / 1e6);
    fmt::format_to(to,
                   "\nreplay    set up in {:.1f} s; {} connections lost; {} paths went stale; {} "
                   "bundles dropped by full nodes\n",
                   facts.set_up_seconds, facts.connections_lost, facts.stale_paths, facts.dropped);
    fmt::format_to(
        to,
        "handed over twice {}, waiting at the backend though reachable {}, lost {}, corrupted {}\n",
        report.twice, report.missing.size(), facts.lost.size(), facts.corrupted);
    for (const std::string& id : facts.lost) fmt::format_to(to, "LOST {}\n", id);
    for (std::size_t i = 0; i < std::min<std::size_t>(report.missing.size(), 10); ++i)
        fmt::format_to(to, "waiting {}\n", report.missing[i]);
    out += passed(report, facts) ? "Every judged promise held.\n" : "NOT every promise held.\n";
    return out;
}

std::string to_json(const Report& report, const Plan& plan, const RunFacts& facts) {
    json::object classes;
    for (std::size_t c = 0; c < kClasses; ++c)
        classes[class_name(Class(c))] = class_object(report.classes[c]);
    json::object out;
    out["name"] = report.name;
    out["seed"] = report.seed;
    out["exercise"] = true;
    out["classes"] = std::move(classes);
    out["twice"] = report.twice;
    out["nodes"] = report.nodes;
    out["links"] = report.links;
    out["islands"] = report.islands;
    out["messages"] = report.total.submitted;
    out["held"] = report.held();
    out["passed"] = passed(report, facts);
    out["missing"] = strings(report.missing);
    out["lost"] = strings(facts.lost);
    out["run"] = run_object(report, plan, facts);
    return json::serialize(out) + "\n";
}

}  // namespace imece::replay
