// One seed, one run; and what a simulator is for: it finds what is planted.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "sim/cluster/run.h"

namespace imece::sim {
namespace {

/// What `imece-sim` prints in a process of its own.
std::string said(const std::string& arguments) {
    std::string text;
    const std::string command = std::string(IMECE_SIM) + " " + arguments;
    FILE* pipe = popen(command.c_str(), "r");
    std::array<char, 4096> part;
    while (const std::size_t size = fread(part.data(), 1, part.size(), pipe))
        text.append(part.data(), size);
    pclose(pipe);
    return text;
}

std::string digest_in(const std::string& text) {
    const std::size_t at = text.find("digest ");
    return at == std::string::npos ? "none in: " + text : text.substr(at + 7, 16);
}

TEST(Run, the_same_seed_gives_the_same_trace_in_one_process_and_in_two) {
    const Outcome once = run({.seed = 7});
    const Outcome again = run({.seed = 7});
    EXPECT_EQ(once.digest, again.digest);
    EXPECT_EQ(once.events, again.events);
    EXPECT_NE(once.digest, run({.seed = 8}).digest);
    const std::string expected = to_hex(crypto::sha256(once.digest)).substr(0, 16);
    for (int process = 0; process < 2; ++process) EXPECT_EQ(digest_in(said("--seed 7")), expected);
}

TEST(Run, has_something_to_say) {
    const Outcome outcome = run({.seed = 7});
    EXPECT_TRUE(outcome.broken.empty());
    EXPECT_GT(outcome.crashes, 0u);
    EXPECT_GT(outcome.acknowledged, 20u);
    EXPECT_GT(outcome.received, 20u);
    EXPECT_GT(outcome.blocks, 10u);
}

class Planted : public testing::TestWithParam<PlantedFault> {};

TEST_P(Planted, is_found_within_its_budget_of_seeds) {
    for (std::uint64_t seed = 1; seed <= GetParam().budget; ++seed) {
        if (run({.seed = seed, .plant = GetParam().plant}).broken.empty()) continue;
        EXPECT_TRUE(run({.seed = seed}).broken.empty()) << "seed " << seed << ", nothing planted";
        return;
    }
    FAIL() << GetParam().name << " was not found in " << GetParam().budget << " seeds";
}
INSTANTIATE_TEST_SUITE_P(faults, Planted, testing::ValuesIn(planted_faults()),
                         [](const auto& test) {
                             std::string name(test.param.name);
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace imece::sim
