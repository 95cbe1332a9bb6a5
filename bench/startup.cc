#include <boost/asio/io_context.hpp>
#include <thread>

#include "base/result.h"
#include "bench/areas.h"
#include "bench/site.h"
#include "bench/traffic.h"
#include "sdk/cpp/connection.h"

namespace imece::bench {
namespace {

using namespace std::chrono_literals;

constexpr int kRounds = 5;
constexpr std::size_t kDevices = 64;
constexpr std::size_t kMessages = 20'000;
constexpr auto kSettle = 2s;  ///< What a start has begun, log files and caches, ends in it.
constexpr auto kIdle = 10s;

constexpr Goal kReady{.bound = 1};
constexpr Goal kMemory{.bound = 100};
constexpr Goal kIdleShare{.bound = 1};
constexpr Goal kStop{.bound = 5};

Figure seconds(std::string name, std::vector<double> rounds, Goal goal) {
    return {
        .name = std::move(name), .ours = median(rounds), .rounds = std::move(rounds), .goal = goal};
}

/// Sleeping is the measurement here: it ends early only if the process does.
Status idle(const Process& process, std::chrono::milliseconds time) {
    if (!process.ended_within(time)) return {};
    return fail(ErrorCode::kUnavailable, "PEER_UNREACHABLE", "the site ended while it was idle");
}

/// All devices connected, half of them each way; then SIGTERM.
Result<double> stop_under_connections(Site& site, const std::vector<EnrolledDevice>& devices) {
    boost::asio::io_context io;
    const auto endpoint = site.endpoint();
    const auto channel = endpoint.grpc_channel(std::stoi(site.grpc_port()));
    std::size_t open = 0;
    std::size_t closed = 0;
    sdk::ConnectionHandlers handlers;
    handlers.on_open = [&](const auto&) {
        if (++open == devices.size()) io.stop();
    };
    handlers.on_closed = [&](const auto&) { ++closed; };
    std::vector<std::shared_ptr<sdk::Connection>> connections;
    for (std::size_t i = 0; i < devices.size(); ++i)
        connections.push_back(
            i % 2 == 0 ? sdk::connect_grpc(io, channel, devices[i].token, {}, handlers)
                       : sdk::connect_websocket(io, endpoint, devices[i].token, {}, handlers));
    io.run();
    if (open < devices.size())
        return fail(ErrorCode::kUnavailable, "PEER_UNREACHABLE", "a device could not connect");
    // The devices live on: they see the site's good-bye and answer it.
    io.restart();
    std::jthread devices_live([&io] { io.run(); });
    const double took = site.stop();
    devices_live.join();  // Every connection ends with the site.
    if (closed == devices.size()) return took;
    return fail(ErrorCode::kUnavailable, "PEER_UNREACHABLE", "a connection outlived the site");
}

}  // namespace

Status startup(Report& report, const Peers&) {
    report.area("startup",
                "from the start of the process to /readyz 200; memory and CPU when idle; "
                "from SIGTERM to its end");
    std::vector<double> empty;
    for (int round = 0; round < kRounds; ++round) {
        Site fresh;
        IMECE_TRY(const double took, fresh.start());
        empty.push_back(took);
    }
    report.add(seconds("startup.ready_empty", std::move(empty), kReady));

    Site site;
    IMECE_TRY(double took, site.start());
    IMECE_CHECK(site.make_operator());
    IMECE_TRY(const auto devices, site.enrol(kDevices));
    IMECE_TRY(const auto sent, run_traffic(site, devices, {.messages = kMessages}));
    std::vector<double> used;
    for (int round = 0; round < kRounds; ++round) {
        site.stop();
        IMECE_TRY(took, site.start());
        used.push_back(took);
    }
    report.add(seconds("startup.ready_used", std::move(used), kReady));

    IMECE_CHECK(idle(site.process(), kSettle));
    const double before = site.process().cpu_seconds();
    IMECE_CHECK(idle(site.process(), kIdle));
    const double share =
        (site.process().cpu_seconds() - before) / std::chrono::duration<double>(kIdle).count();
    report.add({.name = "startup.idle_memory",
                .unit = Unit::kMegabytes,
                .ours = site.process().resident_mb(),
                .goal = kMemory});
    report.add({.name = "startup.idle_cpu",
                .unit = Unit::kPercentOfACore,
                .ours = share * 100,
                .goal = kIdleShare});

    std::vector<double> stops;
    for (int round = 0; round < kRounds; ++round) {
        IMECE_TRY(took, stop_under_connections(site, devices));
        stops.push_back(took);
        IMECE_TRY(took, site.start());
    }
    report.add(seconds("startup.stop_64_connections", std::move(stops), kStop));
    return {};
}

}  // namespace imece::bench
