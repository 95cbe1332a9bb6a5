#include "replay/replay.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "base/result.h"
#include "replay/fleet/fleet.h"
#include "replay/trace/trace_writer.h"
#include "replay/world/scenario.h"
#include "replay/world/topology_plan.h"
#include "sdk/cpp/api.h"

namespace imece::replay {
namespace {

constexpr int kBroken = 1;
constexpr int kUsage = 2;
constexpr int kBackend = 3;
/// What is written over a mesh for which no texts are given.
constexpr std::size_t kTextsPerNode = 10;

Result<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(ErrorCode::kInvalidArgument, "FILE_INVALID", path + ": cannot be read");
    return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<Scenario> read_scenario(const std::string& name) {
    std::string text(built_in_scenario(name));
    if (text.empty()) {
        IMECE_TRY(text, read_file(name));
    }
    return parse_scenario(text, name);
}

Result<Plan> make_plan(const Options& options, std::uint64_t seed) {
    if (!options.topology.empty()) {
        IMECE_TRY(const std::string text, read_file(options.topology));
        IMECE_TRY(const Topology topology, parse_topology(text, options.topology));
        MessageFile messages;
        if (options.messages.empty()) {
            IMECE_TRY(const Scenario scenario, read_scenario(options.scenario));
            messages = write_texts(scenario, seed, topology.nodes.size() * kTextsPerNode);
        } else {
            IMECE_TRY(const std::string csv, read_file(options.messages));
            IMECE_TRY(messages, parse_messages(csv, options.messages));
        }
        return plan_topology(topology, messages,
                             {.name = options.topology.substr(options.topology.rfind('/') + 1),
                              .seed = seed,
                              .uplinks = options.uplinks,
                              .churn = options.churn,
                              .minutes = options.minutes > 0 ? options.minutes : 20,
                              .load = options.load});
    }
    IMECE_TRY(const Scenario scenario, read_scenario(options.scenario));
    return plan_scenario(
        scenario,
        {.seed = seed, .phones = options.phones, .minutes = options.minutes, .load = options.load});
}

Status check_site(const imece::site::v1::Site& site, const Options& options) {
    if (!site.exercise())
        return fail(ErrorCode::kFailedPrecondition, "SITE_NOT_EXERCISE",
                    "'" + site.name() +
                        "' is a real site: a replay is for one that serves with --exercise");
    if (options.speed != 0 && options.speed != site.time_scale())
        return fail(ErrorCode::kFailedPrecondition, "SCALE_MISMATCH",
                    "the site runs " + std::to_string(site.time_scale()) +
                        " times as fast as the wall, not " + std::to_string(options.speed));
    return {};
}

/// A bar on a terminal, a line every ten seconds elsewhere.
class Progress {
public:
    explicit Progress(Ms end) : end_(end), terminal_(isatty(STDERR_FILENO) != 0) {}
    void operator()(Ms now, const RunFacts& facts) {
        ++calls_;
        const int percent = int(std::min<Ms>(100, now * 100 / std::max<Ms>(end_, 1)));
        if (terminal_) {
            const std::string bar(std::size_t(percent / 4), '#');
            std::fprintf(stderr, "\r[%-25s] %3d %%  %llu acknowledged ", bar.c_str(), percent,
                         static_cast<unsigned long long>(facts.acknowledged));
            if (percent == 100) std::fputc('\n', stderr);
        } else if (calls_ % 10 == 0) {
            std::fprintf(stderr, "%3d %%, %llu acknowledged\n", percent,
                         static_cast<unsigned long long>(facts.acknowledged));
        }
    }

private:
    Ms end_;
    bool terminal_;
    int calls_ = 0;
};

/// What came to somebody first, in words; empty while nothing has.
std::string first_delivery(const RunLog& log) {
    const Delivered* first = nullptr;
    MessageIndex message = 0;
    for (MessageIndex m = 0; m < log.outcomes().size(); ++m)
        for (const Delivered& delivered : log.outcomes()[m].delivered)
            if (first == nullptr || delivered.first_at < first->first_at) {
                first = &delivered;
                message = m;
            }
    if (first == nullptr) return "";
    const Plan& plan = log.plan();
    return fmt::format("first message delivered: {}, {} to {}, {:.2f} s after it was sent",
                       class_name(plan.messages[message].cls),
                       plan.nodes[plan.messages[message].sender].label,
                       plan.nodes[first->node].label,
                       double(first->first_at - log.outcomes()[message].submitted_at) / 1000);
}

/// The server's resident memory by its own metrics, where it lets us read them.
std::optional<std::uint64_t> server_memory(sdk::Api& api) {
    const auto metrics = api.call({.target = "/metrics"});
    constexpr std::string_view kName = "\nprocess_resident_memory_bytes ";
    const std::size_t at = metrics ? metrics->find(kName) : std::string::npos;
    if (at == std::string::npos) return std::nullopt;
    return std::uint64_t(std::strtod(metrics->c_str() + at + kName.size(), nullptr));
}

int refuse(const Error& error, int status) {
    std::fprintf(stderr, "imece replay: %s (%s)\n", error.message.c_str(),
                 std::string(error.reason).c_str());
    return status;
}

int judge(const Options& options, const RunLog& log, const RunFacts& facts) {
    const Report report = make_report(log);
    std::fputs(to_table(report, log.plan(), facts).c_str(), stdout);
    if (!options.json.empty()) std::ofstream(options.json) << to_json(report, log.plan(), facts);
    return passed(report, facts) ? 0 : kBroken;
}

}  // namespace

int run(const Options& options) {
    auto endpoint = sdk::Endpoint::parse(options.url, options.ca_file);
    if (!endpoint) return refuse(endpoint.error(), kUsage);
    auto password = read_file(options.password_file);
    if (!password) return refuse(password.error(), kUsage);
    while (!password->empty() && password->back() == '\n') password->pop_back();
    const std::uint64_t seed =
        options.seed != 0 ? options.seed : 1 + SystemRandom().below(999'999'999);
    const auto plan = make_plan(options, seed);
    if (!plan) return refuse(plan.error(), kUsage);

    std::unique_ptr<TraceWriter> trace;
    if (!options.trace.empty()) {
        auto opened = TraceWriter::open(options.trace);
        if (!opened) return refuse(opened.error(), kUsage);
        trace = *std::move(opened);
    }
    std::unique_ptr<Ledger> ledger;
    if (!options.ledger.empty()) {
        auto opened = Ledger::open(options.ledger);
        if (!opened) return refuse(opened.error(), kUsage);
        ledger = *std::move(opened);
    }

    sdk::Api api(*endpoint);
    const auto site = api.site();
    if (!site) return refuse(site.error(), kBackend);
    const SystemClock clock = sdk::site_clock(*site, SystemClock().now());
    if (auto checked = check_site(*site, options); !checked)
        return refuse(checked.error(), kBackend);
    const auto say = [](std::string_view line) {
        std::fprintf(stderr, "imece replay: %.*s\n", int(line.size()), line.data());
    };
    say("EXERCISE " + plan->name + ", seed " + std::to_string(seed) + ": " +
        std::to_string(plan->nodes.size()) + " nodes, " + std::to_string(plan->messages.size()) +
        " messages, " + std::to_string(plan->end / 60'000) + " min at " +
        std::to_string(site->time_scale()) + "x");
    for (const std::string& note : plan->notes) say(note);

    RunLog log(*plan, trace.get());
    Fleet fleet(*plan, log,
                {.endpoint = *endpoint,
                 .user = options.user,
                 .password = *password,
                 .ledger = ledger.get(),
                 .say = say});
    if (auto ready = fleet.set_up(*site, clock); !ready) return refuse(ready.error(), kBackend);
    Progress progress(plan->end);
    bool delivered = false;
    fleet.run([&](Ms now, const RunFacts& facts) {
        progress(now, facts);
        if (const std::string line = delivered ? "" : first_delivery(log); !line.empty()) {
            delivered = true;
            say(line);
        }
    });
    RunFacts facts = fleet.facts();
    facts.server_rss_bytes = server_memory(api);
    if (trace) {
        if (auto written = trace->flush(); !written) return refuse(written.error(), kBroken);
    }
    return judge(options, log, facts);
}

}  // namespace imece::replay
