// What a run was worth: the figures of docs/trace.md, beside what was promised.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "replay/trace/run_log.h"

namespace imece::replay {

enum class Judgement : std::uint8_t { kHeld, kBroken, kNotJudged };
std::string_view judgement_name(Judgement judgement);

struct ClassReport {
    std::uint64_t submitted = 0;  ///< Without the refused ones.
    std::uint64_t refused = 0;
    std::uint64_t delivered = 0;
    std::uint64_t reachable = 0;
    std::uint64_t delivered_reachable = 0;
    std::uint64_t expired = 0;
    std::uint64_t duplicates = 0;  ///< Suppressed at the recipients.
    std::uint64_t hops = 0;        ///< Of delivered messages.
    std::optional<Ms> p50_ms;      ///< Absent: nothing was both delivered and reachable.
    std::optional<Ms> p95_ms;
    std::optional<Ms> p99_ms;
    Judgement judgement = Judgement::kNotJudged;

    std::optional<double> ratio_all() const;        ///< Of the submitted ones, if any.
    std::optional<double> ratio_reachable() const;  ///< Of the reachable ones, if any.
    std::optional<double> mean_hops() const;        ///< Of the delivered ones, if any.
};

struct Report {
    std::string name;
    std::uint64_t seed = 0;
    std::array<ClassReport, kClasses> classes;
    ClassReport total;  ///< Sums; its latencies are over all classes.
    std::uint32_t nodes = 0;
    std::uint32_t links = 0;    ///< Pairs of nodes that were linked at some time.
    std::uint32_t islands = 0;  ///< Most at once.
    std::uint64_t twice = 0;    ///< Recipients whose application got a message more than once.
    std::uint64_t never_submitted = 0;  ///< Planned, but the sender was off until the end.
    /// Accepted by the backend, reachable, alive, and yet not delivered at the end: it waits there.
    std::vector<std::string> missing;

    /// No judged promise was broken, and nothing came twice.
    bool held() const;
};

/// Nearest rank: sorted[ceil(percent·n/100)−1]; `sorted` is not empty, 1 ≤ percent ≤ 100.
Ms nearest_rank(const std::vector<Ms>& sorted, std::size_t percent);

Report make_report(const RunLog& log);

/// What the run cost, and what it ran against: from outside the trace.
struct RunFacts {
    std::uint32_t scale = 1;
    double wall_seconds = 0;         ///< From the first contact to the end.
    double set_up_seconds = 0;       ///< Enrolment and sign-in.
    std::uint64_t acknowledged = 0;  ///< Submissions that the backend confirmed, repeats included.
    std::uint64_t suppressed = 0;    ///< Of these, known to it already.
    double busy_seconds = 0;         ///< From the first submission to the last confirmation.
    double peak_per_second = 0;      ///< Most confirmations in a wall second.
    std::optional<double> ack_p50_ms;  ///< Submission to confirmation, wall time.
    std::optional<double> ack_p95_ms;
    std::optional<std::uint64_t> server_rss_bytes;
    std::uint64_t connections_lost = 0;  ///< Not by a lack of coverage.
    std::uint64_t dropped = 0;           ///< Bundles that full nodes let go.
    std::uint64_t stale_paths = 0;       ///< Deliveries whose path no longer held.
    std::uint64_t corrupted = 0;         ///< Deliveries with other bytes than were submitted.
    std::vector<std::string> lost;  ///< Messages that the backend had accepted and does not know.
};

/// The exit status of a replay is 0 when this holds.
bool passed(const Report& report, const RunFacts& facts);

/// A table for people.
std::string to_table(const Report& report, const Plan& plan, const RunFacts& facts);
/// One JSON object, with a final newline; tools/README.md names its fields.
std::string to_json(const Report& report, const Plan& plan, const RunFacts& facts);

}  // namespace imece::replay
