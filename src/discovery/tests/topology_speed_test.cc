// Prints how long the topology takes; fails only far beyond what its header promises.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/random.h"
#include "discovery/domain/topology.h"
#include "discovery/tests/build.h"

namespace imece::discovery {
namespace {

template <class Work>
double best_ms(int times, const Work& work) {
    double best = 1e9;
    for (int i = 0; i < times; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        work();
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - begin;
        best = std::min(best, took.count());
    }
    return best;
}

struct Size {
    std::uint32_t nodes;
    std::uint32_t links;
    double snapshot_ms_max;
};
class Speed : public testing::TestWithParam<Size> {};

TEST_P(Speed, is_enough) {
    const Size size = GetParam();
    SeededRandom random(7);
    std::vector<Report> reports;
    for (std::uint32_t i = 1; i <= size.nodes; ++i) reports.push_back(report_of(i, 1));
    for (std::uint32_t i = 0; i < size.links; ++i) {
        const auto a = static_cast<std::uint32_t>(random.below(size.nodes));
        const auto b = static_cast<std::uint32_t>(random.below(size.nodes));
        const auto known = [&](const Neighbour& heard) { return heard.node == node(b + 1); };
        if (a == b || std::ranges::any_of(reports[a].neighbours, known)) continue;
        reports[a].neighbours.push_back(hears(b + 1, 0.9, 20));
        reports[b].neighbours.push_back(hears(a + 1, 0.8, 30));
    }
    for (Report& report : reports) std::ranges::sort(report.neighbours, {}, &Neighbour::node);

    Topology topology(Timing{}, TopologyLimits{});
    std::uint64_t sequence = 0;
    const auto beat = [&](bool change) {
        ++sequence;
        for (Report& report : reports) {
            report.sequence = sequence;
            if (change && !report.neighbours.empty())
                report.neighbours[0].quality = 0.5 + 0.4 * random.unit();
            ASSERT_TRUE(topology.report(report, kStart, kStart));
        }
    };
    beat(false);
    const double heartbeat = best_ms(5, [&] { beat(false); });
    const double full = best_ms(5, [&] { (void)topology.take_full(); });
    double delta = 1e9;
    for (int i = 0; i < 5; ++i) {
        beat(true);
        delta = std::min(delta, best_ms(1, [&] { (void)topology.take_delta(); }));
    }
    Report uplink = reports[0];
    const double snapshot = best_ms(10, [&] {
        uplink.sequence = ++sequence;
        uplink.has_uplink = !uplink.has_uplink;  // So that the components are numbered anew.
        ASSERT_TRUE(topology.report(uplink, kStart, kStart));
        EXPECT_EQ(topology.snapshot().nodes.size(), size.nodes);
    });
    const double suggest = best_ms(10, [&] { (void)topology.suggest(node(1), 50, kStart); });
    const double silence = best_ms(1, [&] { topology.tick(kStart + 1h); });
    std::printf(
        "%u nodes, %zu links: %.2f us a heartbeat, full %.2f ms, delta of all %.2f ms, "
        "components and snapshot %.2f ms, suggest %.2f ms, all dead %.2f ms\n",
        size.nodes, topology.take_delta().links.size(), heartbeat * 1000 / size.nodes, full, delta,
        snapshot, suggest, silence);
    EXPECT_LT(snapshot, size.snapshot_ms_max);
}

// Five times what is promised: the machine that runs the tests has other work too.
INSTANTIATE_TEST_SUITE_P(sizes, Speed,
                         testing::Values(Size{1'100, 5'000, 25}, Size{10'000, 50'000, 400}));

}  // namespace
}  // namespace imece::discovery
