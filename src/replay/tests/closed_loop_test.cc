// The world against a backend in pure scenario time: real meshes and the built-in disaster.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "replay/report/report.h"
#include "replay/tests/fake_backend.h"
#include "replay/world/scenario.h"
#include "replay/world/topology_plan.h"
#include "replay/world/world.h"

namespace imece::replay {
namespace {

const std::filesystem::path kData =
    std::filesystem::path(IMECE_SOURCE_DIR) / ".." / "shared" / "data";

std::string read(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Scenario scenario() {
    auto parsed = parse_scenario(built_in_scenario("kahramanmaras-2023"), "built-in");
    EXPECT_TRUE(parsed) << parsed.error().message;
    return *std::move(parsed);
}

struct Ran {
    Report report;
    WorldStats stats;
    std::uint64_t duplicates = 0;
};

Ran run(const Plan& plan, const std::vector<Ms>& crashes = {}) {
    RunLog log(plan);
    FakeBackend backend(plan, log);
    World world(plan, log, backend);
    backend.run(world, crashes);
    Ran ran{make_report(log), world.stats(), backend.duplicates_submitted()};
    RunFacts facts;
    facts.dropped = ran.stats.dropped;
    facts.stale_paths = ran.stats.stale_paths;
    std::fputs(to_table(ran.report, plan, facts).c_str(), stdout);
    return ran;
}

void expect_held(const Ran& ran) {
    EXPECT_EQ(ran.report.twice, 0);
    for (std::size_t c = 0; c < kClasses; ++c)
        EXPECT_NE(ran.report.classes[c].judgement, Judgement::kBroken) << class_name(Class(c));
}

/// The nodes of a line, end to end; `uplink` can reach the backend.
Topology line(std::uint32_t nodes) {
    Topology made;
    for (std::uint32_t i = 0; i < nodes; ++i) {
        TopologyNode node;
        node.id = std::to_string(i);
        made.nodes.push_back(node);
        if (i > 0) made.links.push_back({i - 1, i, 0.9});
    }
    return made;
}

TEST(ClosedLoop, a_line_delivers_everything) {
    const Plan plan = plan_topology(line(12), write_texts(scenario(), 5, 400),
                                    {.name = "line", .seed = 5, .uplinks = 0.3, .minutes = 5});
    const Ran ran = run(plan);
    expect_held(ran);
    EXPECT_EQ(ran.report.total.delivered, ran.report.total.submitted);
}

TEST(ClosedLoop, a_backend_that_comes_and_goes_loses_nothing) {
    const Plan plan = plan_topology(line(12), write_texts(scenario(), 6, 400),
                                    {.name = "line", .seed = 6, .uplinks = 0.3, .minutes = 5});
    const Ran ran = run(plan, {30'000, 61'000, 99'000, 160'000, 230'000});
    EXPECT_EQ(ran.report.twice, 0);
    EXPECT_EQ(ran.report.total.delivered, ran.report.total.submitted);
}

struct MeshCase {
    const char* name;
    const char* file;
    double churn;
};
class RealMesh : public testing::TestWithParam<MeshCase> {};

TEST_P(RealMesh, holds_the_promises) {
    const auto file = kData / "topology-freifunk" / GetParam().file;
    const auto texts = kData / "messages-disaster" / "disaster_response_validation.csv";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not there";
    const auto topology = parse_topology(read(file), GetParam().file);
    ASSERT_TRUE(topology) << topology.error().message;
    const auto messages = parse_messages(read(texts), "messages.csv");
    ASSERT_TRUE(messages) << messages.error().message;
    const Plan plan = plan_topology(
        *topology, *messages, {.name = GetParam().name, .seed = 3, .churn = GetParam().churn});
    expect_held(run(plan));
}

INSTANTIATE_TEST_SUITE_P(
    meshes, RealMesh,
    testing::Values(MeshCase{"bielefeld", "freifunk-bielefeld.json", 0},
                    MeshCase{"bielefeld_churn", "freifunk-bielefeld.json", 0.3},
                    MeshCase{"altdorf", "freifunk-altdorf.json", 0},
                    MeshCase{"altdorf_raw", "freifunk-altdorf-meshviewer.json", 0}),
    [](const auto& test) { return test.param.name; });

TEST(Plan, a_message_is_for_a_desk_or_for_a_device) {
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
        const Plan plan = plan_scenario(scenario(), {.seed = seed});
        EXPECT_GT(plan.messages.size(), 100'000);
        for (const MessagePlan& message : plan.messages) {
            ASSERT_NE(message.desk == kNone, message.recipient == kNone);
            ASSERT_NE(message.recipient, message.sender);
        }
    }
}

TEST(ClosedLoop, the_disaster_in_small) {
    const Plan plan =
        plan_scenario(scenario(), {.seed = 11, .phones = 330, .minutes = 12, .load = 0.3});
    EXPECT_GE(plan.islands, 5);
    const Ran ran = run(plan);
    expect_held(ran);
    EXPECT_GT(ran.duplicates, 100);
    EXPECT_GT(ran.report.total.duplicates, 0);
}

}  // namespace
}  // namespace imece::replay
