// The areas `submit` and `deliver`: messages through a site.
#include "base/result.h"
#include "bench/areas.h"
#include "bench/limits.h"
#include "bench/traffic.h"

namespace imece::bench {
namespace {

constexpr int kRounds = 3;
// Of the devices one half sends to the other.
constexpr std::size_t kNodes = 32;    ///< Uplink nodes, each with full frames under way.
constexpr std::size_t kPhones = 512;  ///< Phones, each with one message under way.
constexpr std::size_t kMessages = 30'000;
constexpr std::size_t kPhoneMessages = 12'000;
constexpr std::size_t kGroup = 256;  ///< As many as a frame holds.
constexpr double kPacedSeconds = 3;
constexpr Goal kRate{.bound = 10'000};

struct Rounds {
    std::vector<double> rates;
    std::vector<double> client_cpu;
    std::vector<double> server_cpu;
    std::size_t message_bytes = 0;

    void add(const TrafficResult& result) {
        rates.push_back(result.rate());
        client_cpu.push_back(result.client_cpu_us);
        server_cpu.push_back(result.server_cpu_us);
        message_bytes = result.message_bytes;
    }
};

struct Way {
    std::string name;
    TrafficOptions options;
    std::optional<Goal> goal;
    Rounds nodes;
    Rounds phones;
};

Status play(Way& way) {
    TrafficOptions options = way.options;
    options.messages = kMessages;
    IMECE_TRY(const auto nodes, run_on_fresh_site(kNodes, options));
    way.nodes.add(nodes);
    options.messages = kPhoneMessages;
    options.window = 1;
    IMECE_TRY(const auto phones, run_on_fresh_site(kPhones, options));
    way.phones.add(phones);
    return {};
}

Figure rate_of(const std::string& name, const Rounds& rounds) {
    return {.name = name + ".rate",
            .unit = Unit::kPerSecond,
            .ours = median(rounds.rates),
            .rounds = rounds.rates};
}

Figure cpu_of(const std::string& name, const Rounds& rounds) {
    return {.name = name + ".server_cpu",
            .unit = Unit::kMicroseconds,
            .ours = median(rounds.server_cpu),
            .rounds = rounds.server_cpu,
            .beside = Beside{"the client's", median(rounds.client_cpu)}};
}

void add_percentiles(Report& report, const std::string& name, const std::vector<double>& sorted) {
    for (const int percent : {50, 95, 99})
        report.add({.name = name + ".p" + std::to_string(percent),
                    .ours = percentile(sorted, percent / 100.0)});
}

/// Rates and costs of `way` beside the `limit` of the same rounds, then its latencies at half of the phones' rate.
Status tell(Report& report, const Way& way, const char* limit, const std::vector<double>& limits) {
    Figure rate = rate_of(way.name, way.nodes);
    rate.goal = way.goal;
    rate.beside = Beside{limit, median(limits), median_ratio(way.nodes.rates, limits)};
    report.add(std::move(rate));
    report.add(cpu_of(way.name, way.nodes));
    const std::string phones = way.name + ".phones";
    report.add(rate_of(phones, way.phones));
    report.add(cpu_of(phones, way.phones));
    TrafficOptions options = way.options;
    options.per_second = median(way.phones.rates) / 2;
    options.messages = std::size_t(options.per_second * kPacedSeconds);
    IMECE_TRY(const auto paced, run_on_fresh_site(kPhones, options));
    if (!options.deliver) add_percentiles(report, phones, paced.acknowledged);
    if (options.deliver) add_percentiles(report, phones + ".arrived", paced.delivered);
    if (options.deliver) add_percentiles(report, phones + ".receipted", paced.receipted);
    return {};
}

}  // namespace

Status submit(Report& report, const Peers&) {
    report.area("submit",
                "messages acknowledged, each durable by then. From 16 nodes with full frames, "
                "beside RocksDB alone writing the same bytes, 256 in a synced batch; and from 256 "
                "phones, one message at a time each. p50 to p99: at half the phones' rate");
    std::vector<Way> ways{
        {.name = "submit.grpc", .options = {.transport = Transport::kGrpc}, .goal = kRate},
        {.name = "submit.websocket", .options = {.transport = Transport::kWebSocket}}};
    std::vector<double> limits;
    for (int round = 0; round < kRounds; ++round) {
        for (Way& way : ways) IMECE_CHECK(play(way));
        IMECE_TRY(const double limit,
                  plain_store_rate(ways.front().nodes.message_bytes, kGroup, kMessages));
        limits.push_back(limit);
    }
    for (const Way& way : ways) IMECE_CHECK(tell(report, way, "RocksDB alone", limits));
    return {};
}

Status deliver(Report& report, const Peers&) {
    report.area("deliver",
                "messages that the recipient's receipt was recorded of. From 16 nodes to 16 "
                "with full frames, beside what all cores verify of the same messages' signatures "
                "alone; and from 256 phones to 256, one message at a time each. p50 to p99: at "
                "half the phones' rate");
    std::vector<Way> ways{{.name = "deliver.grpc",
                           .options = {.transport = Transport::kGrpc, .deliver = true},
                           .goal = kRate},
                          {.name = "deliver.websocket",
                           .options = {.transport = Transport::kWebSocket, .deliver = true}}};
    std::vector<double> limits;
    for (int round = 0; round < kRounds; ++round) {
        for (Way& way : ways) IMECE_CHECK(play(way));
        limits.push_back(verify_rate(ways.front().nodes.message_bytes));
    }
    for (const Way& way : ways) IMECE_CHECK(tell(report, way, "Ed25519 alone", limits));
    return {};
}

}  // namespace imece::bench
