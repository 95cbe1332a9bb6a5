// imece analytics show.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/result.h"
#include "imece/analytics/v1/analytics.grpc.pb.h"
#include "imece/cli/add_command.h"
#include "imece/cli/commands.h"
#include "runtime/config/loader.h"
#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

using namespace std::chrono_literals;
namespace pb = imece::analytics::v1;
constexpr int kIslandsShown = 20;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    std::string window;
    bool json = false;
};

std::string number(double value, const char* unit) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g%s", value, unit);
    return text;
}

std::string percent(double share) {
    char text[32];
    // Cut, not rounded: 99.96 % is not all.
    std::snprintf(text, sizeof text, "%.1f %%", std::floor(share * 1000 + 1e-9) / 10);
    return text;
}

std::string time_of(bool known, const google::protobuf::Timestamp& at) {
    return known ? to_rfc3339(runtime::from_proto(at)) : "-";
}

std::string promise_of(const pb::ClassStanding& standing) {
    if (standing.promised_share() == 0 && standing.promised_p95_s() == 0) return "-";
    return percent(standing.promised_share()) + ", " + number(standing.promised_p95_s(), " s");
}

void print_classes(Shell& shell, const pb::Overview& overview) {
    std::vector<std::vector<std::string>> rows{{"CLASS", "PROMISE", "HELD", "DELIVERED", "P95",
                                                "ACCEPTED", "EXPIRED", "UNREACHABLE", "REJECTED",
                                                "OLDEST WAITING"}};
    for (const pb::ClassStanding& standing : overview.classes()) {
        const bool any = standing.delivered() + standing.expired() > 0;
        rows.push_back({imece::type::v1::Priority_Name(standing.priority()), promise_of(standing),
                        standing.judgement() == pb::HELD     ? "yes"
                        : standing.judgement() == pb::BROKEN ? "NO"
                                                             : "not judged",
                        any ? percent(standing.delivered_share()) : "-",
                        standing.delivered() > 0 ? number(standing.latency_p95_s(), " s") : "-",
                        std::to_string(standing.accepted()), std::to_string(standing.expired()),
                        std::to_string(standing.expired_unreachable()),
                        std::to_string(standing.rejected()),
                        time_of(standing.has_oldest_waiting_accepted_at(),
                                standing.oldest_waiting_accepted_at())});
    }
    print_table(shell.out, rows);
}

void print_islands(Shell& shell, const pb::Overview& overview) {
    shell.out << '\n'
              << overview.nodes_alive() << " nodes alive, " << overview.nodes_suspect()
              << " suspect, " << overview.nodes_dead() << " dead, " << overview.nodes_asleep()
              << " asleep; " << overview.islands_total() << " islands\n";
    std::vector<std::vector<std::string>> rows{{"ISLAND", "NODES", "UPLINK", "SINCE"}};
    const int shown = std::min(overview.islands_size(), kIslandsShown);
    for (int i = 0; i < shown; ++i) {
        const pb::Island& island = overview.islands(i);
        rows.push_back({plain(island.island_id()), std::to_string(island.nodes()),
                        island.has_uplink() ? "yes" : "no",
                        to_rfc3339(runtime::from_proto(island.since()))});
    }
    if (shown > 0) print_table(shell.out, rows);
    if (int(overview.islands_total()) > shown)
        shell.out << "and " << int(overview.islands_total()) - shown << " smaller ones\n";
}

Status show(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    pb::GetOverviewRequest request;
    if (!options.window.empty())
        request.set_window_s(std::uint32_t(*runtime::parse_duration(options.window) / 1s));
    IMECE_TRY(const pb::Overview overview,
              backend.call(&pb::AnalyticsService::Stub::GetOverview, request));
    if (options.json) {
        shell.out << json_of(overview) << '\n';
        return {};
    }
    shell.out << to_rfc3339(runtime::from_proto(overview.at())) << ", the last "
              << overview.window_s() << " s" << (overview.exercise() ? " of an exercise" : "")
              << ": " << number(overview.accepted_per_s(), "") << " accepted and "
              << number(overview.delivered_per_s(), "") << " delivered a second\n\n";
    print_classes(shell, overview);
    print_islands(shell, overview);
    shell.out << '\n';
    for (const pb::Source& source : overview.sources())
        shell.out << plain(source.service()) << (source.connected() ? "" : " is not connected,")
                  << " counted to " << time_of(source.has_counted_to(), source.counted_to())
                  << '\n';
    return {};
}

}  // namespace

void add_analytics(CLI::App& app, Shell& shell) {
    CLI::App& group = *app.add_subcommand("analytics", "How the site keeps its promises");
    group.require_subcommand(1);
    add_command<Options>(
        group, shell, "show",
        "Say of each class whether its promise is held, and which islands there are",
        "imece analytics show --window 1h", show, [](CLI::App& command, Options& options) {
            command
                .add_option("--window", options.window,
                            "of what was accepted in this time, at most 7d; an hour without")
                ->check(duration_text());
        });
}

}  // namespace imece::cli
