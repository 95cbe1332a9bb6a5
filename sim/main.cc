// imece-sim: simulates clusters, a seed after the other, and says which seeds broke a promise.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>

#include "sim/cluster/run.h"

namespace imece::sim {
namespace {

struct Options {
    std::uint64_t first = 1;
    std::uint64_t seeds = 500;
    std::uint64_t seed = 0;  ///< That one alone.
    std::uint32_t chaos_minutes = 0;
    std::string plant;
    std::string trace_file;
    bool list = false;
};

RunOptions run_options(const Options& options, std::uint64_t seed) {
    RunOptions out;
    out.seed = seed;
    if (const PlantedFault* planted = find_planted(options.plant)) out.plant = planted->plant;
    if (options.chaos_minutes > 0) out.chaos = std::chrono::minutes(options.chaos_minutes);
    return out;
}

std::string command_of(const Options& options, std::uint64_t seed) {
    std::string command = fmt::format("./dev sim --seed {} --trace FILE", seed);
    if (!options.plant.empty()) command += " --plant " + options.plant;
    if (options.chaos_minutes > 0) command += fmt::format(" --minutes {}", options.chaos_minutes);
    return command;
}

int list() {
    for (const PlantedFault& one : planted_faults())
        fmt::print("{:22} {:10} within {:3} seeds: {}\n", one.name, one.service, one.budget,
                   one.what);
    return 0;
}

int run_all(const Options& options) {
    Outcome sum;
    std::uint64_t failed = 0;
    std::string digests;
    std::ofstream trace;
    if (!options.trace_file.empty()) trace.open(options.trace_file);
    const std::uint64_t first = options.seed > 0 ? options.seed : options.first;
    const std::uint64_t seeds = options.seed > 0 ? 1 : options.seeds;
    const auto began = std::chrono::steady_clock::now();
    for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
        RunOptions one = run_options(options, seed);
        if (trace.is_open()) one.trace = &trace;
        const Outcome outcome = run(one);
        sum.simulated += outcome.simulated;
        sum.events += outcome.events;
        sum.crashes += outcome.crashes;
        sum.acknowledged += outcome.acknowledged;
        sum.received += outcome.received;
        sum.blocks += outcome.blocks;
        digests += text_of(outcome.digest);
        if (outcome.broken.empty()) continue;
        ++failed;
        fmt::print("seed {}: {}\n  {}\n", seed, outcome.broken.front(), command_of(options, seed));
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    fmt::print(
        "{} seeds, {} failed; {} h simulated in {:.1f} s; {} events, {} crashes; {} messages "
        "acknowledged, {} "
        "received; {} blocks; digest {}\n",
        seeds, failed, std::chrono::duration_cast<std::chrono::hours>(sum.simulated).count(),
        took.count(), sum.events, sum.crashes, sum.acknowledged, sum.received, sum.blocks,
        to_hex(crypto::sha256(view_of(digests))).substr(0, 16));
    return failed == 0 ? 0 : 1;
}

int start(int argc, char** argv) {
    Options options;
    CLI::App app("Simulates clusters of sites and phones, one a seed, with every kind of fault.");
    app.add_option("--first", options.first, "The first seed.")->capture_default_str();
    app.add_option("--seeds", options.seeds, "How many seeds.")->capture_default_str();
    app.add_option("--seed", options.seed, "This seed alone.");
    app.add_option("--minutes", options.chaos_minutes,
                   "How long faults happen, in simulated time.");
    app.add_option("--plant", options.plant, "Plants a fault, which is to be found.")
        ->check([](const std::string& name) {
            return find_planted(name) != nullptr ? "" : "no such fault: see --list";
        });
    app.add_option("--trace", options.trace_file, "A line an event into this file.");
    app.add_flag("--list", options.list, "Lists the faults that can be planted.");
    CLI11_PARSE(app, argc, argv);
    return options.list ? list() : run_all(options);
}

}  // namespace
}  // namespace imece::sim

int main(int argc, char** argv) {
    return imece::sim::start(argc, argv);
}
